echo 'export PATH="$HOME/.cargo/bin:$PATH"' > /etc/profile.d/rust.sh
