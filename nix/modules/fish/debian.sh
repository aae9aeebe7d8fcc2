usermod --shell /usr/bin/fish root
