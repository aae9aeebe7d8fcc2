mkdir -p /etc/profile.d /etc/fish/conf.d
echo 'cd /workspace 2>/dev/null || true' > /etc/profile.d/workspace.sh
echo 'status is-login; and cd /workspace' > /etc/fish/conf.d/workspace.fish
