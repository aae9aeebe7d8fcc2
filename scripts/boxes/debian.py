"""The lowest layer: a minimal Debian tree, made by mmdebstrap from the mirror this machine uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scripts.boxes import mirror
from scripts.boxes.programs import follow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scripts.boxes.steps import Step

# An init, containers, a bridge, a firewall, addresses, storage and nix: the appliance.
_SYSTEM = ("systemd", "systemd-sysv", "systemd-container", "libnss-mymachines", "dbus", "busybox-static")
_NETWORK = ("iproute2", "iputils-ping", "nftables", "dnsmasq-base")
_STORAGE = ("zfs-fuse", "nix-bin")
# Guests are built from the mirror, in the box.
_BUILDER = ("mmdebstrap", "apt", "ca-certificates", "debian-archive-keyring", "zstd")
# Voxnix, and what a person who looks around expects.
_VOXNIX = ("python3", "tzdata", "git", "openssh-client", "procps", "jq", "less")
PACKAGES = (*_SYSTEM, *_NETWORK, *_STORAGE, *_BUILDER, *_VOXNIX)
# Nobody reads manuals in a box, and each file costs time to unpack.
LEFT_OUT = (
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
)
HOOKS = (
    # The host name and the machine's id are systemd's to set; the name server comes with the configuration.
    'rm -f "$1/etc/hostname" "$1/etc/machine-id" "$1/etc/resolv.conf"',
    # Debian's unit sits in sysinit.target, where ours would wait for itself.
    'rm -f "$1/etc/systemd/system/sysinit.target.wants/zfs-fuse.service" "$1/etc/init.d/zfs-fuse"',
    # Where a box's own folders are mounted.
    'mkdir -p "$1/opt/voxnix" "$1/var/lib/voxnix-box"',
    'mkdir -p "$1/var/cache/voxnix/images" "$1/var/cache/voxnix/pycache"',
)
INGREDIENTS = (mirror.SUITE, PACKAGES, LEFT_OUT, HOOKS)

_COUNT = re.compile(r"(\d+) newly installed")
_EVENTS = (
    ("downloading", re.compile(r"Get:\d+ \S+ \S+ \S+ (\S+) \S+ \S+ \[")),
    ("unpacking", re.compile(r"Unpacking (\S+)")),
    ("setting up", re.compile(r"Setting up (\S+)")),
)


def build(into: Path, step: Step) -> None:
    """Fill `into` with the tree."""
    argv = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--verbose"]
    argv += [f"--include={','.join(PACKAGES)}", '--aptopt=APT::Install-Recommends "false"']
    argv += [f"--aptopt={line.rstrip(';')}" for line in mirror.settings()]
    argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
    argv += [f"--customize-hook={hook}" for hook in HOOKS]
    follow(
        [*argv, mirror.SUITE, str(into), *mirror.sources()],
        what="Debian 13 could not be put together.",
        do="If the mirror cannot be reached, check the network or set VOXNIX_DEBIAN_MIRROR; "
        "then run the same command again.",
        line=counting(step.update),
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
