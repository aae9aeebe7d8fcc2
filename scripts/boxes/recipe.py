"""What a box is made of: Debian, Voxnix's locked packages, and the appliance's own files."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from scripts.boxes import debian, wheels
from scripts.boxes.layers import Layer, obtain
from scripts.boxes.places import OVERLAY

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.boxes.steps import Step, Steps

# Raise this when the code that fills a layer changes what comes out of it.
VERSION = 1

# Units that make no sense in a box: hardware, the outer machine's kernel settings, and the upkeep of a tree
# that is thrown away.
MASKED = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty@tty1.service",
    "ldconfig.service",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-binfmt.service",
    "systemd-firstboot.service",
    "systemd-hwdb-update.service",
    "systemd-journal-catalog-update.service",
    "systemd-logind.service",
    "systemd-modules-load.service",
    "systemd-networkd-wait-online.service",
    "systemd-pstore.service",
    "systemd-sysctl.service",
    "systemd-udev-trigger.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "systemd-udevd.service",
    "systemd-update-done.service",
)
# target -> the units it starts
ENABLED = {
    "sysinit.target": ("/usr/lib/systemd/system/nftables.service",),
    "sockets.target": ("/usr/lib/systemd/system/systemd-networkd.socket",),
    "multi-user.target": (
        "/usr/lib/systemd/system/systemd-networkd.service",
        "/etc/systemd/system/voxnix-dhcp.service",
        "/etc/systemd/system/voxnix-pool.service",
        "/etc/systemd/system/voxnix-worker.service",
        "/etc/systemd/system/zfs-fuse.service",
    ),
}


def stack(steps: Steps) -> list[Path]:
    """Return the folders of a box's root, lowest first, making what the cache does not have."""
    base_key = _key(VERSION, platform.machine(), debian.INGREDIENTS)
    lock = wheels.lock_for_the_box()
    with ThreadPoolExecutor(1) as pool:
        base = pool.submit(obtain, Layer("base", "Debian 13 from the mirror", base_key, debian.build), steps)

        def packages(into: Path, step: Step) -> None:
            # The download needs no tree, only the compiling does: the two layers are made side by side.
            wheels.install(lock, into, step)
            step.update("waiting for Debian 13's Python")
            wheels.compile_in(base.result(), into, step)

        python = obtain(
            Layer(
                "python",
                "Voxnix's packages for the box",
                _key(VERSION, base_key, wheels.PYTHON, lock),
                packages,
            ),
            steps,
        )
        config = obtain(
            Layer(
                "config",
                "The appliance's own files",
                _key(VERSION, MASKED, ENABLED, _contents(OVERLAY)),
                configure,
            ),
            steps,
        )
        return [base.result(), python, config]


def configure(into: Path, _step: Step) -> None:
    """Lay the overlay's files into the tree, and enable and mask units as `systemctl` would."""
    shutil.copytree(OVERLAY, into, dirs_exist_ok=True)
    for path in (into, *into.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    units = into / "etc/systemd/system"
    for unit in MASKED:
        (units / unit).symlink_to("/dev/null")
    for target, wanted in ENABLED.items():
        (units / f"{target}.wants").mkdir()
        for unit in wanted:
            (units / f"{target}.wants" / unit.rpartition("/")[2]).symlink_to(unit)


def _contents(folder: Path) -> list[tuple[str, int, str]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        (
            str(path.relative_to(folder)),
            path.stat().st_mode & 0o100,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in files
    ]


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
