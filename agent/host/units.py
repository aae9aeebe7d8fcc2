"""Containers as instances of a systemd unit, whoever wrote it: start, stop, states, commands inside."""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from agent.core.errors import CommandFailed, HostFailure, InvalidRequest, NotRunning
from agent.core.workload import Executed
from agent.host.node import MOST_OUTPUT, Node
from agent.host.runtime import MACHINE, Applied, Failure, Machine, UnitState

START_TIMEOUT = 120.0
"""Seconds until a container must have booted; systemd itself gives up after 90."""
STOP_TIMEOUT = 120.0
"""Seconds until a container must have stopped; systemd itself kills it after 90."""
TIMEOUT = 30.0
"""Seconds for anything else."""

EXPORTS = "/run/systemd/nspawn/unix-export"
"""Folder of what nspawn mounts for each machine while it runs."""
_MARK = re.compile(r"\bVOXNIX_UNIT=([0-9a-f]{64})")


def unit_name(kind: str, name: str) -> str:
    """The unit of a machine, of a kind such as ``systemd-nspawn``.

    Raises:
        ValueError: it cannot be a machine's name.
    """
    if not MACHINE.match(name):
        raise ValueError(f"{name!r} is not a machine's name")
    return f"{kind}@{name}.service"


def mark(text: str) -> str:
    """The line in a unit that tells which text a running container was started from.

    It is in nspawn's own environment, which the node can read, and not in the guest's.
    """
    return f"Environment=VOXNIX_UNIT={hashlib.sha256(text.encode()).hexdigest()}\n"


class Units(ABC):
    """The containers of a node that are instances of one unit. See :class:`agent.host.runtime.Runtime`.

    Args:
        node: where they run.
        kind: of the unit, what is before the ``@``.
        path: where commands inside look for programs; as the guest's systemd has it when empty.
    """

    def __init__(self, node: Node, kind: str, path: str = "") -> None:
        self._node = node
        self._kind = kind
        self._path = path

    @abstractmethod
    def write(self, machine: Machine) -> None:
        """See :meth:`agent.host.runtime.Runtime.write`."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """See :meth:`agent.host.runtime.Runtime.remove`."""

    @abstractmethod
    def installed(self) -> frozenset[str]:
        """See :meth:`agent.host.runtime.Runtime.installed`."""

    @abstractmethod
    def by_hand(self, name: str) -> str:
        """See :meth:`agent.host.runtime.Runtime.by_hand`."""

    @abstractmethod
    def _marked_file(self, name: str) -> str:
        """The file of a machine's unit that has the mark in it."""

    def unit(self, name: str) -> str:
        """See :meth:`agent.host.runtime.Runtime.unit`."""
        return unit_name(self._kind, name)

    def update(self, machine: Machine) -> Applied:
        """See :meth:`agent.host.runtime.Runtime.update`."""
        self.write(machine)
        return self._apply(machine.name)

    def start(self, name: str) -> None:
        """See :meth:`agent.host.runtime.Runtime.start`."""
        self._begun("start", name, START_TIMEOUT)

    def stop(self, name: str) -> None:
        """See :meth:`agent.host.runtime.Runtime.stop`."""
        try:
            self._systemctl("stop", self.unit(name), timeout=STOP_TIMEOUT)
        except CommandFailed:
            # systemd knows no unit of which there is neither a file nor a process.
            if self.state(name) is not UnitState.INACTIVE:
                raise

    def restart(self, name: str) -> None:
        """See :meth:`agent.host.runtime.Runtime.restart`."""
        self._begun("restart", name, START_TIMEOUT + STOP_TIMEOUT)

    def state(self, name: str) -> UnitState:
        """See :meth:`agent.host.runtime.Runtime.state`."""
        return self.states([name])[name]

    def states(self, names: Sequence[str] | None = None) -> dict[str, UnitState]:
        """See :meth:`agent.host.runtime.Runtime.states`."""
        units = [f"{self._kind}@*.service"] if names is None else [self.unit(name) for name in names]
        if not units:
            return {}
        answer = self._node.run(["systemctl", "show", "--property=Id,ActiveState", *units], timeout=TIMEOUT)
        found = parse_states(answer.stdout, self._kind)
        if names is None:
            return found
        return {name: found.get(name, UnitState.UNKNOWN) for name in names}

    def failures(self, names: Sequence[str]) -> dict[str, Failure]:
        """See :meth:`agent.host.runtime.Runtime.failures`."""
        if not names:
            return {}
        properties = "Id,ActiveState,Result,ExecMainStatus,InvocationID,InactiveEnterTimestamp"
        argv = ["systemctl", "show", "--timestamp=us+utc", f"--property={properties}"]
        answer = self._node.run([*argv, *map(self.unit, names)], timeout=TIMEOUT)
        return parse_failures(answer.stdout, self._kind)

    def exec(  # noqa: PLR0913, PLR0917 - a command, and all that bounds it
        self,
        name: str,
        argv: Sequence[str],
        timeout: float,
        directory: str = "/workspace",
        given: str | None = None,
        most: int = MOST_OUTPUT,
    ) -> Executed:
        """See :meth:`agent.host.runtime.Runtime.exec`."""
        if not argv or not argv[0] or "=" in argv[0] or any(_unfit(word) for word in argv):
            raise InvalidRequest("That command cannot be run.", "It is empty, or not plain text.")
        command = [
            "systemd-run",
            f"--machine={name}",
            *("--quiet", "--collect", "--pipe", "--wait", "--expand-environment=no"),
            f"--property=RuntimeMaxSec={timeout:.0f}",
            f"--property=WorkingDirectory=-{directory}",
            *("--setenv=HOME=/root", "--setenv=LANG=C.UTF-8"),
            *([f"--setenv=PATH={self._path}"] if self._path else []),
            # systemd answers 203 for a command that is not there; env gives the shell's 127.
            *("--", "/usr/bin/env", "--"),
        ]
        answer = self._node.run([*command, *argv], input=given, timeout=timeout, check=False, most=most)
        no_answer = answer.returncode == 1 and answer.stderr.startswith("Failed to ")
        if no_answer and self.state(name) is not UnitState.ACTIVE:
            raise NotRunning(
                f"The machine {name} does not run.", answer.stderr.strip()[-300:], "Start it first."
            )
        return Executed(returncode=answer.returncode, stdout=answer.stdout, stderr=answer.stderr)

    def _apply(self, name: str) -> Applied:
        """Have a machine run as its files say, if it runs."""
        process = self._shown(name, "MainPID")["MainPID"]
        if process == "0":
            return Applied.NOTHING
        running = _MARK.search(self._node.read(f"/proc/{process}/environ") or "")
        written = _MARK.search(self._node.read(self._marked_file(name)) or "")
        if running is None or written is None or running[1] != written[1]:
            self.restart(name)
            return Applied.RESTARTED
        return self._apply_in_place(name)

    def _apply_in_place(self, name: str) -> Applied:  # noqa: ARG002 - for who can
        """Apply what is not in the unit: here that is nothing."""
        return Applied.NOTHING

    def _forget(self, name: str) -> None:
        """Forget a failure of a machine's unit."""
        # It answers with an error where systemd has nothing to forget.
        self._node.run(["systemctl", "reset-failed", self.unit(name)], timeout=TIMEOUT, check=False)

    def _shown(self, name: str, *properties: str) -> dict[str, str]:
        """Properties of a machine's unit, each of which systemd tells of any unit."""
        argv = ["systemctl", "show", f"--property={','.join(properties)}", self.unit(name)]
        shown = self._node.run(argv, timeout=TIMEOUT).stdout
        return dict.fromkeys(properties, "") | dict(
            line.split("=", 1) for line in shown.split("\n") if "=" in line
        )

    def _begun(self, verb: str, name: str, timeout: float) -> None:
        """Start a machine, or start it again.

        nspawn that was killed, as systemd kills one that does not stop in time, leaves a mount behind. The
        next one takes that away, and ends.
        """
        left = self._node.exists(f"{EXPORTS}/{name}")
        try:
            self._systemctl(verb, self.unit(name), timeout=timeout)
        except CommandFailed:
            if not left or self.state(name) is not UnitState.FAILED:
                raise
            self._systemctl("start", self.unit(name), timeout=START_TIMEOUT)

    def _systemctl(self, *argv: str, timeout: float = TIMEOUT) -> None:
        self._node.run(["systemctl", *argv], timeout=timeout)


def parse_states(text: str, kind: str) -> dict[str, UnitState]:
    """Read what ``systemctl show --property=Id,ActiveState`` prints: blocks with an empty line between.

    Args:
        text: what it printed.
        kind: of the units that count, such as ``systemd-nspawn``.
    """
    return {name: _state(values.get("ActiveState", "")) for name, values in _blocks(text, kind)}


def parse_failures(text: str, kind: str) -> dict[str, Failure]:
    """Read what ``systemctl show --timestamp=us+utc`` prints of units: how those failed that did.

    Args:
        text: what it printed.
        kind: of the units that count, such as ``systemd-nspawn``.

    Raises:
        HostFailure: it does not tell when a unit failed.
    """
    return {
        name: Failure(
            invocation=values.get("InvocationID", ""),
            at=_moment(values.get("InactiveEnterTimestamp", "")),
            result=values.get("Result", ""),
            status=int(values.get("ExecMainStatus") or 0),
        )
        for name, values in _blocks(text, kind)
        if values.get("ActiveState") == UnitState.FAILED
    }


def _blocks(text: str, kind: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Machine and properties of each unit of a kind."""
    unit = re.compile(rf"{re.escape(kind)}@(.+)\.service\Z")
    for block in text.split("\n\n"):
        values = dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
        if match := unit.match(values.get("Id", "")):
            yield match[1], values


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text.partition(" ")[2], "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC)
    except ValueError:
        raise HostFailure("systemd did not tell when a unit failed.", repr(text[:100])) from None


def _state(active: str) -> UnitState:
    if active in {"reloading", "refreshing"}:
        return UnitState.ACTIVE
    return UnitState(active) if active in set(UnitState) else UnitState.UNKNOWN


def _unfit(word: str) -> bool:
    """Whether a word cannot be an argument: D-Bus carries Unicode, and a C string ends at a NUL."""
    return "\0" in word or any("\ud800" <= char <= "\udfff" for char in word)
