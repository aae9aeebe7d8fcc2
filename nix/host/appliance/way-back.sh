# voxnix-way-back arm SECONDS | confirm | check | decide | back: the machine's way back from a generation that does not work.
#
# `arm` writes down which generation runs, and starts a timer that is no part of any generation, so that no switch can
# stop it. `confirm` takes both away. Where neither the timer nor `confirm` comes, because the machine was started again,
# `decide` keeps a generation that works and leaves one that does not.
set -euo pipefail
state=${VOXNIX_WAY_BACK:-/var/lib/voxnix-way-back}
system=${VOXNIX_SYSTEM:-/run/current-system}
profile=${VOXNIX_PROFILE:-/nix/var/nix/profiles/system}

say() {
	printf 'way-back: %s\n' "$*" >&2
}

# Ends with a message: what happened, and what to do.
refuse() {
	say "$*"
	exit 1
}

arm() {
	[[ ${1:-} =~ ^[1-9][0-9]*$ ]] || refuse "arm needs a number of seconds."
	local previous
	previous=$(readlink -f "$system")
	[ -x "$previous/bin/switch-to-configuration" ] || refuse "$previous is no system to go back to."
	mkdir -p "$state"
	# Nothing that it goes back to may be collected meanwhile.
	ln -sfn "$previous" "$state/previous"
	nix-store --realise "$previous" --add-root "$state/previous" >/dev/null
	systemctl stop voxnix-way-back-armed.timer 2>/dev/null || true
	systemctl reset-failed voxnix-way-back-armed.service 2>/dev/null || true
	systemd-run --quiet --unit=voxnix-way-back-armed --on-active="$1" --timer-property=AccuracySec=1s \
		--setenv=PATH="$PATH" -- "$BASH" "$(readlink -f "$0")" back
	say "goes back to $previous in $1 s, unless it is confirmed."
}

confirm() {
	systemctl stop voxnix-way-back-armed.timer 2>/dev/null || true
	rm -f "$state/previous"
	say "this generation stays."
}

# Succeeds where Voxnix runs, and the doctor finds nothing wrong.
check() {
	local report
	if ! systemctl is-active --quiet voxnix-worker.service; then
		say "voxnix-worker does not run: journalctl -u voxnix-worker tells why."
		return 1
	fi
	if ! report=$(voxnix doctor --json); then
		say "voxnix doctor is not content:"
		printf '%s\n' "$report" >&2
		return 1
	fi
}

back() {
	[ -L "$state/previous" ] || refuse "there is no generation to go back to; it was confirmed, or none was armed."
	local previous
	previous=$(readlink -f "$state/previous")
	say "goes back to $previous."
	nix-env --profile "$profile" --set "$previous"
	"$previous/bin/switch-to-configuration" switch
	rm -f "$state/previous"
	systemctl stop voxnix-way-back-armed.timer 2>/dev/null || true
}

case ${1:-} in
arm) arm "${2:-}" ;;
confirm) confirm ;;
check) check ;;
back) back ;;
decide) if check; then confirm; else back; fi ;;
*)
	echo "usage: voxnix-way-back arm SECONDS | confirm | check | decide | back" >&2
	exit 2
	;;
esac
