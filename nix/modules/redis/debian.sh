# Where the password comes from: a file that is written in front of the start, empty without one. The service itself
# may run nothing but Redis, so that step is outside of what confines it.
echo 'include /run/redis/password.conf' >> /etc/redis/redis.conf
mkdir -p /usr/local/lib /etc/systemd/system/redis-server.service.d
cat > /usr/local/lib/redis-password <<'SCRIPT'
#!/bin/sh
install -o redis -g redis -m 600 /dev/null /run/redis/password.conf
file=$CREDENTIALS_DIRECTORY/redis.password
[ -s "$file" ] || exit 0
printf 'requirepass "%s"\n' "$(sed 's/["\\]/\\&/g' "$file")" > /run/redis/password.conf
SCRIPT
chmod 755 /usr/local/lib/redis-password
cat > /etc/systemd/system/redis-server.service.d/password.conf <<'UNIT'
[Service]
ImportCredential=redis.password
ExecStartPre=+/usr/local/lib/redis-password
UNIT
