"""ZFS: data sets, snapshots and the room in a pool. OpenZFS and zfs-fuse 0.7 alike."""

import logging
import time
from dataclasses import dataclass

from agent.core.errors import CommandFailed, HostFailure, NoSpace
from agent.core.workload import Usage
from agent.host.node import Completed, Node
from agent.host.presence import Presence

log = logging.getLogger(__name__)

TIMEOUT = 60.0
"""Seconds for any one command; a destroy of many blocks is done in the background by ZFS itself."""

RELEASE = 10.0
"""Seconds that a data set may stay busy after it was unmounted: zfs-fuse lets go of it a little later."""

RELEASE_POLL = 0.02

_FULL = ("out of space", "no space left", "quota exceeded", "size is less than current used")
_BUSY = "dataset is busy"
_ABSENT = "dataset does not exist"
_PARENT_ABSENT = "parent does not exist"


@dataclass(frozen=True)
class PoolSpace:
    """The room in a pool.

    Attributes:
        size: what its data sets may take together, in bytes.
        free: what is left of it, in bytes.
        health: ONLINE, DEGRADED, FAULTED, OFFLINE, UNAVAIL, REMOVED or SUSPENDED.
    """

    size: int
    free: int
    health: str


@dataclass(frozen=True)
class Filled:
    """How far a data set with a limit is filled.

    Attributes:
        used: what it and all below it take, in bytes.
        quota: the limit, in bytes.
    """

    used: int
    quota: int


class Zfs:
    """The ``zfs`` and ``zpool`` commands of a node.

    Every method raises CommandFailed or CommandTimedOut where the command does, and NoSpace where the
    reason is a full pool or quota; :meth:`presence` raises neither.

    Args:
        node: where they run.
    """

    def __init__(self, node: Node) -> None:
        self._node = node

    def presence(self, name: str) -> Presence:
        """Whether a data set or a snapshot (``pool/a@b``) is there.

        Absent is only answered by a pool that is itself there: in a pool that is not imported,
        everything seems to be absent.
        """
        pool = name.partition("/")[0].partition("@")[0]
        argv = ["zfs", "list", "-H", "-t", "all", "-o", "name", *dict.fromkeys((pool, name))]
        try:
            answer = self._node.run(argv, timeout=TIMEOUT, check=False)
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

    def create(self, dataset: str, mountpoint: str | None = None, quota: str | None = None) -> None:
        """Make and mount a new data set, and the parents that it lacks.

        Args:
            dataset: its name.
            mountpoint: a folder, or ``none``; below its parent's when None.
            quota: such as ``10G``; no limit when None.

        Raises:
            CommandFailed: it exists already, or cannot be mounted.
        """
        self._made(["zfs", "create", *_properties(mountpoint, quota), dataset], dataset)

    def clone(
        self, snapshot: str, dataset: str, mountpoint: str | None = None, quota: str | None = None
    ) -> None:
        """Make and mount a data set that begins as a copy of a snapshot, and the parents that it lacks.

        Args:
            snapshot: ``pool/a@b``.
            dataset: the name of the copy.
            mountpoint: a folder, or ``none``; below its parent's when None.
            quota: of what it comes to differ in, such as ``10G``; no limit when None.

        Raises:
            CommandFailed: it exists already, there is no such snapshot, or it cannot be mounted.
        """
        self._made(["zfs", "clone", *_properties(mountpoint, quota), snapshot, dataset], dataset)

    def snapshot(self, name: str) -> None:
        """Keep a data set as it is now, as ``pool/a@b``."""
        self._run("zfs", "snapshot", name)

    def destroy(self, name: str, *, recursive: bool = False) -> None:
        """Destroy a data set or a snapshot: the only place where data is lost.

        Args:
            name: the data set or snapshot.
            recursive: its snapshots and children too; never its clones.

        Raises:
            CommandFailed: it has children or snapshots (unless recursive), or clones, or is in use.
        """
        self._released("zfs", "destroy", *(["-r"] if recursive else []), name)

    def rename(self, dataset: str, to: str) -> None:
        """Give a data set another name in the same pool, and the parents that it then lacks."""
        if self.mounted(dataset):
            self._run("zfs", "unmount", dataset)
        self._made(["zfs", "rename", dataset, to], to)
        if self.mountpoint(to) is not None:
            self.mount(to)

    def set(self, dataset: str, prop: str, value: str) -> None:
        """Set a property, such as ``quota`` to ``20G``."""
        self._run("zfs", "set", f"{prop}={value}", dataset)

    def mount(self, dataset: str) -> None:
        """Mount a data set that is not mounted."""
        self._run("zfs", "mount", dataset)

    def usage(self, dataset: str) -> Usage:
        """What a data set takes and may still take."""
        values = self._get(dataset, "used", "available", "quota")
        listed = self._run("zfs", "list", "-H", "-t", "snapshot", "-o", "name", "-r", dataset)
        return Usage(
            used=_number(values["used"]),
            available=_number(values["available"]),
            quota=_number(values["quota"]),
            snapshots=sum(line.startswith(f"{dataset}@") for line in listed.stdout.split("\n")),
        )

    def filled(self, above: str) -> dict[str, Filled]:
        """How far those data sets at and below one are filled that have a limit, by name, in one command."""
        argv = ("zfs", "get", "-Hp", "-r", "-o", "name,property,value", "used,quota", above)
        values: dict[str, dict[str, str]] = {}
        for line in self._run(*argv).stdout.splitlines():
            name, _, rest = line.partition("\t")
            prop, _, value = rest.partition("\t")
            values.setdefault(name, {})[prop] = value or "-"
        limits = {name: _number(given.get("quota", "-")) for name, given in values.items()}
        return {
            name: Filled(_number(values[name].get("used", "-")), quota)
            for name, quota in limits.items()
            if quota
        }

    def mounted(self, dataset: str) -> bool:
        """Whether a data set that is there is mounted."""
        return self._get(dataset, "mounted")["mounted"] == "yes"

    def mountpoint(self, dataset: str) -> str | None:
        """The folder where a data set belongs, whether or not it is mounted; None where it has none."""
        folder = self._get(dataset, "mountpoint")["mountpoint"]
        return folder if folder.startswith("/") else None

    def origin(self, dataset: str) -> str | None:
        """The snapshot that a data set is a clone of; None where it is none."""
        origin = self._get(dataset, "origin")["origin"]
        return None if origin == "-" else origin

    def children(self, dataset: str) -> tuple[str, ...]:
        """The data sets directly below one, by their full names, sorted."""
        listed = self._run("zfs", "list", "-H", "-t", "filesystem", "-o", "name", "-r", dataset)
        below = f"{dataset}/"
        return tuple(
            sorted(
                line
                for line in listed.stdout.split("\n")
                if line.startswith(below) and "/" not in line.removeprefix(below)
            )
        )

    def pool(self, name: str) -> PoolSpace:
        """The room in a pool, as its data sets see it (after parity and reserves)."""
        values = self._get(name, "used", "available")
        health = self._run("zpool", "list", "-H", "-o", "health", name).stdout.strip()
        free = _number(values["available"])
        return PoolSpace(_number(values["used"]) + free, free, health)

    def _get(self, dataset: str, *properties: str) -> dict[str, str]:
        answer = self._run("zfs", "get", "-Hp", "-o", "property,value", ",".join(properties), dataset)
        values = dict(line.split("\t", 1) for line in answer.stdout.splitlines() if "\t" in line)
        missing = [name for name in properties if name not in values]
        if missing:
            raise HostFailure(
                f"zfs did not tell the {', '.join(missing)} of {dataset}.", repr(answer.stdout[:200])
            )
        return values

    def _made(self, argv: list[str], dataset: str) -> None:
        """Run what makes a data set; on the way, make parents that are missing.

        Not by ``-p`` on the command itself: with it an existing data set is taken for a new one.
        """
        try:
            self._released(*argv)
        except CommandFailed as failure:
            parent = dataset.rpartition("/")[0]
            if not parent or _PARENT_ABSENT not in failure.stderr:
                raise
        else:
            return
        self._run("zfs", "create", "-p", parent)
        self._released(*argv)

    def _released(self, *argv: str) -> None:
        """Run what needs a data set that nobody uses; a short while again where somebody seems to."""
        deadline = time.monotonic() + RELEASE
        while True:
            try:
                self._run(*argv)
            except CommandFailed as failure:
                if _BUSY not in failure.stderr or time.monotonic() > deadline:
                    raise
                time.sleep(RELEASE_POLL)
            else:
                return

    def _run(self, *argv: str) -> Completed:
        try:
            return self._node.run(list(argv), timeout=TIMEOUT)
        except CommandFailed as failure:
            if any(sign in failure.stderr.lower() for sign in _FULL):
                raise NoSpace(
                    "There is no room left for this.",
                    failure.stderr.strip()[-300:],
                    "Destroy or empty something.",
                ) from failure
            raise


def _properties(mountpoint: str | None, quota: str | None) -> list[str]:
    given = (("mountpoint", mountpoint), ("quota", quota))
    return [word for name, value in given if value is not None for word in ("-o", f"{name}={value}")]


def _number(value: str) -> int:
    """A number of bytes as ``zfs get -p`` prints it; a limit that is not set counts as 0."""
    return 0 if value in {"none", "-"} else int(value)
