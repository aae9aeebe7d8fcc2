"""A workload's backup is made."""

import hashlib
import logging
from datetime import timedelta

from agent.core.backup import Manifest, Part, Piece
from agent.core.errors import HostFailure, InvalidRequest, NoSpace
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.core.storage import SnapshotKind, SnapshotName
from agent.core.workload import Workload
from agent.host.presence import Presence
from agent.services.changes.parts import Parts, Recipe, Report, Step
from agent.services.changes.transport import Transport, moved
from agent.services.depots import Depot, Sending, further
from agent.services.node_work import mib

log = logging.getLogger(__name__)

SNAPSHOT = "snapshot "
"""Claimed with the name of the snapshot that a backup takes."""
PIECE = "piece "
"""Claimed with what a backup has brought to its place."""


class Backups:
    """The recipe of what goes out of the node.

    Args:
        parts: what steps work with.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._transport = Transport(parts)

    def recipes(self) -> dict[OperationKind, Recipe]:
        """What the kind does, and how it is taken back."""
        steps = (
            Step("look at the place", self._look),
            Step("snapshot", self._snapshot),
            Step("send", self._send),
            Step("write down", self._keep, final=True),
        )
        return {OperationKind.BACKUP: Recipe(steps, self._undo)}

    def _look(self, operation: Operation, report: Report) -> None:
        """Refuse what cannot go well, before anything is made."""
        report(Progress(label="looking at the place"))
        depot = self._transport.depot(operation, operation.workload)
        room = depot.look()
        workload, before = self._parts.workload(operation), self._before(operation, depot)
        if workload.generation is None:
            raise InvalidRequest(f"{workload.name} was never built, so there is nothing to back up.")
        needed, room_taken = 0, self._parts.zfs.breakdown(self._transport.above(operation))
        for part in Part:
            dataset = self._transport.dataset(operation, part)
            if self._transport.presence(dataset) is not Presence.PRESENT:
                raise HostFailure(f"{dataset} is not there.", hint="Run `voxnix doctor`.")
            base = self._base(dataset, part, depot, before)
            # What became different is not known before ZFS has a snapshot of it.
            needed += 0 if base else room_taken[dataset].referenced
        self._check_room(operation, needed, room)

    def _snapshot(self, operation: Operation, report: Report) -> None:
        """Keep both parts as they are at one instant."""
        report(Progress(label="taking a snapshot"))
        claimed = self._transport.claimed(operation, SNAPSHOT)
        if not claimed:
            before = self._before(operation, self._transport.depot(operation, operation.workload))
            moment = self._parts.clock()
            if before is not None:  # a clock may be set back, and names tell what follows what
                moment = max(moment, before.taken_at + timedelta(seconds=1))
            label = self._id(operation, before)
            claimed = [str(SnapshotName(kind=SnapshotKind.BACKUP, taken_at=moment, label=label))]
            self._transport.claim(operation, SNAPSHOT, claimed[0])
        whole = f"{self._transport.above(operation)}@{claimed[0]}"
        if self._transport.presence(whole) is not Presence.PRESENT:
            self._parts.zfs.snapshot(whole, recursive=True)
        if self._parts.zfs.capabilities.estimate:
            known = dict.fromkeys((*operation.claims, f"{SNAPSHOT}{claimed[0]}"))
            self._check_fits(operation.model_copy(update={"claims": tuple(known)}))

    @staticmethod
    def _check_room(operation: Operation, needed: int, room: int) -> None:
        if needed > room:
            raise NoSpace(
                f"{operation.arguments.place} has no room for a backup of {operation.workload}.",
                f"It needs about {mib(needed)}; {mib(room)} are free.",
                "Make room there, or choose another place.",
            )

    def _check_fits(self, operation: Operation) -> None:
        """Refuse a stream that has no room: what is compressed in the pool is not while it is sent."""
        depot = self._transport.depot(operation, operation.workload)
        before = self._before(operation, depot)
        sendings = [self._sending(operation, part, depot, before) for part in Part]
        needed = sum(self._size(sending) for sending in sendings)
        self._check_room(operation, needed, depot.look())

    def _size(self, one: Sending) -> int:
        return self._parts.zfs.estimate(f"{one.dataset}@{one.snapshot}", one.base or None)

    def _send(self, operation: Operation, report: Report) -> None:
        """Bring to the place what it does not have."""
        depot = self._transport.depot(operation, operation.workload)
        before = self._before(operation, depot)
        pieces = [Piece.model_validate_json(text) for text in self._transport.claimed(operation, PIECE)]
        sendings = [self._sending(operation, part, depot, before) for part in Part]
        told = moved(report, "sending", sum(self._size(sending) for sending in sendings))
        for sending in sendings:
            if any(piece.part is sending.part for piece in pieces):
                continue
            begun = sum(piece.size for piece in pieces)
            piece = depot.send(sending, tuple(pieces), further(told, begun))
            pieces.append(piece)
            self._transport.claim(operation, PIECE, *(one.model_dump_json() for one in pieces))

    def _keep(self, operation: Operation, report: Report) -> None:
        """Make it count; then give up what only the backup before needed."""
        report(Progress(label="writing down what there is"))
        depot = self._transport.depot(operation, operation.workload)
        before = self._before(operation, depot)
        (snapshot,) = self._transport.claimed(operation, SNAPSHOT)
        new = [Piece.model_validate_json(text) for text in self._transport.claimed(operation, PIECE)]
        if before is None or before.newest(Part.ROOT).snapshot != snapshot:
            chains = {piece.part: before.chain(piece.part) if piece.base and before else () for piece in new}
            pieces = [*(one for piece in new for one in (*chains[piece.part], piece))]
            manifest = self._manifest(operation, snapshot, tuple(pieces), before)
            depot.keep(manifest)
            before = manifest
        size = mib(sum(piece.size for piece in new))
        how = "what became different" if any(piece.base for piece in new) else "all of it"
        self._parts.operations.find(operation.id, [f"{how} was sent: {size}, as {snapshot}"])
        needed = {snapshot} if depot.increments else set[str]()
        self._forget(operation, before.id, needed)

    def _undo(self, operation: Operation) -> None:
        """Take away what was sent and does not count."""
        for snapshot in self._transport.claimed(operation, SNAPSHOT):
            depot = self._transport.depot(operation, operation.workload)
            whole = False
            try:
                before = depot.manifest()
                whole = before is not None and before.newest(Part.ROOT).snapshot == snapshot
                if not whole:
                    depot.drop(snapshot)
            finally:  # the disk may be gone, and the other machine
                if not whole:
                    self._destroy(self._transport.above(operation), snapshot)

    def _sending(self, operation: Operation, part: Part, depot: Depot, before: Manifest | None) -> Sending:
        (snapshot,) = self._transport.claimed(operation, SNAPSHOT)
        dataset = self._transport.dataset(operation, part)
        base = self._base(dataset, part, depot, before)
        return Sending(part, dataset, snapshot, self._parts.zfs.guid(f"{dataset}@{snapshot}"), base)

    def _base(self, dataset: str, part: Part, depot: Depot, before: Manifest | None) -> str:
        """The snapshot that the place has and we have too; empty where all has to be sent."""
        if before is None or not depot.increments:
            return ""
        chain = before.chain(part)
        ours = f"{dataset}@{chain[-1].snapshot}"
        if (
            self._transport.presence(ours) is not Presence.PRESENT
            or self._parts.zfs.guid(ours) != chain[-1].guid
        ):
            return ""
        return chain[-1].snapshot if depot.has(chain) else ""

    def _manifest(
        self, operation: Operation, snapshot: str, pieces: tuple[Piece, ...], before: Manifest | None
    ) -> Manifest:
        workload, name = self._parts.workload(operation), SnapshotName.parse(snapshot)
        if workload.generation is None or name is None:
            raise ValueError(f"operation {operation.id} has a snapshot {snapshot} of what was not built")
        return Manifest(
            id=self._id(operation, before),
            owner=operation.owner,
            generation=workload.generation,
            builder=self._parts.settings.guest_builder,
            uid_base=0 if self._parts.guests.idmap else self._parts.assembly.uid_base(operation),
            quota=workload.quota,
            reservation=workload.reservation,
            schedule=workload.schedule,
            made_at=workload.created_at,
            taken_at=name.taken_at,
            pieces=pieces,
        )

    def _before(self, operation: Operation, depot: Depot) -> Manifest | None:
        """The backup that is there already.

        Raises:
            InvalidRequest: it is of something else, and would be lost by this one.
        """
        before, workload = depot.manifest(), self._parts.workload(operation)
        if before is None:
            return None
        self._transport.check_owner(before, operation)
        if not self._is_of(before, workload):
            raise InvalidRequest(
                f"{operation.arguments.place} has a backup of another {before.name} of yours.",
                f"That one was made on {before.made_at:%Y-%m-%d}, and its backup would be lost.",
                "Choose another place, or move that backup away.",
            )
        return before

    def _is_of(self, before: Manifest, workload: Workload) -> bool:
        """Whether a backup is of this very workload, or of the one that this one was received from."""
        if before.made_at == workload.created_at:
            return True
        ours = self._parts.layout.workspace(Owner(workload.owner), workload.machine)
        newest = before.newest(Part.WORKSPACE)
        snapshot = f"{ours}@{newest.snapshot}"
        return (
            self._transport.presence(snapshot) is Presence.PRESENT
            and self._parts.zfs.guid(snapshot) == newest.guid
        )

    def _id(self, operation: Operation, before: Manifest | None) -> str:
        """What the snapshots are called that this place needs."""
        own = f"{operation.node} {operation.id} {operation.arguments.place}"
        return before.id if before else hashlib.sha256(own.encode()).hexdigest()[:8]

    def _forget(self, operation: Operation, label: str, needed: set[str]) -> None:
        """Give up the snapshots that only earlier backups in this place needed."""
        above = self._transport.above(operation)
        names = {one.name for found in self._parts.zfs.snapshots_below(above).values() for one in found}
        for name in sorted(names - needed):
            known = SnapshotName.parse(name)
            if known is not None and known.kind is SnapshotKind.BACKUP and known.label == label:
                try:
                    self._destroy(above, name)
                except HostFailure as failure:  # something was cloned from it; the backup is whole
                    log.warning("%s@%s stays: %s", above, name, failure)
                    self._parts.operations.find(operation.id, [f"the snapshot {name} stays, as it is in use"])

    def _destroy(self, above: str, name: str) -> None:
        """Give up a snapshot of a workload, wherever below it that is."""
        for dataset, found in self._parts.zfs.snapshots_below(above).items():
            if any(one.name == name for one in found):
                self._parts.zfs.destroy(f"{dataset}@{name}")
