"""What runs containers: the values and the interface that both ways of doing it have."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from agent.core.owner import UID_RANGE
from agent.core.workload import Executed
from agent.host.node import MOST_OUTPUT

MACHINE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_BRIDGE = re.compile(r"[A-Za-z0-9_-]{1,15}\Z")
_SIZE = re.compile(r"[1-9][0-9]*[KMGT]?\Z")
_PATH = re.compile(r"/[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]\Z")
_SYSTEM = re.compile(r"(?:/nix/store/[A-Za-z0-9+._?=-]+)?\Z")
_CREDENTIAL = re.compile(r"[A-Za-z0-9_.-]{1,255}\Z")
_DEVICE = re.compile(r"/dev/[A-Za-z0-9/_.-]+\Z")


class UnitState(StrEnum):
    """What systemd says about a container's unit."""

    ACTIVE = "active"
    ACTIVATING = "activating"
    DEACTIVATING = "deactivating"
    INACTIVE = "inactive"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Applied(StrEnum):
    """How a change reached a container that runs."""

    NOTHING = "nothing"
    """It runs as it should, or does not run: then the next start is of the new one."""
    IN_PLACE = "in place"
    """It went on running."""
    RESTARTED = "restarted"


@dataclass(frozen=True)
class Failure:
    """How a container's unit came to be failed.

    Attributes:
        invocation: systemd's id of the run that failed; no other run has it.
        at: when it was over, in UTC.
        result: in systemd's word, such as ``exit-code``, ``signal``, ``oom-kill`` or ``watchdog``.
        status: the exit code, or the number of the signal.
    """

    invocation: str
    at: datetime
    result: str
    status: int


@dataclass(frozen=True)
class Machine:
    """A container as systemd-nspawn is told to run it.

    Attributes:
        name: of the machine on the node.
        hostname: what it calls itself.
        root: the folder with its root file system: a mount point.
        bridge: the network bridge its interface is put on.
        uid_base: the node's user id that is root inside; the 65,536 from there are its own.
        binds: (folder on the node, folder inside); each of the first kind is a mount point.
        memory_max: limit of its memory, such as ``2G``.
        tasks_max: limit of its processes and threads.
        system: store path of its NixOS system; empty where the root file system brings its own.
        credentials: (name, file on the node): systemd credentials of the guest.
        devices: device nodes of the node that it may use.
        idmap: whether its files lie on disk with the user ids that they have inside, not in its range.
    """

    name: str
    hostname: str
    root: str
    bridge: str
    uid_base: int
    binds: tuple[tuple[str, str], ...]
    memory_max: str
    tasks_max: int
    system: str = ""
    credentials: tuple[tuple[str, str], ...] = ()
    devices: tuple[str, ...] = ()
    idmap: bool = False

    def __post_init__(self) -> None:
        files = (file for _, file in self.credentials)
        rules = (
            (MACHINE, self.name, "machine's name"),
            (MACHINE, self.hostname, "host name"),
            (_BRIDGE, self.bridge, "bridge's name"),
            (_SIZE, self.memory_max, "size"),
            (_SYSTEM, self.system, "path in the store"),
            *((_PATH, path, "plain absolute path") for path in (self.root, *sum(self.binds, ()), *files)),
            *((_CREDENTIAL, name, "credential's name") for name, _ in self.credentials),
            *((_DEVICE, device, "device node") for device in self.devices),
        )
        for rule, value, what in rules:
            if not rule.match(value):
                raise ValueError(f"{value!r} is not a {what}")
        if self.uid_base < UID_RANGE or self.uid_base % UID_RANGE:
            raise ValueError(f"{self.uid_base} is not the beginning of a range of user ids")
        if self.tasks_max < 1:
            raise ValueError(f"{self.tasks_max} is not a number of tasks")


class Runtime(Protocol):
    """The containers of a node."""

    def unit(self, name: str) -> str:
        """The unit of a machine.

        Raises:
            ValueError: it cannot be a machine's name.
        """
        ...

    def write(self, machine: Machine) -> None:
        """Put a machine's files in place, and tell systemd. The same again changes nothing.

        Raises:
            HostFailure: they are not in place.
        """
        ...

    def update(self, machine: Machine) -> Applied:
        """Write a machine that has changed, and have it run like that if it runs.

        What counts is what runs: the same again after a crash on the way does what is left to do.

        Returns:
            How the change reached it.

        Raises:
            HostFailure: it could not be written or applied.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a machine's files, as far as there are any, and forget a failure of its unit.

        Raises:
            HostFailure: something of it is left; it says what.
        """
        ...

    def installed(self) -> frozenset[str]:
        """The machines of which there are files of ours, whoever knows of them.

        Raises:
            HostFailure: it cannot be told.
        """
        ...

    def by_hand(self, name: str) -> str:
        """How an admin removes a machine of which nobody knows: commands to be typed."""
        ...

    def start(self, name: str) -> None:
        """Start a machine, and wait until it has booted.

        Raises:
            CommandFailed: it did not boot; :class:`~agent.host.journal.Journal` tells why.
        """
        ...

    def stop(self, name: str) -> None:
        """Shut a machine down, and wait until it has stopped; nothing where it does not run."""
        ...

    def restart(self, name: str) -> None:
        """Shut a machine down if it runs, start it, and wait until it has booted."""
        ...

    def state(self, name: str) -> UnitState:
        """What a machine is doing; INACTIVE where there is none of this name."""
        ...

    def states(self, names: Sequence[str] | None = None) -> dict[str, UnitState]:
        """What machines are doing, in one command.

        Args:
            names: of these machines, each of which is in the answer; all when None. Of all, a machine that
                is not in the answer is inactive.
        """
        ...

    def failures(self, names: Sequence[str]) -> dict[str, Failure]:
        """How those of these machines failed whose units are failed, in one command.

        A machine that was powered off from inside, or was stopped, has not failed. What did stays failed
        until it starts again, or is removed.
        """
        ...

    def exec(  # noqa: PLR0913, PLR0917 - a command, and all that bounds it
        self,
        name: str,
        argv: Sequence[str],
        timeout: float,
        directory: str = "/workspace",
        given: str | None = None,
        most: int = MOST_OUTPUT,
    ) -> Executed:
        """Run a command as root inside a running machine, without a shell, and wait for its end.

        Args:
            name: of the machine.
            argv: the command, intact; found on the machine's own PATH.
            timeout: seconds; afterwards the command and all that it started is killed inside.
            directory: where it begins; in ``/`` where the machine has no such folder.
            given: what it reads from standard input; nothing when None.
            most: bytes of output; nobody listens to more, which ends a command that prints for ever.

        Returns:
            What it answered; code 127 where there is no such command, 255 where a signal ended it.

        Raises:
            InvalidRequest: an argument that no program can be given.
            NotRunning: the machine does not run.
            CommandTimedOut: it took too long.
            CommandSaidTooMuch: it printed too much.
        """
        ...
