git config --system init.defaultBranch main
git config --system --add safe.directory '/workspace'
git config --system --add safe.directory '/workspace/*'
