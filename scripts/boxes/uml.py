"""A box on a kernel of its own: user-mode Linux and what it is told."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.boxes import given, processes
from scripts.boxes.places import CHECKOUT, cache

if TYPE_CHECKING:
    from scripts.boxes.places import Place

_SCRIPT = Path(__file__).with_name("uml.sh")
_MIB = 1024**2
# More than this it takes from no machine, and never more than half of what the machine has.
_MEMORY = 4096 * _MIB
_DISK = 20 * 1024 * _MIB
_INIT = "/usr/local/lib/voxnix/init"


def command(place: Place, layers: str) -> list[str]:
    """Return what runs the box in the foreground, on a root of `layers`, the highest first."""
    for name in ("pool.img", "scratch.img"):
        with (place.disk / name).open("wb") as disk:
            disk.truncate(_DISK)
    tree = given.nixpkgs()
    if tree:
        (place.settings / given.NIXPKGS.lstrip("/")).mkdir(parents=True)
    private = ("unshare", "--mount", "--net", "--propagation", "private")
    shares = (str(place.folder), str(CHECKOUT), str(cache() / "images"), str(tree or ""))
    return [*private, "bash", str(_SCRIPT), layers, *shares, *_arguments(place.name)]


def leader(supervisor: int) -> int | None:
    """Return the kernel's own process, once it is there."""
    for pid in processes.children(supervisor):
        if processes.program(pid) == "linux":
            return pid
    return None


def answers(state: processes.State) -> bool:
    """Tell whether the box can be entered."""
    asked = subprocess.run(
        processes.enter(state, "true"), capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    return asked.returncode == 0


def plug_in(leader: int, interface: str) -> str | None:
    """Put the uplink on the box's bridge; return why not, if that fails."""
    argv = processes.beside(leader, "ip", "link", "set", interface, "master", "bridge", "up")
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stderr.strip() or "ip said nothing" if done.returncode else None


def _arguments(name: str) -> list[str]:
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return [
        # Its processes are held by seccomp: with ptrace it panics on processors of today.
        "seccomp=on",
        f"umid={name}",
        f"mem={min(_MEMORY, half) // _MIB}M",
        *("hostfs=/run/shares", "rootfstype=hostfs", "rootflags=tree", "ro", f"init={_INIT}"),
        *("ubd0=/run/disk/pool.img", "ubd1=/run/disk/scratch.img"),
        "vec0:transport=tap,ifname=box,depth=64",
        *("con=null", "con0=null,fd:1", "console=tty0", "quiet", "panic=-1"),
        *("systemd.hostname=voxnix", "systemd.show_status=false"),
    ]
