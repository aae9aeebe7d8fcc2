# Debian calls fd fdfind, as it has another program of that name.
ln -sf /usr/bin/fdfind /usr/local/bin/fd
mkdir -p /etc/fish/conf.d /etc/zsh
echo 'eval "$(direnv hook bash)"' >> /etc/bash.bashrc
echo 'eval "$(direnv hook zsh)"' >> /etc/zsh/zshrc
echo 'status is-interactive; and direnv hook fish | source' > /etc/fish/conf.d/direnv.fish
