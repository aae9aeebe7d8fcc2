cat > /etc/profile.d/env-vars.sh <<'SCRIPT'
if [ -r /run/credentials/@system/env-vars.environment ]; then
	while IFS= read -r line || [ -n "$line" ]; do
		case "${line%%=*}" in
		"$line" | "" | [0-9]* | *[!A-Za-z0-9_]*) ;;
		*) export "$line" ;;
		esac
	done < /run/credentials/@system/env-vars.environment
	unset line
fi
SCRIPT
