"""Where the room of a pool goes, in bytes."""

from dataclasses import dataclass

from agent.core.workload import Usage
from agent.host.zfs_commands import Commands, number

_SPLIT = (
    *("used", "usedbydataset", "usedbysnapshots", "usedbychildren"),
    *("referenced", "quota", "reservation", "available"),
)


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


@dataclass(frozen=True)
class Breakdown:
    """Where the room of one data set goes, in bytes.

    Attributes:
        used: all of it: by its own files, its snapshots and all below it.
        by_dataset: what would be free without the files that are in it now.
        by_snapshots: what would be free without any of its snapshots.
        by_children: what all below it take, and what is set aside there.
        referenced: what can be read in it, of which a clone shares a part with its origin.
        quota: the limit of ``used``; 0 for none.
        reservation: what is set aside for it; 0 for nothing.
        available: what may still be written.
    """

    used: int
    by_dataset: int
    by_snapshots: int
    by_children: int
    referenced: int
    quota: int
    reservation: int
    available: int


def usage(commands: Commands, dataset: str) -> Usage:
    """What a data set takes and may still take."""
    values = commands.get(dataset, "used", "available", "quota")
    listed = commands.run("zfs", "list", "-H", "-t", "snapshot", "-o", "name", "-r", dataset)
    return Usage(
        used=number(values["used"]),
        available=number(values["available"]),
        quota=number(values["quota"]),
        snapshots=sum(line.startswith(f"{dataset}@") for line in listed.stdout.split("\n")),
    )


def filled(commands: Commands, above: str) -> dict[str, Filled]:
    """How far those data sets at and below one are filled that have a limit."""
    values = commands.get_below(above, "used", "quota")
    return {
        name: Filled(number(one["used"]), number(one["quota"]))
        for name, one in values.items()
        if number(one["quota"])
    }


def breakdown(commands: Commands, above: str) -> dict[str, Breakdown]:
    """Where the room of a data set and of each below it goes."""
    values = commands.get_below(above, *_SPLIT)
    return {name: Breakdown(*(number(one[prop]) for prop in _SPLIT)) for name, one in values.items()}


def pool(commands: Commands, name: str) -> PoolSpace:
    """The room in a pool, as its data sets see it (after parity and reserves)."""
    values = commands.get(name, "used", "available")
    health = commands.run("zpool", "list", "-H", "-o", "health", name).stdout.strip()
    free = number(values["available"])
    return PoolSpace(number(values["used"]) + free, free, health)
