"""Snapshots of workloads and what is made of them, and where the space goes, as the owner sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from agent.core.errors import InvalidName, InvalidRequest, UnknownSnapshot
from agent.core.filepath import checked_path
from agent.core.moment import chosen, taken_for_moment
from agent.core.operation import Arguments, Loss, Operation, OperationKind, Plan, Request
from agent.core.owner import Owner
from agent.core.storage import (
    Difference,
    KeptFile,
    OwnerSpace,
    Schedule,
    SnapshotInfo,
    SnapshotKind,
    Space,
    checked_label,
)
from agent.core.workload import Workload, WorkloadState, checked_name
from agent.services.node_calls import NodeCalls
from agent.services.node_storage import Room
from agent.services.node_work import MIB
from agent.services.operations import Operations
from agent.services.preflight import Preflight
from agent.settings import Settings
from agent.store.database import Database
from agent.store.operations import OperationStore
from agent.store.trash import TrashStore
from agent.store.workloads import WorkloadStore

STEP = 16 * MIB
"""Bytes in which plans count what a snapshot holds: a running container makes it more all the time, and a
plan that changes with every line of a journal could never be agreed to."""


@dataclass(frozen=True)
class _CopyOf:
    """What a clone is about: told by the name of what is copied, it works on the machine of the copy."""

    owner: str
    node: str
    name: str
    machine: str


class Storage:
    """The snapshots of each owner's workloads. Every change submits an operation; looking asks the node."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        settings: Settings,
        calls: NodeCalls,
        database: Database,
        find: Callable[[Owner, str], Workload],
        workloads: WorkloadStore,
        history: OperationStore,
        trash: TrashStore,
        preflight: Preflight,
        operations: Operations,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._preflight = preflight
        self._database = database
        self._find = find
        self._workloads = workloads
        self._history = history
        self._trash = trash
        self._operations = operations
        self._clock = clock

    @property
    def zone(self) -> tzinfo:
        """The time zone in which people mean their days."""
        return self._settings.zone

    def snapshots(self, owner: Owner, name: str) -> list[SnapshotInfo]:
        """The snapshots of a workload, newest first.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
        """
        workload = self._find(owner, name)
        if workload.state is WorkloadState.CREATING:
            return []  # its data sets may not be there yet
        return self._calls.snapshots(owner, workload.name)

    def find_snapshot(self, owner: Owner, name: str, when: str) -> SnapshotInfo:
        """The snapshot that a person means. See :func:`agent.core.moment.chosen`.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            UnknownSnapshot: there is none like that, with those there are.
        """
        known = self.snapshots(owner, name)
        found = chosen(known, when, self._clock(), self.zone)
        if found is None:
            raise UnknownSnapshot(
                f"{name} has no snapshot of {when[:80]!r}.",
                f"The oldest is {self._told(known[-1])}, the newest {self._told(known[0])}."
                if known
                else "It has none at all.",
                "Say latest, yesterday, 3 days ago, a day such as 2026-11-20, or what it is called.",
            )
        return found

    def before(self, owner: Owner, name: str, operation: int) -> SnapshotInfo | None:
        """The snapshot that an operation took before it changed a workload; None where there is none."""
        label = str(operation)
        taken = (one for one in self.snapshots(owner, name) if one.kind is SnapshotKind.BEFORE)
        return next((one for one in taken if one.label == label), None)

    def snapshot(self, owner: Owner, name: str, request: Request, label: str = "") -> Operation:
        """Ask for a snapshot of a workload: of its root and /workspace at the same instant.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
            InvalidName: it cannot be called so.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        workload = self._find(owner, name)
        if checked_label(label) and taken_for_moment(label, self._clock()):
            raise InvalidName(
                f"A snapshot cannot be called {label!r}.",
                "That would be taken for a time, or for the number of an operation.",
                "Choose another.",
            )
        arguments = Arguments(label=label)
        return self._operations.submit(workload, OperationKind.SNAPSHOT, request, arguments=arguments)

    def forget(self, owner: Owner, name: str, snapshot: str, request: Request) -> Operation:
        """Ask for a snapshot to be removed. The operation waits for a person to agree to its plan.

        Args:
            owner: whose it is.
            name: of the workload.
            snapshot: which, as for :meth:`find_snapshot`.
            request: where it came from.

        Raises:
            UnknownSnapshot: there is none like that.
        """
        return self._with_snapshot(OperationKind.FORGET, owner, name, snapshot, request)

    def revert(self, owner: Owner, name: str, snapshot: str, request: Request) -> Operation:
        """Ask for a workload to be as it was in a snapshot. A person has to agree to the plan.

        What it is now goes to the trash. Where it was updated since, only /workspace is taken back.

        Raises:
            UnknownSnapshot: there is none like that.
        """
        return self._with_snapshot(OperationKind.REVERT, owner, name, snapshot, request)

    def restore_file(self, owner: Owner, name: str, snapshot: str, path: str, request: Request) -> Operation:
        """Ask for one file or folder to be as it was in a snapshot, with all that is in it.

        Where something is in its place, that is overwritten: then a person has to agree, and a snapshot is
        taken before.

        Args:
            owner: whose it is.
            name: of the workload.
            snapshot: which, as for :meth:`find_snapshot`.
            path: of the file, below /workspace.
            request: where it came from.

        Raises:
            UnknownSnapshot: there is no such snapshot, or no such file in it.
            InvalidRequest: the path is none, or leads through a link.
        """
        return self._with_snapshot(
            OperationKind.RESTORE_FILE, owner, name, snapshot, request, path=checked_path(path)
        )

    def clone(
        self, owner: Owner, name: str, new_name: str, request: Request, snapshot: str = ""
    ) -> Operation:
        """Ask for a copy of a workload, which has nothing to do with it afterwards.

        Args:
            owner: whose it is.
            name: of the workload.
            new_name: of the copy.
            request: where it came from.
            snapshot: what the copy begins as, as for :meth:`find_snapshot`; as things are now when empty.

        Raises:
            UnknownSnapshot: there is none like that.
            NameInUse: the owner has a workload of this name.
            NoSpace: the pool is full, or the owner has all that they may have.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        source = self._find(owner, name)
        checked_name(new_name)
        if source.generation is None:
            raise InvalidRequest(f"{name} is still being made.", hint="Ask again once it runs.")
        chosen_name = self.find_snapshot(owner, name, snapshot).name if snapshot else ""
        self._preflight.check_new(owner)
        spec = source.spec.model_copy(update={"name": new_name})
        target = source.generation.model_copy(update={"spec": spec})
        with self._database.write():  # both or neither: a workload without its operation would stay for ever
            copy = self._workloads.add(owner, spec, source.node, self._clock())
            self._workloads.set(
                copy.node,
                copy.machine,
                quota=source.quota,
                schedule=source.schedule.model_dump(mode="json"),
            )
            return self._operations.submit(
                _CopyOf(owner.key, copy.node, name, copy.machine),
                OperationKind.CLONE,
                request,
                target=target,
                arguments=Arguments(name=new_name, snapshot=chosen_name),
            )

    def schedule(self, owner: Owner, name: str, schedule: Schedule, request: Request) -> Operation:
        """Ask for snapshots of a workload to be taken by themselves, and so many of each kind to be kept.

        Raises:
            UnknownWorkload: there is none, or it is another owner's.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        arguments = Arguments(schedule=schedule)
        return self._operations.submit(
            self._find(owner, name), OperationKind.SCHEDULE, request, arguments=arguments
        )

    def diff(self, owner: Owner, name: str, snapshot: str) -> Difference:
        """What became of the files of a workspace since a snapshot.

        Args:
            owner: whose it is.
            name: of the workload.
            snapshot: which, as for :meth:`find_snapshot`.

        Raises:
            UnknownSnapshot: there is none like that.
            HostFailure: the workspace is not mounted.
        """
        return self._calls.changed(owner, name, self.find_snapshot(owner, name, snapshot).name)

    def kept(self, owner: Owner, name: str, snapshot: str, path: str) -> KeptFile:
        """A file or folder as a snapshot has it, and what is in its place now.

        Raises:
            UnknownSnapshot: there is no such snapshot, or no such file in it.
            InvalidRequest: the path is none, or leads through a link.
        """
        whole = checked_path(path)
        return self._calls.kept(owner, name, self.find_snapshot(owner, name, snapshot).name, whole)

    def space(self, owner: Owner) -> OwnerSpace:
        """Where an owner's space goes: of each workload and of what is in the trash, the largest first."""
        taking = self._calls.space(owner)
        live = {one.machine: one.name for one in self._workloads.of_owner(owner)}
        gone = {one.operation: one.workload.name for one in self._trash.of_owner(owner)}
        spaces = [_space(live.get(machine, machine), room) for machine, room in taking.workloads.items()]
        spaces += [
            _space(gone.get(number, f"operation {number}"), room, trash=True)
            for number, room in taking.trash.items()
        ]
        ordered = sorted(spaces, key=lambda one: (-one.total, one.name))
        return OwnerSpace(quota=taking.quota, used=taking.used, workloads=tuple(ordered))

    def plan(self, owner: Owner, kind: OperationKind, name: str, arguments: Arguments) -> Plan | None:
        """What an operation would take away, as things stand now; None where it would take nothing away.

        Raises:
            UnknownSnapshot: it is there no more.
        """
        match kind:
            case OperationKind.FORGET:
                return self._forgetting(owner, name, arguments.snapshot)
            case OperationKind.REVERT:
                return self._reverting(owner, name, arguments.snapshot)
            case OperationKind.RESTORE_FILE:
                return self._restoring(owner, name, arguments)
            case _:
                return None

    def _with_snapshot(  # noqa: PLR0913, PLR0917 - what the three that begin with one are told
        self, kind: OperationKind, owner: Owner, name: str, snapshot: str, request: Request, path: str = ""
    ) -> Operation:
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        workload = self._find(owner, name)
        arguments = Arguments(snapshot=self.find_snapshot(owner, name, snapshot).name, path=path)
        return self._operations.submit(workload, kind, request, arguments=arguments)

    def _forgetting(self, owner: Owner, name: str, snapshot: str) -> Plan:
        one = self.find_snapshot(owner, name, snapshot)
        return Plan(
            summary=f"Forget the snapshot {self._told(one)} of {name}, with what only it still holds.",
            losses=(Loss(what="snapshot", amount=-(-one.used // STEP) * STEP, unit="bytes"),),
        )

    def _reverting(self, owner: Owner, name: str, snapshot: str) -> Plan:
        workload = self._find(owner, name)
        known = self.snapshots(owner, name)
        one = self.find_snapshot(owner, name, snapshot)
        changed = self._calls.changed(owner, name, one.name, limit=0).total
        newer = known.index(one)
        alone = not one.root or self._history.changed_since(workload.node, workload.machine, one.taken_at)
        what = (
            "Only /workspace, as its modules were changed since"
            if alone
            else "What changed outside of /workspace since then goes, too"
        )
        return Plan(
            summary=f"Take {name} back to {self._told(one)}. {what}. "
            "As it is now it is kept in the trash, newer snapshots included.",
            losses=(
                Loss(what="changed files", amount=about(changed), unit="count"),
                Loss(what="newer snapshots", amount=newer, unit="count"),
            ),
        )

    def _restoring(self, owner: Owner, name: str, arguments: Arguments) -> Plan | None:
        kept = self._calls.kept(owner, name, arguments.snapshot, arguments.path)
        if kept.now is None:
            return None
        one = self.find_snapshot(owner, name, arguments.snapshot)
        return Plan(
            summary=f"Overwrite {kept.path} of {name} with what it was at {self._told(one)}. "
            "A snapshot is taken before.",
            losses=(Loss(what="overwritten", amount=kept.now, unit="bytes"),),
        )

    def _told(self, one: SnapshotInfo) -> str:
        """A snapshot as a person knows it."""
        moment = f"{one.taken_at.astimezone(self.zone):%Y-%m-%d %H:%M}"
        if one.kind is SnapshotKind.BEFORE:
            return f"{moment}, before operation {one.label}"
        return f"{moment} ({one.label or one.kind})"


def about(count: int) -> int:
    """A count as a person takes it in: of what has many digits the first two count, rounded up.

    A workspace in which somebody works would otherwise have another plan each second.
    """
    step = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def _space(name: str, room: Room, *, trash: bool = False) -> Space:
    return Space(name=name, **room.model_dump(), trash=trash)
