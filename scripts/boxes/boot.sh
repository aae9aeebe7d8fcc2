#!/bin/bash
# boot.sh GROUP COMMAND…: runs a box's command until it ends, and clears away after it.
# It is the box's parent on the outer machine, so that a box that ends by itself leaves nothing running either.
set -euo pipefail
group=$1
shift
echo $$ >"$group/host/cgroup.procs"

bash -euc 'echo $$ >"$0/box/cgroup.procs"; exec "$@"' "$group" "$@" &
box=$!
trap 'kill "$box" 2>/dev/null || true' TERM INT
status=0
wait "$box" || status=$?

# Nothing of the box outlives it: neither what ran in it nor its uplink.
echo $$ >"${group%/*}/cgroup.procs" 2>/dev/null || true
for part in box uplink; do
	for _ in {1..100}; do
		[ -d "$group/$part" ] || break
		find "$group/$part" -name cgroup.procs -exec cat {} + 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
		find "$group/$part" -depth -type d -exec rmdir {} + 2>/dev/null || true
		[ ! -d "$group/$part" ] || sleep 0.02
	done
done
rmdir "$group/host" "$group" 2>/dev/null || true
exit "$status"
