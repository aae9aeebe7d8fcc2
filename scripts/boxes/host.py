"""What this machine must have to hold a box: found out by trying, never by reading."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.boxes import cgroups, processes
from scripts.boxes.errors import BoxError
from scripts.boxes.kernels import Kernel
from scripts.boxes.programs import follow, output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scripts.boxes.steps import Step, Steps

# program -> the Debian package that has it
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "slirp4netns": "slirp4netns",
}
KEYRINGS = (
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
)
KEYRING_PACKAGE = "debian-archive-keyring"
# device -> the module that has it
_DEVICES = {
    Kernel.HOST: (("/dev/fuse", "fuse"), ("/dev/net/tun", "tun")),
    Kernel.UML: (("/dev/net/tun", "tun"),),
}
# What a box does first, done once for nothing: its namespaces, an overlay in them, and a proc of its own.
_PROBE = """
mount -t tmpfs tmpfs /run && mkdir /run/lower /run/upper /run/work /run/root &&
mount -t overlay -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work overlay /run/root
"""


def missing(kernel: Kernel = Kernel.HOST) -> list[str]:
    """Return what keeps this machine from holding a box, one sentence each; nothing when it can."""
    if sys.platform != "linux":
        return [f"A box needs Linux, and this is {platform.system()}: use a Linux machine, real or virtual."]
    if not processes.root():
        return ["A box needs root: run the same command with sudo."]
    if kernel is Kernel.UML and platform.machine() != "x86_64":
        return [f"User-mode Linux runs on x86-64, and this is {platform.machine()}: leave out --kernel uml."]
    return list(_obstacles(kernel))


def _obstacles(kernel: Kernel) -> Iterator[str]:
    spaces = (
        "unshare",
        "--mount",
        "--net",
        "--pid",
        "--uts",
        "--ipc",
        "--cgroup",
        "--fork",
        "--propagation",
        "private",
    )
    if output([*spaces, "true"]) is None:
        yield "New namespaces are refused: in a container, start it privileged."
    elif output([*spaces, "sh", "-ec", _PROBE]) is None:
        yield "An overlay cannot be mounted: try `modprobe overlay`; in a container, start it privileged."
    if kernel is Kernel.HOST and output(("unshare", "--user", "--map-root-user", "true")) is None:
        yield "User namespaces are refused: allow them with `sysctl user.max_user_namespaces=15000`."
    for device, module in _DEVICES[kernel]:
        if not _opens(device):
            yield f"{device} cannot be opened: try `modprobe {module}`; in a container, pass it in."
    if cgroups.hierarchy() is None:
        yield "No cgroup v2 can be written to: try `mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified`."
    if not shutil.which("apt-get"):
        for program in PROGRAMS:
            if not shutil.which(program):
                yield f"{program} is not installed: install it with this system's package manager."


def _opens(device: str) -> bool:
    try:
        os.close(os.open(device, os.O_RDWR))
    except OSError:
        return False
    return True


def packages_wanted() -> list[str]:
    """Return the Debian packages that a box needs on this machine and that are not here."""
    wanted = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not any(Path(keyring).exists() for keyring in KEYRINGS):
        wanted.append(KEYRING_PACKAGE)
    return wanted


def install(packages: list[str], steps: Steps, *, yes: bool) -> None:
    """Install Debian packages on this machine; on a terminal a person is asked first, unless `yes`."""
    if not packages:
        return
    names = " ".join(packages)
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        sys.stderr.write(f"This machine lacks Debian packages: {names}. Install them with apt-get? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise BoxError(
                "A box cannot be started.",
                f"These packages are not installed: {names}",
                f"apt-get install {names}",
            )
    with steps.step(f"Debian packages for this machine: {names}") as step:
        if any(not _known(package) for package in packages):
            step.update("reading the mirror's lists")
            _apt(["update"], step)
        _apt(["install", "-y", "--no-install-recommends", *packages], step)


def _known(package: str) -> bool:
    return "Candidate: (none)" not in (found := output(("apt-cache", "policy", package)) or "") and bool(
        found.strip()
    )


def _apt(arguments: list[str], step: Step) -> None:
    environment: Mapping[str, str] = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    follow(
        ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0", *arguments],
        what=f"`apt-get {' '.join(arguments)}` failed.",
        do="Mend what apt-get says, then run the same command again.",
        line=step.update,
        env=environment,
    )


def disk_in_use(folder: Path) -> int:
    """Return the bytes that a folder really takes on disk."""
    found = subprocess.run(
        ["du", "-sk", "--", str(folder)], capture_output=True, text=True, check=False
    ).stdout
    return int(found.split()[0]) * 1024 if found else 0
