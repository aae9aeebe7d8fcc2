"""Processes told apart from those that later got the same id, and the state file that names a box's own."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.boxes.kernels import Kernel

if TYPE_CHECKING:
    from scripts.boxes.places import Place

SSH = "/run/ssh/config"
"""How a box with a kernel of its own is spoken to; `scripts/box` has it too."""
_STARTED = 19  # of the fields after the command's name in /proc/PID/stat


def started(pid: int) -> str | None:
    """Return when process `pid` began, in the kernel's own count; None if there is none or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[_STARTED]


def children(pid: int) -> list[int]:
    """Return the children of process `pid`."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def program(pid: int) -> str:
    """Return the name of the program that process `pid` runs; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def boot_id() -> str:
    """Return what tells this start of the outer machine from every other."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@dataclass(frozen=True)
class State:
    """A box that is up: its processes, its cgroup and when it came up."""

    leader: int
    """The box's PID 1, seen from outside."""
    leader_started: str
    """When that process began."""
    supervisor: int
    """The outer process that waits for the box."""
    supervisor_started: str
    """When that process began."""
    cgroup: Path
    """Where a command that enters the box puts itself."""
    since: int
    """Seconds since the epoch."""
    uplink: bool
    """Whether the box reaches the network."""
    layers: tuple[Path, ...]
    """What its root stands on."""
    kernel: Kernel = Kernel.HOST
    """Whose kernel it has."""

    def alive(self) -> bool:
        """Tell whether the box's PID 1 still runs."""
        return started(self.leader) == self.leader_started

    def write(self, place: Place) -> None:
        """Write the state file, whole or not at all."""
        lines = {
            "boot_id": boot_id(),
            "leader": self.leader,
            "leader_started": self.leader_started,
            "supervisor": self.supervisor,
            "supervisor_started": self.supervisor_started,
            "cgroup": self.cgroup,
            "since": self.since,
            "uplink": int(self.uplink),
            "layers": ":".join(map(str, self.layers)),
            "kernel": self.kernel,
        }
        unfinished = place.state.with_suffix(".new")
        unfinished.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        unfinished.replace(place.state)


def read(place: Place) -> State | None:
    """Return the state of a box that runs; None when nothing of it is alive."""
    try:
        pairs = dict(line.split("=", 1) for line in place.state.read_text().splitlines())
        state = State(
            leader=int(pairs["leader"]),
            leader_started=pairs["leader_started"],
            supervisor=int(pairs["supervisor"]),
            supervisor_started=pairs["supervisor_started"],
            cgroup=Path(pairs["cgroup"]),
            since=int(pairs["since"]),
            uplink=pairs["uplink"] == "1",
            layers=tuple(Path(part) for part in pairs["layers"].split(":")),
            kernel=Kernel(pairs.get("kernel", Kernel.HOST)),
        )
    except (OSError, KeyError, ValueError):
        return None
    return state if pairs.get("boot_id") == boot_id() and state.alive() else None


def enter(state: State, *argv: str) -> list[str]:
    """Return the argv that runs `argv` inside the box, for the box's own questions."""
    plain = ["/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin", "LC_ALL=C.UTF-8", *argv]
    if state.kernel is Kernel.UML:
        return [*beside(state.leader, "ssh", "-F", SSH, "box", shlex.join(plain))]
    return [
        *("nsenter", "-t", str(state.leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "--"),
        *plain,
    ]


def beside(leader: int, *argv: str) -> list[str]:
    """Return the argv that runs `argv` where a user-mode Linux runs: in Debian's tree, in its network."""
    return ["nsenter", "-t", str(leader), "-m", "-n", "-r", "-w", "--", *argv]


def root() -> bool:
    """Tell whether this process may do all that a box needs."""
    return os.geteuid() == 0
