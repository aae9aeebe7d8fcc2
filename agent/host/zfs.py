"""ZFS: data sets, snapshots and the room in a pool. OpenZFS and zfs-fuse 0.7 alike."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property

from agent.core.errors import CommandFailed, NoSpace
from agent.core.workload import Usage
from agent.host import zfs_capabilities, zfs_snapshots, zfs_space, zfs_streams
from agent.host.node import Node
from agent.host.presence import Presence
from agent.host.zfs_capabilities import Capabilities
from agent.host.zfs_commands import Commands, number
from agent.host.zfs_renames import copies_left_alone
from agent.host.zfs_snapshots import Difference, Taken
from agent.host.zfs_space import Breakdown, Filled, PoolSpace
from agent.host.zfs_streams import receive_argv, send_argv

__all__ = [
    "Breakdown",
    "Capabilities",
    "Difference",
    "Filled",
    "PoolSpace",
    "Properties",
    "Taken",
    "Zfs",
    "receive_argv",
    "send_argv",
]


@dataclass(frozen=True)
class Properties:
    """What a data set is like.

    Attributes:
        mounted: whether it is.
        mountpoint: the folder where it belongs; None where it has none.
        mounts_itself: whether it is mounted with the others (``canmount=on``).
        readonly: whether nothing can be written.
        used: what it and all below it take, in bytes.
        available: what may still be written, in bytes.
        quota: the limit, in bytes; 0 for none.
        reservation: what is set aside for it, in bytes; 0 for nothing.
        origin: the snapshot that it is a clone of; None where it is none.
    """

    mounted: bool
    mountpoint: str | None
    mounts_itself: bool
    readonly: bool
    used: int
    available: int
    quota: int
    reservation: int
    origin: str | None


class Zfs:
    """The ``zfs`` and ``zpool`` commands of a node.

    Every method raises CommandFailed or CommandTimedOut where the command does, and NoSpace where the
    reason is a full pool, quota or reservation; :meth:`presence` raises neither.

    Args:
        node: where they run.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self._commands = Commands(node)

    @cached_property
    def capabilities(self) -> Capabilities:
        """What this ZFS can do and others cannot, as it says itself."""
        return zfs_capabilities.capabilities(self._commands)

    def presence(self, name: str) -> Presence:
        """Whether a data set or a snapshot (``pool/a@b``) is there.

        Absent is only answered by a pool that is itself there: in a pool that is not imported,
        everything seems to be absent.
        """
        return self._commands.presence(name)

    def create(self, dataset: str, mountpoint: str | None = None, quota: str | None = None) -> None:
        """Make and mount a new data set, and the parents that it lacks.

        Args:
            dataset: its name.
            mountpoint: a folder, or ``none``; below its parent's when None.
            quota: such as ``10G``; no limit when None.

        Raises:
            CommandFailed: it exists already, or cannot be mounted.
        """
        self._commands.made(["zfs", "create", *_options(mountpoint, quota), dataset], dataset)

    def clone(
        self,
        snapshot: str,
        dataset: str,
        mountpoint: str | None = None,
        quota: str | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Make and mount a data set that begins as a copy of a snapshot, and the parents that it lacks.

        Args:
            snapshot: ``pool/a@b``.
            dataset: the name of the copy.
            mountpoint: a folder, or ``none``; below its parent's when None.
            quota: of what it comes to differ in, such as ``10G``; no limit when None.
            properties: others that it has from its beginning.

        Raises:
            CommandFailed: it exists already, there is no such snapshot, or it cannot be mounted.
        """
        options = _options(mountpoint, quota, properties or {})
        self._commands.made(["zfs", "clone", *options, snapshot, dataset], dataset)

    def promote(self, dataset: str) -> None:
        """Make a clone the one that its origin is a clone of.

        The snapshot that it was cloned from and all older ones become its own.

        Raises:
            CommandFailed: it is no clone, or has a snapshot of the same name as one of those.
        """
        self._commands.run("zfs", "promote", dataset)

    def snapshot(self, name: str, *, recursive: bool = False) -> None:
        """Keep a data set as it is now, as ``pool/a@b``.

        Args:
            name: of the snapshot.
            recursive: all below it too, at the same instant and by the same name, or none of them.
        """
        self._commands.run("zfs", "snapshot", *(["-r"] if recursive else []), name)

    def destroy(self, name: str, *, recursive: bool = False) -> None:
        """Destroy a data set or a snapshot: the only place where data is lost.

        Args:
            name: the data set or snapshot.
            recursive: its snapshots and children too, or the snapshots of that name below; never clones.

        Raises:
            CommandFailed: it has children or snapshots (unless recursive), or clones, or is in use.
        """
        self._commands.released("zfs", "destroy", *(["-r"] if recursive else []), name)

    def rename(self, dataset: str, to: str) -> None:
        """Give a data set and all below it other names in the same pool, and make the parents it then lacks.

        All of it is unmounted on the way, and mounted again, renamed or not, but for what does not mount
        itself. What began as a copy of it stays mounted.

        Raises:
            NoSpace: such a copy has no room for the snapshots that it shares, where it has to have them.
            CommandFailed: something in it is in use, or the other name is taken.
        """
        for name in reversed([key for key, one in self._mounting(dataset).items() if one.mounted]):
            self.unmount(name)
        try:
            with copies_left_alone(self, self._commands, dataset, to):
                self._commands.made(["zfs", "rename", dataset, to], to)
        except (CommandFailed, NoSpace):
            self.mount_below(dataset)
            raise
        self.mount_below(to)

    def set(self, dataset: str, prop: str, value: str) -> None:
        """Set a property, such as ``quota`` to ``20G``."""
        self._commands.run("zfs", "set", f"{prop}={value}", dataset)

    def mount(self, dataset: str) -> None:
        """Mount a data set that is not mounted."""
        self._commands.run("zfs", "mount", dataset)

    def mount_below(self, above: str) -> None:
        """Mount a data set and all below it that mount themselves and are not mounted, from the top."""
        for name, one in self._mounting(above).items():
            if not one.mounted and one.belongs_mounted:
                self.mount(name)

    def unmount(self, dataset: str) -> None:
        """Unmount a data set, once nobody uses it; its folder is empty then.

        Raises:
            CommandFailed: it is in use, or not mounted.
        """
        self._commands.released("zfs", "unmount", dataset)

    def snapshots(self, dataset: str) -> list[Taken]:
        """The snapshots of one data set, oldest first."""
        return zfs_snapshots.taken(self._commands, dataset, children=False).get(dataset, [])

    def snapshots_below(self, above: str) -> dict[str, list[Taken]]:
        """The snapshots of a data set and of all below it, by data set, oldest first, in one command."""
        return zfs_snapshots.taken(self._commands, above, children=True)

    def clones(self, snapshot: str) -> tuple[str, ...]:
        """The data sets that began as a copy of a snapshot, without which it cannot be destroyed; sorted."""
        return zfs_snapshots.clones(self._commands, snapshot)

    def origins(self, above: str) -> dict[str, str]:
        """The snapshots that those at and below a data set are clones of, by name; only of clones."""
        found = self._commands.get_below(above, "origin")
        return {name: one["origin"] for name, one in found.items() if one["origin"] not in {"-", ""}}

    def promote_clones(self, above: str) -> tuple[str, ...]:
        """Have no data set elsewhere hold the snapshots at and below one, so that it can be destroyed.

        Those that began as a copy of one are promoted: each takes the snapshot along, and its room with it.

        Returns:
            Which they were.

        Raises:
            NoSpace: one of them has a limit that has no room for that.
        """
        promoted: list[str] = []
        while outside := zfs_snapshots.clones_outside(self._commands, above):
            self.promote(outside[0])
            promoted.append(outside[0])
        return tuple(promoted)

    def differences(self, snapshot: str) -> list[Difference] | None:
        """What became different in a mounted data set since a snapshot of it; None where ZFS cannot tell."""
        return zfs_snapshots.differences(self._commands, snapshot) if self.capabilities.diff else None

    def opened(self, snapshot: str) -> AbstractContextManager[str]:
        """Lets what is in a snapshot be read: gives a folder, which is there until the end of the block.

        OpenZFS has such a folder anyway. Elsewhere it is a clone, mounted read-only where only root comes,
        and destroyed afterwards; what a killed process left of one is replaced by the next call.

        Raises:
            NoSpace: the pool is too full for a clone.
        """
        return zfs_snapshots.opened(self, snapshot)

    def close_leftovers(self, pool: str) -> tuple[str, ...]:
        """Destroy the clones that :meth:`opened` of a killed process left, for they hold their snapshots."""
        return zfs_snapshots.close_leftovers(self, pool)

    def check_base(self, dataset: str, since: str) -> None:
        """Make sure that an increment which begins with a snapshot may be received by a data set.

        Where the data set is not there, zfs-fuse looks in the whole pool for that snapshot, and writes the
        increment to whichever data set has it; or nothing, and no error either, where that one has it all.

        Raises:
            HostFailure: the data set does not have the snapshot.
        """
        zfs_streams.check_base(self._commands, dataset, since)

    def resume_token(self, dataset: str) -> str | None:
        """Where a stream into a data set broke off, for ``send_argv(token=…)``; None where none did."""
        return zfs_streams.resume_token(self._commands, self.capabilities, dataset)

    def estimate(self, snapshot: str, since: str | None = None) -> int:
        """About how many bytes a stream will have; at most so many where this ZFS does not estimate."""
        return zfs_streams.estimate(self._commands, self.capabilities, snapshot, since)

    def guid(self, snapshot: str) -> str:
        """What a snapshot is known by, here and wherever it was sent to."""
        return self._commands.get(snapshot, "guid")["guid"]

    def usage(self, dataset: str) -> Usage:
        """What a data set takes and may still take."""
        return zfs_space.usage(self._commands, dataset)

    def filled(self, above: str) -> dict[str, Filled]:
        """How far those data sets at and below one are filled that have a limit, by name."""
        return zfs_space.filled(self._commands, above)

    def breakdown(self, above: str) -> dict[str, Breakdown]:
        """Where the room of a data set and of each below it goes, by name."""
        return zfs_space.breakdown(self._commands, above)

    def pool(self, name: str) -> PoolSpace:
        """The room in a pool, as its data sets see it (after parity and reserves)."""
        return zfs_space.pool(self._commands, name)

    def properties(self, dataset: str) -> Properties:
        """What a data set is like, in one command."""
        names = (
            *("mounted", "mountpoint", "canmount", "readonly"),
            *("used", "available", "quota", "reservation", "origin"),
        )
        values, temporary = self._commands.get_all(dataset, *names)
        return Properties(
            mounted=values["mounted"] == "yes",
            mountpoint=_folder(values["mountpoint"]),
            mounts_itself=values["canmount"] == "on",
            # Of what is mounted, zfs-fuse tells how; and how it is set where that is different is obeyed.
            readonly=values["readonly"] == "on" or "readonly" in temporary,
            used=number(values["used"]),
            available=number(values["available"]),
            quota=number(values["quota"]),
            reservation=number(values["reservation"]),
            origin=None if values["origin"] == "-" else values["origin"],
        )

    def mounted(self, dataset: str) -> bool:
        """Whether a data set that is there is mounted."""
        return self._commands.get(dataset, "mounted")["mounted"] == "yes"

    def mountpoint(self, dataset: str) -> str | None:
        """The folder where a data set belongs, whether or not it is mounted; None where it has none."""
        return _folder(self._commands.get(dataset, "mountpoint")["mountpoint"])

    def origin(self, dataset: str) -> str | None:
        """The snapshot that a data set is a clone of; None where it is none."""
        origin = self._commands.get(dataset, "origin")["origin"]
        return None if origin == "-" else origin

    def children(self, dataset: str) -> tuple[str, ...]:
        """The data sets directly below one, by their full names, sorted."""
        below = f"{dataset}/"
        return tuple(
            name
            for name in self._commands.filesystems(dataset)
            if name.startswith(below) and "/" not in name.removeprefix(below)
        )

    def _mounting(self, above: str) -> "dict[str, _Mounting]":
        """How a data set and all below it are mounted, from the top."""
        values = self._commands.get_below(above, "mounted", "mountpoint", "canmount")
        return {
            name: _Mounting(
                one["mounted"] == "yes", one["canmount"] == "on" and _folder(one["mountpoint"]) is not None
            )
            for name, one in values.items()
        }


@dataclass(frozen=True)
class _Mounting:
    mounted: bool
    belongs_mounted: bool


def _folder(mountpoint: str) -> str | None:
    return mountpoint if mountpoint.startswith("/") else None


def _options(
    mountpoint: str | None, quota: str | None, properties: Mapping[str, str] | None = None
) -> list[str]:
    given = (("mountpoint", mountpoint), ("quota", quota), *(properties or {}).items())
    return [word for name, value in given if value is not None for word in ("-o", f"{name}={value}")]
