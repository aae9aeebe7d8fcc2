# The databases are made here once, so that every container begins with them.
pg_dropcluster 17 main
pg_createcluster --encoding UTF8 --locale C.UTF-8 17 main -- --no-sync
sed -i '1i local all postgres peer map=root' /etc/postgresql/17/main/pg_hba.conf
printf 'root postgres postgres\nroot root postgres\n' >> /etc/postgresql/17/main/pg_ident.conf
pg_ctlcluster --skip-systemctl-redirect 17 main start
setpriv --reuid=postgres --regid=postgres --init-groups sh -euc '
	cd /
	createuser --superuser root
	createuser app
	createdb --owner=app app
'
pg_ctlcluster --skip-systemctl-redirect 17 main stop
echo 'export PGDATABASE=app' > /etc/profile.d/postgresql.sh

# A container that is changed gets another root, so the databases move to /workspace at the first start.
mkdir -p /usr/local/lib
cat > /usr/local/lib/postgresql-folder <<'SCRIPT'
#!/bin/sh
set -eu
from=/var/lib/postgresql/17/main to=/workspace/postgresql/17
if [ ! -e "$to" ]; then
	rm -rf "$to.new"
	mkdir -p /workspace/postgresql
	if ! install -d -o postgres -g postgres -m 700 "$to.new"; then
		rmdir "$to.new" /workspace/postgresql
		echo "The storage gives no file to another user than root: the databases stay in $from." >&2
		exit 0
	fi
	cp -a "$from/." "$to.new/"
	mv "$to.new" "$to"
fi
# In another image the user may have another number.
[ "$(stat --format %U "$to")" = postgres ] || chown -R postgres:postgres "$to"
mount --bind "$to" "$from"
SCRIPT
chmod 755 /usr/local/lib/postgresql-folder
cat > /etc/systemd/system/postgresql-folder.service <<'UNIT'
[Unit]
Description=Databases in /workspace
Before=postgresql@17-main.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/lib/postgresql-folder

[Install]
RequiredBy=postgresql@17-main.service
UNIT

cat > /etc/systemd/system/postgresql-password.service <<'UNIT'
[Unit]
Description=Password of PostgreSQL's users
ConditionCredential=postgresql.password
Requires=postgresql@17-main.service
After=postgresql@17-main.service

[Service]
Type=oneshot
RemainAfterExit=yes
User=postgres
ImportCredential=postgresql.password
ExecStart=/usr/local/lib/postgresql-password

[Install]
WantedBy=multi-user.target
UNIT
cat > /usr/local/lib/postgresql-password <<'SCRIPT'
#!/bin/sh
# The server would write a statement that fails to its log, with the password in it.
exec psql --no-psqlrc --quiet --dbname=postgres --set=ON_ERROR_STOP=1 <<'SQL'
SET log_min_error_statement = panic;
SET log_statement = none;
\set password `cat "$CREDENTIALS_DIRECTORY/postgresql.password"`
ALTER ROLE "app" PASSWORD :'password';
SQL
SCRIPT
chmod 755 /usr/local/lib/postgresql-password
systemctl --quiet enable postgresql-folder.service postgresql-password.service
