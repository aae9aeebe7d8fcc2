usermod --shell /usr/bin/zsh root
# A zsh that finds no file of the person's asks a page of questions first.
touch /root/.zshrc
# What other modules leave for login shells is in here, and zsh does not look.
echo "emulate sh -c '. /etc/profile'" >> /etc/zsh/zprofile
cat >> /etc/zsh/zshrc <<'END'
alias ll='ls -lh' la='ls -lAh' ..='cd ..'
autoload -U compinit vcs_info
compinit
zstyle ':vcs_info:*' enable git
zstyle ':vcs_info:git:*' formats ' (%b)'
precmd() { vcs_info }
setopt prompt_subst
PROMPT='%F{cyan}%~%f${vcs_info_msg_0_}%(?..%F{red} [%?]%f) › '
HISTFILE=~/.zsh_history HISTSIZE=10000 SAVEHIST=10000
. /usr/share/zsh-autosuggestions/zsh-autosuggestions.zsh
# The last one: it wants to see what the others have bound.
. /usr/share/zsh-syntax-highlighting/zsh-syntax-highlighting.zsh
END
