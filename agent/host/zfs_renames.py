"""Renames, and what began as a copy of what is renamed."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agent.host.presence import Presence
from agent.host.zfs_commands import Commands
from agent.host.zfs_snapshots import mounted_clones_outside

if TYPE_CHECKING:
    from agent.host.zfs import Zfs


@contextmanager
def copies_left_alone(zfs: "Zfs", commands: Commands, dataset: str, to: str) -> Generator[None]:
    """Have nothing that is mounted elsewhere depend on a data set while it gets another name.

    zfs-fuse unmounts every clone of what it renames, and what runs in one keeps it from being mounted again.
    So meanwhile each clone has the snapshots that it shares, and gives them back afterwards. Where that is
    cut short, it keeps them.

    Raises:
        NoSpace: a clone has a limit that has no room for those.
        CommandFailed: a clone has a snapshot of the same name as one of those.
    """
    if zfs.capabilities.rename:
        yield
        return
    parted: list[str] = []
    try:
        while outside := mounted_clones_outside(commands, dataset):
            clone, source = next(iter(outside.items()))
            zfs.promote(clone)
            parted.append(source.removeprefix(dataset))
        yield
    finally:
        if parted:
            named = to if zfs.presence(to) is Presence.PRESENT else dataset
            for part in reversed(parted):
                zfs.promote(f"{named}{part}")
