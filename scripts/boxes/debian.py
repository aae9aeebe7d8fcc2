"""Debian trees, made by mmdebstrap from the mirror this machine uses: the lowest layers, and a builder."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from scripts.boxes import mirror
from scripts.boxes.kernels import Kernel
from scripts.boxes.programs import follow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scripts.boxes.steps import Step

# An init, containers, a bridge, a firewall, addresses, storage and nix: the appliance.
_SYSTEM = ("systemd", "systemd-sysv", "systemd-container", "libnss-mymachines", "dbus", "busybox-static")
_NETWORK = ("iproute2", "iputils-ping", "nftables", "dnsmasq-base")
_STORAGE = ("nix-bin",)
_ZFS = {
    Kernel.HOST: ("zfs-fuse",),
    # It is entered by ssh, loads ZFS as a module, and has a disk for what is built in it.
    Kernel.UML: ("zfsutils-linux", "kmod", "openssh-server", "e2fsprogs"),
}
# Guests are built from the mirror, in the box.
_BUILDER = ("mmdebstrap", "apt", "ca-certificates", "debian-archive-keyring", "zstd")
# Voxnix, and what a person who looks around expects.
_VOXNIX = ("python3", "tzdata", "git", "openssh-client", "procps", "jq", "less")
_ALWAYS = (*_SYSTEM, *_NETWORK, *_STORAGE, *_BUILDER, *_VOXNIX)
# Nobody reads manuals in a box, and each file costs time to unpack.
LEFT_OUT = (
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
)
_HOOKS = (
    # The host name and the machine's id are systemd's to set; the name server comes with the configuration.
    'rm -f "$1/etc/hostname" "$1/etc/machine-id" "$1/etc/resolv.conf"',
    # Where a box's own folders are mounted.
    'mkdir -p "$1/opt/voxnix" "$1/var/lib/voxnix-box"',
    'mkdir -p "$1/var/cache/voxnix/images" "$1/var/cache/voxnix/pycache"',
)
_KERNEL_HOOKS = {
    # Debian's unit sits in sysinit.target, where ours would wait for itself.
    Kernel.HOST: (
        'rm -f "$1/etc/systemd/system/sysinit.target.wants/zfs-fuse.service" "$1/etc/init.d/zfs-fuse"',
    ),
    Kernel.UML: (
        # The modules are built of the same version as the programs: its source is kept with them.
        'cd "$1/usr/src" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download zfs-dkms',
        # Each box has keys of its own.
        'rm -f "$1"/etc/ssh/ssh_host_*',
    ),
}


@dataclass(frozen=True)
class Tree:
    """A tree to be had: all that decides what is in it."""

    packages: tuple[str, ...]
    """Debian packages, besides those that every Debian has."""
    components: tuple[str, ...] = ("main",)
    """Which parts of the archive."""
    setup: tuple[str, ...] = ()
    """Shell commands once apt is configured, with the tree as their argument."""
    hooks: tuple[str, ...] = ()
    """Shell commands at the end, with the tree as their argument."""

    def ingredients(self) -> object:
        """Return what a key is made of."""
        return [mirror.SUITE, LEFT_OUT, asdict(self)]

    def build(self, into: Path, step: Step) -> None:
        """Fill `into` with the tree."""
        argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--verbose"]
        argv += [f"--include={','.join(self.packages)}", '--aptopt=APT::Install-Recommends "false"']
        argv += [f"--components={','.join(self.components)}"]
        argv += [f"--aptopt={line.rstrip(';')}" for line in mirror.settings()]
        argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
        argv += [f"--setup-hook={hook}" for hook in self.setup]
        argv += [f"--customize-hook={hook}" for hook in self.hooks]
        follow(
            [*argv, mirror.SUITE, str(into), *mirror.sources(self.components)],
            what="Debian 13 could not be put together.",
            do="If the mirror cannot be reached, check the network or set VOXNIX_DEBIAN_MIRROR; "
            "then run the same command again.",
            line=counting(step.update),
        )


BASE = {
    Kernel.HOST: Tree((*_ALWAYS, *_ZFS[Kernel.HOST]), hooks=(*_HOOKS, *_KERNEL_HOOKS[Kernel.HOST])),
    Kernel.UML: Tree(
        (*_ALWAYS, *_ZFS[Kernel.UML]),
        components=("main", "contrib"),
        hooks=(*_HOOKS, *_KERNEL_HOOKS[Kernel.UML]),
    ),
}
"""What a box of each kind stands on."""

_COUNT = re.compile(r"(\d+) newly installed")
_EVENTS = (
    ("downloading", re.compile(r"Get:\d+ \S+ \S+ \S+ (\S+) \S+ \S+ \[")),
    ("unpacking", re.compile(r"Unpacking (\S+)")),
    ("setting up", re.compile(r"Setting up (\S+)")),
)


def counting(update: Callable[[str, int, int], None]) -> Callable[[str], None]:
    """Return a reader of apt's and dpkg's lines that reports packages done of packages known, and a name."""
    total = 0
    done = dict.fromkeys((verb for verb, _ in _EVENTS), 0)

    def read(line: str) -> None:
        nonlocal total
        count = _COUNT.search(line)
        if count:
            total += int(count[1])
        for verb, pattern in _EVENTS:
            found = pattern.match(line)
            if found:
                done[verb] += 1
                update(f"{verb} {found[1]}", done[verb], max(total, done[verb]))

    return read
