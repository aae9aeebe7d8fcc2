"""A workload is made of a backup."""

from agent.core.backup import Manifest, Part
from agent.core.errors import InvalidRequest, NameInUse, NoSpace
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.core.workload import Generation
from agent.host.archive import shift
from agent.host.presence import Presence
from agent.services.changes.lifecycle import Lifecycle
from agent.services.changes.parts import Parts, Recipe, Report, Step
from agent.services.changes.transport import Transport, moved
from agent.services.depots import further
from agent.services.node_work import mib

CHECKED = "checked "
"""Claimed with the name of the snapshot whose pieces were found to be what was sent."""
SPARE = 256 << 20
"""Bytes that a workload may take beyond what it has, where it comes back with more than its limit."""


class Receiving:
    """The recipe of what comes back to a node.

    Args:
        parts: what steps work with.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._transport = Transport(parts)

    def recipes(self) -> dict[OperationKind, Recipe]:
        """What the kind does, and how it is taken back."""
        steps = (
            Step("look at the backup", self._look),
            Step("check", self._check),
            Step("build", self._build),
            Step("receive", self._receive),
            Step("furnish", self._furnish),
            *Lifecycle(self._parts).recipes()[OperationKind.START].steps,
        )
        return {OperationKind.RECEIVE: Recipe(steps, self._undo)}

    def _look(self, operation: Operation, report: Report) -> None:
        """Refuse what cannot come back, before anything is made."""
        report(Progress(label="looking at the backup"))
        manifest, above = self._manifest_of(operation), self._transport.above(operation)
        builder = self._parts.settings.guest_builder
        if manifest.builder != builder:
            raise InvalidRequest(
                f"The backup of {manifest.name} is of a container that {manifest.builder} made.",
                f"This machine makes its containers by {builder}, which could not run it.",
                "Receive it on a machine like the one that it comes from.",
            )
        needed = sum(piece.size for part in Part for piece in manifest.chain(part))
        free = self._parts.zfs.pool(self._parts.settings.pool).free
        if needed > free:
            raise NoSpace(
                f"The pool {self._parts.settings.pool} has no room for {manifest.name}.",
                f"It needs about {mib(needed)}; {mib(free)} are free.",
                "Destroy a container you no longer need, or make the pool larger.",
            )
        if above not in operation.claims:
            if self._transport.presence(above) is not Presence.ABSENT:
                raise NameInUse(
                    f"There is storage of an earlier {operation.workload} at {above}.",
                    "It was not made by this operation, so it is left alone.",
                    "Choose another name, or ask the admin to look at it.",
                )
            self._transport.claim(operation, "", above)

    def _check(self, operation: Operation, report: Report) -> None:
        """Read all of it once, before any of it is believed."""
        manifest = self._manifest_of(operation)
        snapshot = manifest.newest(Part.ROOT).snapshot
        if self._transport.claimed(operation, CHECKED) != [snapshot]:
            depot = self._transport.depot(operation, _source(operation))
            depot.verify(manifest, moved(report, "checking", manifest.size))
            self._transport.claim(operation, CHECKED, snapshot)

    def _build(self, operation: Operation, report: Report) -> None:
        """Have its system on this node, where that is not in its root."""
        manifest = self._manifest_of(operation)
        spec = manifest.generation.spec.model_copy(update={"name": operation.workload})
        generation = Generation(spec=spec, digest=manifest.generation.digest)
        if manifest.generation.system:
            wanted = operation.model_copy(update={"target": Generation(spec=spec)})
            generation = self._parts.assembly.built(wanted, report)
        self._parts.workloads.become(operation.node, operation.machine, generation)

    def _receive(self, operation: Operation, report: Report) -> None:
        """Make its data sets of the pieces."""
        manifest, zfs = self._manifest_of(operation), self._parts.zfs
        depot, above = self._transport.depot(operation, _source(operation)), self._transport.above(operation)
        newest = manifest.newest(Part.ROOT).snapshot
        if self._transport.claimed(operation, CHECKED) != [newest]:
            raise InvalidRequest(
                f"The backup of {manifest.name} has changed while it was received.", hint="Ask for it again."
            )
        self._parts.limits.ensure_owner(Owner(operation.owner))
        if self._transport.presence(above) is not Presence.PRESENT:
            zfs.create(above, mountpoint="none")
        told, done = moved(report, "receiving", manifest.size), 0
        for part in Part:
            dataset, chain = self._transport.dataset(operation, part), manifest.chain(part)
            if self._transport.presence(f"{dataset}@{newest}") is Presence.PRESENT:
                done += sum(piece.size for piece in chain)
                continue
            # What a killed program has left is no beginning: it is received from its first piece on.
            if self._transport.presence(dataset) is not Presence.ABSENT:
                zfs.destroy(dataset, recursive=True)
            for piece in chain:
                if piece.base:
                    zfs.check_base(dataset, piece.base)
                depot.fetch(piece, dataset, further(told, done))
                done += piece.size
                if piece.base:  # the next one needs the last one alone, and this would count to a limit
                    zfs.destroy(f"{dataset}@{piece.base}")

    def _furnish(self, operation: Operation, report: Report) -> None:
        """Put it where it belongs, with its limits and with the user ids that its owner has here."""
        report(Progress(label="putting it in its place"))
        manifest, zfs = self._manifest_of(operation), self._parts.zfs
        workload, above = self._parts.workload(operation), self._transport.above(operation)
        layout, machine = self._parts.layout, operation.machine
        limit = manifest.quota or self._parts.limits.quota(workload)
        used = zfs.usage(above).used
        quota = limit if used < limit else used + SPARE
        zfs.set(above, "quota", str(quota))
        if quota != limit:
            words = (
                f"its limit was {mib(limit)}, of which it takes {mib(used)} here, so it is {mib(quota)} now"
            )
            self._parts.operations.find(operation.id, [words])
        self._parts.workloads.set(
            operation.node,
            machine,
            quota=manifest.quota if quota == limit else quota,
            schedule=manifest.schedule.model_dump(mode="json"),
        )
        depot, newest = (
            self._transport.depot(operation, _source(operation)),
            manifest.newest(Part.ROOT).snapshot,
        )
        folders = {Part.ROOT: layout.root_folder(machine), Part.WORKSPACE: layout.workspace_folder(machine)}
        base = 0 if self._parts.guests.idmap else self._parts.assembly.uid_base(operation)
        for part, folder in folders.items():
            dataset = self._transport.dataset(operation, part)
            if zfs.mountpoint(dataset) != folder:
                zfs.set(dataset, "mountpoint", folder)
            taken = f"{dataset}@{newest}"
            if not depot.increments and self._transport.presence(taken) is Presence.PRESENT:
                zfs.destroy(taken)  # no backup ever goes on from it
            if base != manifest.uid_base:
                shift(self._parts.node, folder, base, manifest.uid_base)

    def _undo(self, operation: Operation) -> None:
        above = self._transport.above(operation)
        if above in operation.claims:
            self._parts.runtime.stop(operation.machine)
            self._parts.runtime.remove(operation.machine)
            self._parts.destroy(above, operation.machine)
        self._parts.workloads.remove(operation.node, operation.machine)

    def _manifest_of(self, operation: Operation) -> Manifest:
        """The backup that is to be received.

        Raises:
            InvalidRequest: there is none, or it is another owner's.
        """
        depot = self._transport.depot(operation, _source(operation))
        manifest = depot.manifest()
        if manifest is None:
            raise InvalidRequest(
                f"There is no whole backup of {_source(operation)} in {operation.arguments.place}.",
                hint=f"Look with `voxnix backups {operation.arguments.place}` for what there is.",
            )
        self._transport.check_owner(manifest, operation)
        return manifest


def _source(operation: Operation) -> str:
    """What the workload was called in the place."""
    return operation.arguments.name or operation.workload
