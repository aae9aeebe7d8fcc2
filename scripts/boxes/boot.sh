#!/bin/bash
# boot.sh GROUP LAYERS NSPAWN-ARGUMENTS…: runs a box until it ends, and clears away after it.
# It is the box's parent on the outer machine, so that a box that ends by itself leaves nothing running either.
set -euo pipefail
group=$1 layers=$2
shift 2
echo $$ >"$group/host/cgroup.procs"

unshare --mount --propagation private bash -euc '
	group=$0 layers=$1
	shift
	echo $$ >"$group/box/cgroup.procs"
	# The outer machine may have a systemd of its own: none of its sockets is seen from here.
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p /run/lock /run/systemd /run/box
	mount -t tmpfs -o mode=755 tmpfs /run/box
	mkdir /run/box/upper /run/box/work /run/box/root
	mount -t overlay -o "lowerdir=$layers,upperdir=/run/box/upper,workdir=/run/box/work" overlay /run/box/root
	# nspawn understands a pure cgroup v2 only.
	if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
		umount -R /sys/fs/cgroup
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
	fi
	export SYSTEMD_SECCOMP=0 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
	exec systemd-nspawn --directory=/run/box/root "$@"
' "$group" "$layers" "$@" &
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
