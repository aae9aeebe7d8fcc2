"""How ``zfs`` and ``zpool`` are asked: their errors, their patience, their way to print."""

import logging
import time
from typing import Protocol

from agent.core.errors import CommandFailed, HostFailure, NoSpace
from agent.host.node import Completed
from agent.host.presence import Presence

log = logging.getLogger(__name__)

TIMEOUT = 60.0
"""Seconds for any one command; a destroy of many blocks is done in the background by ZFS itself."""

RELEASE = 10.0
"""Seconds that a data set may stay busy after it was unmounted: zfs-fuse lets go of it a little later."""

RELEASE_POLL = 0.02

_FULL = {
    "size is less than current used": (
        "That limit is below what is used or set aside already.",
        "Choose a larger one, or empty something first.",
    ),
    "size is greater than available space": (
        "There is not so much room to set aside.",
        "Set less aside, or destroy or empty something first.",
    ),
    **dict.fromkeys(
        ("out of space", "no space left", "quota exceeded"),
        ("There is no room left for this.", "Destroy or empty something."),
    ),
}
_BUSY = ("dataset is busy", "target is busy")
_ABSENT = "dataset does not exist"
_PARENT_ABSENT = "parent does not exist"


class Runs(Protocol):
    """What runs a program: a node, or what reaches one. See :meth:`agent.host.node.Node.run`."""

    def run(self, argv: list[str], *, timeout: float = 60, check: bool = True) -> Completed:
        """Run a program to its end."""
        ...


class Commands:
    """The commands of one node.

    Args:
        node: where they run.
    """

    def __init__(self, node: Runs) -> None:
        self.node = node

    def run(self, *argv: str) -> Completed:
        """Run one.

        Raises:
            NoSpace: a pool or a limit is full, or a limit cannot be what it was to be.
            CommandFailed: anything else.
        """
        try:
            return self.node.run(list(argv), timeout=TIMEOUT)
        except CommandFailed as failure:
            said = failure.stderr.lower()
            for sign, (what, hint) in _FULL.items():
                if sign in said:
                    raise NoSpace(what, failure.stderr.strip()[-300:], hint) from failure
            raise

    def released(self, *argv: str) -> None:
        """Run what needs a data set that nobody uses; a short while again where somebody seems to."""
        deadline = time.monotonic() + RELEASE
        while True:
            try:
                self.run(*argv)
            except CommandFailed as failure:
                if not any(sign in failure.stderr for sign in _BUSY) or time.monotonic() > deadline:
                    raise
                time.sleep(RELEASE_POLL)
            else:
                return

    def made(self, argv: list[str], dataset: str) -> None:
        """Run what makes a data set; on the way, make parents that are missing.

        Not by ``-p`` on the command itself: with it an existing data set is taken for a new one.
        """
        try:
            self.released(*argv)
        except CommandFailed as failure:
            parent = dataset.rpartition("/")[0]
            if not parent or _PARENT_ABSENT not in failure.stderr:
                raise
        else:
            return
        self.run("zfs", "create", "-p", parent)
        self.released(*argv)

    def presence(self, name: str) -> Presence:
        """Whether a data set or a snapshot is there, and unknown where its pool is not."""
        pool = name.partition("/")[0].partition("@")[0]
        argv = ["zfs", "list", "-H", "-t", "all", "-o", "name", *dict.fromkeys((pool, name))]
        try:
            answer = self.node.run(argv, timeout=TIMEOUT, check=False)
        except HostFailure as failure:
            log.warning("cannot tell whether %s is there: %s", name, failure)
            return Presence.UNKNOWN
        found = answer.stdout.split("\n")
        if name in found:
            return Presence.PRESENT
        if pool in found and _ABSENT in answer.stderr:
            return Presence.ABSENT
        log.warning("cannot tell whether %s is there: %s", name, answer.stderr.strip())
        return Presence.UNKNOWN

    def get(self, dataset: str, *properties: str) -> dict[str, str]:
        """Properties of one data set or snapshot, as ``zfs get -p`` prints them."""
        answer = self.run("zfs", "get", "-Hp", "-o", "property,value", ",".join(properties), dataset)
        rows = [line.split("\t") for line in answer.stdout.splitlines()]
        return _whole(dataset, properties, {row[0]: row[1] for row in rows if row[1:]})

    def get_all(self, dataset: str, *properties: str) -> tuple[dict[str, str], set[str]]:
        """The same, and which of them are what the mount says and not what is set."""
        answer = self.run("zfs", "get", "-Hp", "-o", "property,value,source", ",".join(properties), dataset)
        rows = [row for line in answer.stdout.splitlines() if (row := line.split("\t"))[2:]]
        values = _whole(dataset, properties, {row[0]: row[1] for row in rows})
        return values, {row[0] for row in rows if row[2] == "temporary"}

    def filesystems(self, above: str) -> list[str]:
        """A data set and all below it, sorted, and so from the top."""
        listed = self.run("zfs", "list", "-H", "-t", "filesystem", "-o", "name", "-r", above)
        return sorted(line for line in listed.stdout.split("\n") if line)

    def get_below(self, above: str, *properties: str) -> dict[str, dict[str, str]]:
        """Properties of a data set and of all below it, by name, from the top.

        Two commands: one alone, ``get -r``, would read all snapshots too, and there may be very many. What
        was destroyed between the two is left out.
        """
        argv = ["zfs", "get", "-Hp", "-o", "name,property,value", ",".join(properties)]
        argv += self.filesystems(above)
        answer = self.node.run(argv, timeout=TIMEOUT, check=False)
        complaints = answer.stderr.splitlines() or [""]
        if answer.returncode and any(_ABSENT not in line for line in complaints):
            raise CommandFailed(answer.argv, answer.returncode, answer.stderr)
        return _rows(answer.stdout, properties)

    def get_snapshots(self, above: str, *properties: str, below: bool) -> dict[str, dict[str, str]]:
        """Properties of the snapshots of a data set, and of all below it, and of these themselves, by name.

        Args:
            above: the data set.
            properties: which.
            below: all of those below it, and not one alone.
        """
        deep = ("-r",) if below else ("-d", "1")
        argv = ("zfs", "get", "-Hp", *deep, "-o", "name,property,value", ",".join(properties), above)
        return _rows(self.run(*argv).stdout, properties)


def _rows(told: str, properties: tuple[str, ...]) -> dict[str, dict[str, str]]:
    values: dict[str, dict[str, str]] = {}
    for line in told.splitlines():
        name, _, rest = line.partition("\t")
        prop, _, value = rest.partition("\t")
        values.setdefault(name, dict.fromkeys(properties, "-"))[prop] = value or "-"
    return values


def _whole(dataset: str, properties: tuple[str, ...], values: dict[str, str]) -> dict[str, str]:
    missing = [name for name in properties if name not in values]
    if missing:
        raise HostFailure(f"zfs did not tell the {', '.join(missing)} of {dataset}.", repr(values)[:200])
    return values


def number(value: str) -> int:
    """A number of bytes as ``zfs get -p`` prints it; a limit that is not set counts as 0."""
    return 0 if value in {"none", "-"} else int(value)
