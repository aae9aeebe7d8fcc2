"""Snapshots: which there are, what holds on to them, and how to read what is in one."""

import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from agent.host.presence import Presence
from agent.host.zfs_commands import Commands, number

if TYPE_CHECKING:
    from agent.host.zfs import Zfs

OPENED = "opened"
"""Data set of a pool, above all clones that are made to read a snapshot."""
OPENED_FOLDER = "/var/lib/voxnix/opened"
"""Where those are mounted."""
_HARMLESS = {"readonly": "on", "setuid": "off", "devices": "off", "exec": "off"}

_ESCAPED = re.compile(rb"\\([0-7]{4})")


@dataclass(frozen=True)
class Taken:
    """A snapshot of a data set.

    Attributes:
        name: what follows the ``@``.
        used: what would be free without it, in bytes; what two snapshots share is counted at neither.
        created_at: when it was taken, in UTC, to the second.
    """

    name: str
    used: int
    created_at: datetime


@dataclass(frozen=True)
class Difference:
    """What ``zfs diff`` says of one file or folder.

    Attributes:
        sign: ``+`` it is new, ``-`` it is gone, ``M`` it was changed, ``R`` it has another name.
        path: of the file, from the root of the node.
        renamed: its new path, where it has one.
    """

    sign: str
    path: str
    renamed: str = ""


def taken(commands: Commands, above: str, *, children: bool) -> dict[str, list[Taken]]:
    """The snapshots of a data set, or of all at and below it, by data set, oldest first, in one command."""
    found: dict[str, list[Taken]] = {}
    for full, values in commands.get_snapshots(above, "used", "creation", below=children).items():
        dataset, at, name = full.partition("@")
        if "#" in full or (not children and dataset != above):
            continue
        known = found.setdefault(dataset, [])
        if at:
            created_at = datetime.fromtimestamp(int(values["creation"]), UTC)
            known.append(Taken(name, number(values["used"]), created_at))
    for known in found.values():
        # ZFS lists them as they were taken; of the same second, that order stays.
        known.sort(key=lambda one: one.created_at)
    return found


def clones(commands: Commands, snapshot: str) -> tuple[str, ...]:
    """The data sets that began as a copy of a snapshot."""
    return tuple(name for name, origin in _origins(commands, snapshot).items() if origin == snapshot)


def clones_outside(commands: Commands, above: str) -> tuple[str, ...]:
    """The data sets that began as a copy of a snapshot at or below one, and are not below it themselves."""
    return tuple(
        name
        for name, origin in _origins(commands, above).items()
        if f"{origin.partition('@')[0]}/".startswith(f"{above}/") and not f"{name}/".startswith(f"{above}/")
    )


def mounted_clones_outside(commands: Commands, above: str) -> dict[str, str]:
    """The data sets elsewhere that are mounted and began as a copy of one at or below this: of which."""
    told = commands.get_below(above.partition("/")[0], "origin", "mounted")
    return {
        name: source
        for name, one in told.items()
        if one["mounted"] == "yes"
        and f"{(source := one['origin'].partition('@')[0])}/".startswith(f"{above}/")
        if not f"{name}/".startswith(f"{above}/")
    }


def _origins(commands: Commands, name: str) -> dict[str, str]:
    """Which snapshot each clone in a pool began as, by the clone's name, sorted."""
    told = commands.get_below(name.partition("/")[0].partition("@")[0], "origin")
    return {clone: one["origin"] for clone, one in told.items() if one["origin"] != "-"}


def differences(commands: Commands, snapshot: str) -> list[Difference]:
    """What ``zfs diff`` says of a data set since a snapshot of it."""
    answer = commands.run("zfs", "diff", "-H", snapshot, snapshot.partition("@")[0])
    rows = [line.split("\t") for line in answer.stdout.splitlines() if "\t" in line]
    return [Difference(row[0], *(_unescaped(path) for path in row[1:3])) for row in rows]


def _unescaped(path: str) -> str:
    """A path as it is: ``zfs diff`` writes all but plain letters as four octal digits."""
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), path.encode())
    return plain.decode(errors="surrogateescape")


class Openings:
    """Which snapshots this process reads at this moment, so that nobody takes a clone away from under it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def lock(self, clone: str) -> threading.Lock:
        """What to hold while a clone is in use."""
        with self._guard:
            return self._locks.setdefault(clone, threading.Lock())


_openings = Openings()


def clone_name(snapshot: str) -> str:
    """What the clone of a snapshot is called: the same each time, so that one that was left is found."""
    return sha256(snapshot.encode()).hexdigest()[:16]


@contextmanager
def opened(zfs: "Zfs", snapshot: str) -> Generator[str]:
    """A folder in which what is in a snapshot can be read, until the end of the block. See Zfs.opened."""
    dataset, _, name = snapshot.partition("@")
    if zfs.capabilities.folders and zfs.mounted(dataset):
        folder = f"{zfs.mountpoint(dataset)}/.zfs/snapshot/{name}"
        if _shows(zfs, folder, snapshot):
            yield folder
            return
    key = clone_name(snapshot)
    clone = f"{snapshot.partition('/')[0].partition('@')[0]}/{OPENED}/{key}"
    folder = f"{OPENED_FOLDER}/{key}"
    with _openings.lock(clone):
        _close(zfs, clone)
        above = clone.rpartition("/")[0]
        if zfs.presence(above) is Presence.ABSENT:
            zfs.create(above, mountpoint="none")
        try:
            zfs.clone(snapshot, clone, mountpoint=folder, properties=_HARMLESS)
            yield folder
        finally:
            _close(zfs, clone)
            zfs.node.remove(folder)


def _shows(zfs: "Zfs", folder: str, snapshot: str) -> bool:
    """Whether a folder shows a snapshot.

    OpenZFS mounts it as somebody goes into it. A snapshot that is gone leaves an empty folder, which would be
    taken for one without files.
    """
    told = zfs.node.run(["df", "--output=source", f"{folder}/."], check=False)
    return told.stdout.splitlines()[1:] == [snapshot]


def close_leftovers(zfs: "Zfs", pool: str) -> tuple[str, ...]:
    """Destroy the clones that an ended process has left; which they were."""
    above = f"{pool}/{OPENED}"
    if zfs.presence(above) is not Presence.PRESENT:
        return ()
    gone: list[str] = []
    for clone in zfs.children(above):
        lock = _openings.lock(clone)
        if lock.acquire(blocking=False):
            try:
                _close(zfs, clone)
                gone.append(clone)
            finally:
                lock.release()
    return tuple(gone)


def _close(zfs: "Zfs", clone: str) -> None:
    if zfs.presence(clone) is not Presence.ABSENT:
        zfs.destroy(clone, recursive=True)
