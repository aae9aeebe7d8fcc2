"""Snapshots: taken, forgotten, and planned to be taken by themselves."""

from datetime import UTC, datetime, timedelta

from agent.core.errors import InvalidRequest
from agent.core.operation import Operation, OperationKind, Progress
from agent.core.owner import Owner
from agent.core.storage import Schedule, SnapshotKind, SnapshotName
from agent.core.workload import Workload
from agent.services.changes.moving import Moving
from agent.services.changes.parts import Parts, Recipe, Report, Step
from agent.services.node_storage import check_mounted, unknown_snapshot

_SECOND = timedelta(seconds=1)


class Snapshots:
    """The recipes of what has to do with snapshots."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._moving = Moving(parts)

    def recipes(self) -> dict[OperationKind, Recipe]:
        """What each kind does, and how it is taken back."""
        return {
            OperationKind.SNAPSHOT: Recipe((Step("snapshot", self._take),), self._undo_take),
            OperationKind.FORGET: Recipe((Step("forget", self._forget, final=True),)),
            OperationKind.SCHEDULE: Recipe((Step("schedule", self._schedule),), self._undo_schedule),
        }

    def _take(self, operation: Operation, report: Report) -> str:
        """Keep root and /workspace, of the same instant: all or nothing, by one command."""
        report(Progress(label="taking a snapshot"))
        above = check_whole(self._parts, operation)
        if not operation.claims:
            taken_at = self._parts.clock().astimezone(UTC).replace(microsecond=0)
            below = self._parts.zfs.snapshots_below(above).values()
            known = [SnapshotName.parse(one.name) for taken in below for one in taken]
            moments = {name.taken_at for name in known if name is not None}
            while taken_at in moments:  # what was taken later says so, however soon after the other
                taken_at += _SECOND
            operation = operation.model_copy(update={"claims": (self._name(operation, taken_at),)})
            self._parts.operations.claim(operation.id, operation.claims)
        snapshot = f"{above}@{operation.claims[0]}"
        if not self._moving.there(snapshot):
            self._parts.zfs.snapshot(snapshot, recursive=True)
        return f"The snapshot is {operation.claims[0]}."

    @staticmethod
    def _name(operation: Operation, taken_at: datetime) -> str:
        name = SnapshotName(kind=SnapshotKind.MANUAL, taken_at=taken_at, label=operation.arguments.label)
        return str(name)

    def _undo_take(self, operation: Operation) -> None:
        above = self._parts.layout.workload(Owner(operation.owner), operation.machine)
        for name in operation.claims:
            forget(self._parts, above, name)

    def _forget(self, operation: Operation, report: Report) -> str:
        report(Progress(label="forgetting a snapshot"))
        workload = self._parts.workload(operation)
        above = self._parts.layout.workload(Owner(operation.owner), operation.machine)
        name = operation.arguments.snapshot
        if held := holders(self._parts, above, name):
            raise InvalidRequest(
                f"{name} of {workload.name} cannot be forgotten now.",
                f"{', '.join(held)} began as a copy of it, and shares what did not change since.",
                "It can be forgotten once that is gone; it takes no room that the copy would not need.",
            )
        if copying := self._parts.operations.copying(operation.node, operation.owner, name):
            raise InvalidRequest(
                f"{name} of {workload.name} cannot be forgotten now.",
                f"A copy is made of it by operation {copying[0]}.",
                "It can be forgotten once that copy is gone.",
            )
        known = {one.name for taken in self._parts.zfs.snapshots_below(above).values() for one in taken}
        if name not in known and name not in operation.claims:
            raise unknown_snapshot(workload.name, name)
        self._parts.operations.claim(operation.id, [name])
        forget(self._parts, above, name)
        return f"The snapshot {name} is gone."

    def _schedule(self, operation: Operation, report: Report) -> str:
        report(Progress(label="planning the snapshots"))
        workload = self._parts.workload(operation)
        if not operation.claims:
            self._parts.operations.claim(operation.id, [workload.schedule.model_dump_json()])
        wanted = operation.arguments.schedule or Schedule()
        self._parts.workloads.set(operation.node, operation.machine, schedule=wanted.model_dump(mode="json"))
        kept = ", ".join(f"{count} {kind}" for kind, count in wanted if count)
        return f"So many are kept of those taken by themselves: {kept or 'none'}."

    def _undo_schedule(self, operation: Operation) -> None:
        for before in operation.claims:
            schedule = Schedule.model_validate_json(before).model_dump(mode="json")
            self._parts.workloads.set(operation.node, operation.machine, schedule=schedule)


def check_whole(parts: Parts, operation: Operation, workload: Workload | None = None) -> str:
    """The data set above all of a workload, whose parts are there and mounted.

    Args:
        parts: of the node.
        operation: whose workload it is.
        workload: another one.

    Raises:
        HostFailure: one of them is not: what is written then is not in it, and what is in it is not seen.
    """
    owner, machine = Owner(operation.owner), workload.machine if workload else operation.machine
    datasets = [parts.layout.root(owner, machine), parts.layout.workspace(owner, machine)]
    check_mounted(parts.zfs, datasets)
    return parts.layout.workload(owner, machine)


def holders(parts: Parts, above: str, name: str) -> list[str]:
    """What began as a copy of a snapshot, at and below a data set, and keeps it from being destroyed."""
    found: list[str] = []
    for dataset, origin in parts.zfs.origins(parts.layout.users).items():
        source, _, snapshot = origin.partition("@")
        if snapshot == name and f"{source}/".startswith(f"{above}/"):
            found.append(dataset.removeprefix(f"{parts.layout.users}/"))
    return sorted(found)


def forget(parts: Parts, above: str, name: str) -> None:
    """Destroy a snapshot, at a data set and wherever below it is.

    Raises:
        CommandFailed: something was cloned from it.
    """
    found = parts.zfs.snapshots_below(above)
    for dataset in [dataset for dataset, taken in found.items() if any(one.name == name for one in taken)]:
        parts.zfs.destroy(f"{dataset}@{name}")
