git config --system init.defaultBranch main
git config --system --add safe.directory '/workspace'
git config --system --add safe.directory '/workspace/*'
[ -z "$OPTION_NAME" ] || git config --system user.name "$OPTION_NAME"
[ -z "$OPTION_EMAIL" ] || git config --system user.email "$OPTION_EMAIL"
