"""What a box is made of: Debian, Voxnix's locked packages, and the appliance's own files."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from scripts.boxes import debian, wheels
from scripts.boxes import kernel as uml
from scripts.boxes.kernels import Kernel
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
# With ZFS's own units a pool would be looked for on every device; ours knows where it is.
_MASKED_TOO = {
    Kernel.HOST: (),
    Kernel.UML: (
        "ssh.socket",
        "sshd-keygen.service",
        "zfs-import-cache.service",
        "zfs-import-scan.service",
        "zfs-load-key.service",
        "zfs-load-module.service",
        "zfs-mount.service",
        "zfs-share.service",
        "zfs-volume-wait.service",
    ),
}
_UNITS = "/usr/lib/systemd/system"
# target -> the units it starts
ENABLED = {
    "sysinit.target": (f"{_UNITS}/nftables.service",),
    "sockets.target": (f"{_UNITS}/systemd-networkd.socket",),
    "multi-user.target": (
        f"{_UNITS}/systemd-networkd.service",
        "/etc/systemd/system/voxnix-dhcp.service",
        "/etc/systemd/system/voxnix-pool.service",
        "/etc/systemd/system/voxnix-worker.service",
    ),
}
_ENABLED_TOO = {
    Kernel.HOST: ("/etc/systemd/system/zfs-fuse.service",),
    Kernel.UML: (f"{_UNITS}/ssh.service",),
}


def stack(steps: Steps, kernel: Kernel) -> list[Path]:
    """Return the folders of a box's root, lowest first, making what the cache does not have."""
    tree = debian.BASE[kernel]
    base_key = _key(VERSION, platform.machine(), tree.ingredients())
    lock = wheels.lock_for_the_box()
    with ThreadPoolExecutor(1) as pool:
        base = pool.submit(
            obtain, Layer(_kind("base", kernel), "Debian 13 from the mirror", base_key, tree.build), steps
        )

        def packages(into: Path, step: Step) -> None:
            # The download needs no tree, only the compiling does: the two layers are made side by side.
            wheels.install(lock, into, step)
            step.update("waiting for Debian 13's Python")
            wheels.compile_in(base.result(), into, step)

        python = obtain(
            Layer(
                _kind("python", kernel),
                "Voxnix's packages for the box",
                _key(VERSION, base_key, wheels.PYTHON, lock),
                packages,
            ),
            steps,
        )
        config = obtain(
            Layer(
                _kind("config", kernel),
                "The appliance's own files",
                _key(
                    VERSION,
                    *(MASKED, _MASKED_TOO[kernel], ENABLED, _ENABLED_TOO[kernel]),
                    *(_contents(overlay) for overlay in _overlays(kernel)),
                ),
                partial(configure, kernel),
            ),
            steps,
        )
        own = [uml_kernel(base.result(), steps)] if kernel is Kernel.UML else []
        return [base.result(), python, *own, config]


def uml_kernel(base: Path, steps: Steps) -> Path:
    """Return the layer with the kernel of a UML box and its modules, building it if need be."""
    key = _key(VERSION, platform.machine(), uml.ingredients(base))
    return obtain(Layer("kernel", "A user-mode Linux with ZFS", key, partial(uml.build, base)), steps)


def configure(kernel: Kernel, into: Path, _step: Step) -> None:
    """Lay the overlays' files into the tree, and enable and mask units as `systemctl` would."""
    for overlay in _overlays(kernel):
        shutil.copytree(overlay, into, dirs_exist_ok=True)
    for path in (into, *into.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    units = into / "etc/systemd/system"
    for unit in (*MASKED, *_MASKED_TOO[kernel]):
        (units / unit).symlink_to("/dev/null")
    for target, wanted in [*ENABLED.items(), ("multi-user.target", _ENABLED_TOO[kernel])]:
        (units / f"{target}.wants").mkdir(exist_ok=True)
        for unit in wanted:
            (units / f"{target}.wants" / unit.rpartition("/")[2]).symlink_to(unit)


def _overlays(kernel: Kernel) -> tuple[Path, Path]:
    return OVERLAY, OVERLAY.with_name(f"{OVERLAY.name}-{kernel}")


def _kind(part: str, kernel: Kernel) -> str:
    """Return the name of a part in the cache: a box of one kind leaves those of the other alone."""
    return part if kernel is Kernel.HOST else f"{kernel}-{part}"


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
