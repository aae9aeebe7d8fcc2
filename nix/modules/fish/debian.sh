usermod --shell /usr/bin/fish root
# What other modules set for logins is in /etc/profile.d, which fish does not read.
cat > /etc/fish/conf.d/00-profile.fish <<'SCRIPT'
status is-login; or return
sh -lc 'env --null' | while read --null --local line
    set --local name (string split --max 1 --fields 1 = -- $line | string collect)
    contains -- $name PWD OLDPWD SHLVL _
    or set --global --export $name (string replace --regex '^[^=]*=' '' -- $line | string collect --allow-empty)
end
SCRIPT
printf '%s' "$OPTION_GREETING" > /etc/fish/greeting
cat > /etc/fish/conf.d/shell.fish <<'SCRIPT'
status is-interactive; or return
set --global fish_greeting (cat /etc/fish/greeting)
alias ll 'ls -lh'
alias la 'ls -lAh'
alias .. 'cd ..'
function fish_prompt
    set -l code $status
    set_color cyan; echo -n (prompt_pwd); set_color normal
    fish_git_prompt
    test $code -eq 0; or begin; set_color red; echo -n " [$code]"; set_color normal; end
    echo -n ' › '
end
SCRIPT
