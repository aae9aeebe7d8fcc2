#!/bin/bash
# nspawn.sh GROUP AGAIN LAYERS NSPAWN-ARGUMENTS…: a box on the machine's own kernel, in the cgroup of that name. Wants a
# mount namespace of its own. While there is a file AGAIN, a box that ends is booted again, on the root that it left.
set -euo pipefail
group=/sys/fs/cgroup/$1 again=$2 layers=$3
shift 3
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
# nspawn shares its cgroup with nobody but the box.
echo $$ >"$group/host/cgroup.procs"
while true; do
	status=0
	(echo "$BASHPID" >"$group/box/cgroup.procs" && exec systemd-nspawn --directory=/run/box/root "$@") || status=$?
	[ -e "$again" ] || exit "$status"
	rm "$again"
	find "$group/box" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || true
done
