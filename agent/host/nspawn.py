"""Containers as stock ``systemd-nspawn@`` units: their files, their states, commands inside them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.core.errors import InvalidRequest, NotRunning
from agent.core.owner import UID_RANGE
from agent.core.workload import Executed
from agent.host.node import Node

START_TIMEOUT = 120.0
"""Seconds until a container must have booted; systemd itself gives up after 90."""
STOP_TIMEOUT = 120.0
"""Seconds until a container must have stopped; systemd itself kills it after 90."""
TIMEOUT = 30.0
"""Seconds for anything else."""

_MACHINE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_BRIDGE = re.compile(r"[A-Za-z0-9_-]{1,15}\Z")
_SIZE = re.compile(r"[1-9][0-9]*[KMGT]?\Z")
_PATH = re.compile(r"/[^\x00-\x1f\x7f]*[^\x00-\x20\x7f]\Z")
_UNIT = re.compile(r"systemd-nspawn@(.+)\.service\Z")


class UnitState(StrEnum):
    """What systemd says about a container's unit."""

    ACTIVE = "active"
    ACTIVATING = "activating"
    DEACTIVATING = "deactivating"
    INACTIVE = "inactive"
    FAILED = "failed"
    UNKNOWN = "unknown"


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
    """

    name: str
    hostname: str
    root: str
    bridge: str
    uid_base: int
    binds: tuple[tuple[str, str], ...]
    memory_max: str
    tasks_max: int

    def __post_init__(self) -> None:
        rules = (
            (_MACHINE, self.name, "machine's name"),
            (_MACHINE, self.hostname, "host name"),
            (_BRIDGE, self.bridge, "bridge's name"),
            (_SIZE, self.memory_max, "size"),
            *((_PATH, path, "plain absolute path") for path in (self.root, *sum(self.binds, ()))),
        )
        for rule, value, what in rules:
            if not rule.match(value):
                raise ValueError(f"{value!r} is not a {what}")
        if self.uid_base < UID_RANGE or self.uid_base % UID_RANGE:
            raise ValueError(f"{self.uid_base} is not the beginning of a range of user ids")
        if self.tasks_max < 1:
            raise ValueError(f"{self.tasks_max} is not a number of tasks")


def unit(name: str) -> str:
    """The unit of a machine.

    Raises:
        ValueError: it cannot be a machine's name.
    """
    if not _MACHINE.match(name):
        raise ValueError(f"{name!r} is not a machine's name")
    return f"systemd-nspawn@{name}.service"


def nspawn_file(name: str) -> str:
    """Where a machine's settings are."""
    return f"/etc/systemd/nspawn/{name}.nspawn"


def unit_file(name: str) -> str:
    """Where what a machine's unit adds to the stock one is.

    Its name is not that of any drop-in for all machines: of two alike, systemd reads only one.
    """
    return f"/etc/systemd/system/{unit(name)}.d/50-voxnix-machine.conf"


def nspawn_text(machine: Machine) -> str:
    """The ``.nspawn`` file of a machine."""
    binds = "".join(f"Bind={_bind_path(source)}:{_bind_path(target)}\n" for source, target in machine.binds)
    return f"""\
[Exec]
Boot=yes
NotifyReady=yes
Hostname={machine.hostname}
PrivateUsers={machine.uid_base}:{UID_RANGE}
ResolvConf=off
Timezone=off
LinkJournal=no

[Files]
PrivateUsersOwnership=off
{binds}
[Network]
Bridge={machine.bridge}
"""


def unit_text(machine: Machine) -> str:
    """What a machine's unit adds to the stock one.

    A mount that is missing stops the start: the folder under it would look like an empty workspace.
    RequiresMountsFor alone does not, as systemd knows only the mounts that it can see.
    """
    folders = [machine.root, *(source for source, _ in machine.binds)]
    mounts = "".join(
        f"RequiresMountsFor={_word(folder)}\nAssertPathIsMountPoint={_plain(folder)}\n" for folder in folders
    )
    return f"""\
[Unit]
{mounts}
[Service]
MemoryMax={machine.memory_max}
TasksMax={machine.tasks_max}
"""


class Nspawn:
    """The containers of a node.

    Args:
        node: where they run.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def write(self, machine: Machine) -> None:
        """Put a machine's files in place, and tell systemd. The same again changes nothing."""
        self._node.write(nspawn_file(machine.name), nspawn_text(machine))
        self._node.write(unit_file(machine.name), unit_text(machine))
        self._reload(machine.name)

    def remove(self, name: str) -> None:
        """Remove a machine's files, as far as there are any, and forget a failure of its unit."""
        self._node.remove(nspawn_file(name))
        self._node.remove(unit_file(name))
        self._node.remove(unit_file(name).rpartition("/")[0])
        self._reload(name)
        # It answers with an error where systemd has nothing to forget.
        self._node.run(["systemctl", "reset-failed", unit(name)], timeout=TIMEOUT, check=False)

    def start(self, name: str) -> None:
        """Start a machine, and wait until it has booted.

        Raises:
            CommandFailed: it did not boot; :class:`~agent.host.journal.Journal` tells why.
        """
        self._systemctl("start", unit(name), timeout=START_TIMEOUT)

    def stop(self, name: str) -> None:
        """Shut a machine down, and wait until it has stopped; nothing where it does not run."""
        self._systemctl("stop", unit(name), timeout=STOP_TIMEOUT)

    def restart(self, name: str) -> None:
        """Shut a machine down if it runs, start it, and wait until it has booted."""
        self._systemctl("restart", unit(name), timeout=START_TIMEOUT + STOP_TIMEOUT)

    def state(self, name: str) -> UnitState:
        """What a machine is doing; INACTIVE where there is none of this name."""
        return self.states([name])[name]

    def states(self, names: Sequence[str] | None = None) -> dict[str, UnitState]:
        """What machines are doing, in one command.

        Args:
            names: of these machines, each of which is in the answer; all when None. Of all, a machine that
                is not in the answer is inactive.
        """
        units = ["systemd-nspawn@*.service"] if names is None else [unit(name) for name in names]
        if not units:
            return {}
        answer = self._node.run(["systemctl", "show", "--property=Id,ActiveState", *units], timeout=TIMEOUT)
        found = parse_states(answer.stdout)
        if names is None:
            return found
        return {name: found.get(name, UnitState.UNKNOWN) for name in names}

    def exec(self, name: str, argv: Sequence[str], timeout: float, directory: str = "/workspace") -> Executed:
        """Run a command as root inside a running machine, without a shell, and wait for its end.

        Args:
            name: of the machine.
            argv: the command, intact; found on the machine's own PATH.
            timeout: seconds; afterwards the command and all that it started is killed inside.
            directory: where it begins; in ``/`` where the machine has no such folder.

        Returns:
            What it answered; code 127 where there is no such command, 255 where a signal ended it.

        Raises:
            InvalidRequest: an argument that no program can be given.
            NotRunning: the machine does not run.
            CommandTimedOut: it took too long.
        """
        if not argv or not argv[0] or "=" in argv[0] or any(_unfit(word) for word in argv):
            raise InvalidRequest("That command cannot be run.", "It is empty, or not plain text.")
        command = [
            "systemd-run",
            f"--machine={name}",
            *("--quiet", "--collect", "--pipe", "--wait", "--expand-environment=no"),
            f"--property=RuntimeMaxSec={timeout:.0f}",
            f"--property=WorkingDirectory=-{directory}",
            *("--setenv=HOME=/root", "--setenv=LANG=C.UTF-8"),
            # systemd answers 203 for a command that is not there; env gives the shell's 127.
            *("--", "/usr/bin/env", "--"),
        ]
        answer = self._node.run([*command, *argv], timeout=timeout, check=False)
        no_answer = answer.returncode == 1 and answer.stderr.startswith("Failed to ")
        if no_answer and self.state(name) is not UnitState.ACTIVE:
            raise NotRunning(
                f"The machine {name} does not run.", answer.stderr.strip()[-300:], "Start it first."
            )
        return Executed(returncode=answer.returncode, stdout=answer.stdout, stderr=answer.stderr)

    def _reload(self, name: str) -> None:
        """Have systemd read a unit again if it holds an older version of it.

        One that it does not hold it reads anew by itself, and a reload of all costs a tenth of a second.
        """
        argv = ["systemctl", "show", "--property=NeedDaemonReload", unit(name)]
        if self._node.run(argv, timeout=TIMEOUT).stdout.strip() != "NeedDaemonReload=no":
            self._systemctl("daemon-reload")

    def _systemctl(self, *argv: str, timeout: float = TIMEOUT) -> None:
        self._node.run(["systemctl", *argv], timeout=timeout)


def parse_states(text: str) -> dict[str, UnitState]:
    """Read what ``systemctl show --property=Id,ActiveState`` prints: blocks with an empty line between."""
    states: dict[str, UnitState] = {}
    for block in text.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
        if match := _UNIT.match(values.get("Id", "")):
            states[match[1]] = _state(values.get("ActiveState", ""))
    return states


def _state(active: str) -> UnitState:
    if active in {"reloading", "refreshing"}:
        return UnitState.ACTIVE
    return UnitState(active) if active in set(UnitState) else UnitState.UNKNOWN


def _unfit(word: str) -> bool:
    """Whether a word cannot be an argument: D-Bus carries Unicode, and a C string ends at a NUL."""
    return "\0" in word or any("\ud800" <= char <= "\udfff" for char in word)


def _plain(value: str) -> str:
    """A value in a unit file, where a per cent sign begins a specifier."""
    return value.replace("%", "%%")


def _word(value: str) -> str:
    """One word in a unit file, where words may be quoted."""
    escaped = _plain(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bind_path(path: str) -> str:
    """A path in a ``Bind=`` line, where a colon separates."""
    return path.replace("\\", "\\\\").replace(":", "\\:")
