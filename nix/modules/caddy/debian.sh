cat > /etc/caddy/Caddyfile <<'CADDYFILE'
{
	admin off
	auto_https off
}
http://:8080 {
	root * /workspace/www
	file_server
}
CADDYFILE
echo 'd /workspace/www' > /etc/tmpfiles.d/caddy.conf
