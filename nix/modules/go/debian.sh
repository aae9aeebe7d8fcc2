echo 'export PATH="$HOME/go/bin:$PATH"' > /etc/profile.d/go.sh
