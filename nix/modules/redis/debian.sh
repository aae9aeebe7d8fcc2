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

# A container that is changed gets another root, so what is to be kept is in /workspace.
cat > /usr/local/lib/redis-folder <<'SCRIPT'
#!/bin/sh
set -eu
if [ ! -e /workspace/redis ]; then
	if ! install -d -o redis -g redis -m 700 /workspace/redis; then
		rmdir /workspace/redis
		echo "The storage gives no file to another user than root: what is in Redis stays in /var/lib/redis." >&2
		exit 0
	fi
fi
# In another image the user may have another number.
chown -R redis:redis /workspace/redis
mount --bind /workspace/redis /var/lib/redis
SCRIPT
chmod 755 /usr/local/lib/redis-folder
cat > /etc/systemd/system/redis-folder.service <<'UNIT'
[Unit]
Description=What Redis keeps in /workspace
Before=redis-server.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/redis-folder

[Install]
RequiredBy=redis-server.service
UNIT
systemctl --quiet enable redis-folder.service
