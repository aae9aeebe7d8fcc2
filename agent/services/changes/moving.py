"""How a workload's data gets into the trash and out: by another name, which takes no time and no room."""

from agent.core.errors import HostFailure, UnknownSnapshot
from agent.core.operation import Operation
from agent.core.owner import Owner
from agent.core.storage import SnapshotKind, SnapshotName
from agent.host.presence import Presence
from agent.host.zfs import Zfs
from agent.services.changes.parts import Parts


class Moving:
    """Moves data sets. Each move looks at what is there, and goes on where it was interrupted.

    In the trash nothing is mounted, nor is by itself after a reboot: the name, and so the folder, may be
    another workload's by then.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def into_trash(self, owner: Owner, machine: str, number: int, was: str = "") -> bool:
        """Put all of a workload into the trash.

        Args:
            owner: whose it is.
            machine: what the node calls it. It does not run.
            number: of the operation; its number in the trash.
            was: what it is called there; the same when empty.

        Returns:
            Whether it is there now; not, where there was nothing.

        Raises:
            HostFailure: something of it is in use, or ZFS does not answer.
        """
        zfs, layout = self._parts.zfs, self._parts.layout
        above, place = layout.workload(owner, machine), layout.trash(owner, number, was or machine)
        if self.there(above):
            if self.there(place):
                raise HostFailure(f"{above} and {place} are both there.", "Neither is touched.")
            for part in zfs.children(above):
                if zfs.properties(part).mounts_itself:
                    zfs.set(part, "canmount", "noauto")
            zfs.set(above, "reservation", "none")
            zfs.rename(above, place)
        for path in layout.traces(machine):
            self._parts.node.remove(path)
        return self.there(place)

    def out_of_trash(self, owner: Owner, number: int, was: str, machine: str) -> None:
        """Bring a workload's data back, and have it mounted where a workload of this name has it.

        Args:
            owner: whose it is.
            number: its number in the trash.
            was: what the node called it when it was put there.
            machine: what the node calls it from now on.

        Raises:
            UnknownSnapshot: it is not there any more.
            HostFailure: something else is in its place, or ZFS does not answer.
        """
        zfs, layout = self._parts.zfs, self._parts.layout
        above, place = layout.workload(owner, machine), layout.trash(owner, number, was)
        if self.there(place):
            if self.there(above):
                raise HostFailure(f"{above} and {place} are both there.", "Neither is touched.")
            folders = {"root": layout.root_folder(machine), "workspace": layout.workspace_folder(machine)}
            for part in zfs.children(place):
                folder = folders.get(part.rpartition("/")[2])
                if folder is not None and zfs.mountpoint(part) != folder:
                    zfs.set(part, "mountpoint", folder)
            zfs.rename(place, above)
        elif not self.there(above):
            raise gone(number)
        for part in zfs.children(above):
            if not zfs.properties(part).mounts_itself:
                zfs.set(part, "canmount", "on")
        zfs.mount_below(above)

    def keep_before(self, operation: Operation) -> str:
        """Keep all of a workload as it is now, before an operation takes something away.

        Returns:
            The snapshot's name.
        """
        above = self._parts.layout.workload(Owner(operation.owner), operation.machine)
        name = snapshot_before(operation)
        if self._parts.zfs.presence(f"{above}@{name}") is not Presence.PRESENT:
            self._parts.zfs.snapshot(f"{above}@{name}", recursive=True)
        return name

    def forget_before(self, operation: Operation) -> None:
        """Take back what :meth:`keep_before` kept: nothing was taken away after all."""
        above = self._parts.layout.workload(Owner(operation.owner), operation.machine)
        snapshot = f"{above}@{snapshot_before(operation)}"
        if self._parts.zfs.presence(snapshot) is Presence.PRESENT:
            self._parts.zfs.destroy(snapshot, recursive=True)

    def there(self, dataset: str) -> bool:
        """Whether a data set is there.

        Raises:
            HostFailure: nobody can tell; so nothing is done.
        """
        presence = self._parts.zfs.presence(dataset)
        if presence is Presence.UNKNOWN:
            raise HostFailure(f"Whether {dataset} is there is unknown.", "ZFS did not answer.", "Try again.")
        return presence is Presence.PRESENT


def inherit(zfs: Zfs, above: str, other: str) -> None:
    """Have the parts of a data set own what they share with those of another, where they are clones of these.

    With the snapshot that each began as come all older ones, so they stay with what is in use. The other
    becomes the clone; nothing of either is lost.
    """
    for part in zfs.children(above):
        if (zfs.origin(part) or "").startswith(f"{other}/"):
            zfs.promote(part)


def snapshot_before(operation: Operation) -> str:
    """The name of the snapshot that is taken before an operation: the same whenever it is asked for."""
    taken_at = operation.started_at or operation.created_at
    return str(SnapshotName(kind=SnapshotKind.BEFORE, taken_at=taken_at, label=str(operation.id)))


def gone(number: int) -> UnknownSnapshot:
    """What to tell of something that is not in the trash."""
    return UnknownSnapshot(
        f"Nothing with the number {number} is in the trash.",
        "It was brought back already, or is gone for good.",
        "Ask what is in the trash.",
    )
