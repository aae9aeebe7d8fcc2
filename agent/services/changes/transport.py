"""What goes out of a node and comes back has in common: places, data sets, claims."""

from collections.abc import Callable

from agent.core.backup import Archive, Folder, Manifest, Part, parsed_place
from agent.core.errors import HostFailure, InvalidRequest
from agent.core.operation import Operation, Progress
from agent.core.owner import Owner
from agent.host.presence import Presence
from agent.host.streams import Streams
from agent.services.changes.parts import Parts, Report
from agent.services.depots import ArchiveDepot, Depot, FolderDepot
from agent.services.remote_depot import RemoteDepot


class Transport:
    """What the steps of backups look up.

    Args:
        parts: what steps work with.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._streams = Streams(parts.node)

    def depot(self, operation: Operation, name: str) -> Depot:
        """Where the backup of a workload of this name is, in an operation's place."""
        place, pool = parsed_place(operation.arguments.place), self._parts.settings.pool
        match place:
            case Folder():
                return FolderDepot(self._streams, pool, place, name)
            case Archive():
                return ArchiveDepot(self._streams, pool, place)
            case _:
                return RemoteDepot(self._streams, self._parts.zfs, place, name)

    def check_owner(self, manifest: Manifest, operation: Operation) -> None:
        """Let pass what is a backup of who asks.

        Raises:
            InvalidRequest: it is somebody else's.
        """
        if manifest.owner != operation.owner:
            raise InvalidRequest(
                f"The backup of {manifest.name} in {operation.arguments.place} is another owner's.",
                hint="Choose another place.",
            )

    def above(self, operation: Operation) -> str:
        """Data set above all of a workload."""
        return self._parts.layout.workload(Owner(operation.owner), operation.machine)

    def dataset(self, operation: Operation, part: Part) -> str:
        """Data set of a part of it."""
        return f"{self.above(operation)}/{part}"

    def presence(self, name: str) -> Presence:
        """Whether a data set or snapshot is there.

        Raises:
            HostFailure: that is unknown.
        """
        presence = self._parts.zfs.presence(name)
        if presence is Presence.UNKNOWN:
            raise HostFailure(f"Whether {name} is there is unknown.", "ZFS did not answer.", "Try again.")
        return presence

    def claimed(self, operation: Operation, kind: str) -> list[str]:
        """What an operation has claimed of a kind until its step began."""
        return [claim.removeprefix(kind) for claim in operation.claims if claim.startswith(kind)]

    def claim(self, operation: Operation, kind: str, *values: str) -> None:
        """Claim something, instead of what was claimed of its kind before."""
        now = self._parts.operations.get(operation.id)
        known = () if now is None else now.claims
        kept = [claim for claim in known if not kind or not claim.startswith(kind)]
        self._parts.operations.claim(
            operation.id, dict.fromkeys([*kept, *(kind + value for value in values)])
        )


def moved(report: Report, label: str, total: int) -> Callable[[int], None]:
    """Tells how many bytes of how many a step has moved; more than were expected are all there are."""
    return lambda done: report(Progress(label=label, done=done, total=max(done, total)))
