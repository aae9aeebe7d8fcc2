#!/bin/bash
# uml.sh LAYERS FOLDER CHECKOUT IMAGES NIXPKGS KERNEL-ARGUMENTS…: a box on a kernel of its own. Wants a mount namespace
# and a network namespace of its own. Of NIXPKGS nothing is shared where it is empty.
set -euo pipefail
layers=$1 folder=$2 checkout=$3 images=$4 nixpkgs=$5
shift 5

# The kernel is a program of Debian's tree: it runs in there, and sees of the machine what is mounted here.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/tree /run/bare
mount -t overlay -o "ro,lowerdir=$layers" overlay /run/tree
mount --bind /run/tree /run/bare
cd /run/tree
mount -t proc -o ro proc proc
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/net dev/shm
for device in null zero full random urandom net/tun; do
	touch "dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
# The memory of the box is a file here.
mount -t tmpfs -o mode=1777,size=100% tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mkdir run/disk run/ssh run/shares
mount --bind "$folder/disk" run/disk

# share NAME FOLDER: the kernel mounts these by their names. It is root out here, so it must not be able to write.
share() {
	mkdir "run/shares/$1"
	mount --bind "$2" "run/shares/$1"
	mount -o remount,bind,ro "run/shares/$1"
}
share tree /run/bare
share src "$checkout"
share images "$images"
[ -z "$nixpkgs" ] || share nixpkgs "$nixpkgs"
cp -a "$folder/settings" run/shares/settings

in_tree() { env -i PATH=/usr/sbin:/usr/bin HOME=/run TMPDIR=/dev/shm chroot /run/tree "$@"; }

# One key is both sides' proof; it lives as long as this box does.
mkdir -p run/shares/settings/etc/ssh
in_tree ssh-keygen -q -t ed25519 -N '' -C box -f /run/shares/settings/etc/ssh/box
printf 'box %s\n' "$(cat run/shares/settings/etc/ssh/box.pub)" >run/ssh/known_hosts
cat >run/ssh/config <<'CONFIG'
Host box
	HostName 10.0.2.100
	HostKeyAlias box
	User root
	IdentityFile /run/shares/settings/etc/ssh/box
	IdentitiesOnly yes
	UserKnownHostsFile /run/ssh/known_hosts
	StrictHostKeyChecking yes
	BatchMode yes
	ConnectTimeout 20
	ServerAliveInterval 30
	LogLevel ERROR
	SendEnv *
CONFIG

# A bridge leads from the kernel's device to the uplink, which comes from outside.
in_tree ip link set lo up
in_tree ip link add bridge type bridge
in_tree ip tuntap add dev box mode tap
in_tree ip link set box master bridge up
in_tree ip address add 10.0.2.1/24 dev bridge
in_tree ip link set bridge up

exec env -i PATH=/usr/sbin:/usr/bin HOME=/run TMPDIR=/dev/shm chroot /run/tree /boot/linux "$@"
