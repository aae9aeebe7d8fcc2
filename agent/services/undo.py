"""Undo: the last change of an owner is taken back by another operation, with the same gates as any."""

from collections.abc import Callable, Sequence

from agent.core.errors import InvalidRequest
from agent.core.operation import Arguments, Operation, OperationKind, OperationState, Request
from agent.core.owner import Owner
from agent.core.storage import Schedule
from agent.core.workload import Generation, Workload
from agent.services.limits import QUOTA, RESERVATION
from agent.services.operations import Operations
from agent.services.storage import Storage
from agent.services.trash import Trash
from agent.services.workloads import Workloads
from agent.store.operations import OperationStore
from agent.store.trash import TrashStore
from agent.store.workloads import WorkloadStore

DEPTH = 200
"""Operations of an owner among which the last one that can be taken back is looked for."""
_NOT_DONE = frozenset({OperationState.FAILED, OperationState.DENIED, OperationState.CANCELLED})
_MAKING = frozenset(
    {
        OperationKind.CREATE,
        OperationKind.CLONE,
        OperationKind.RECEIVE,
        OperationKind.UPDATE,
        OperationKind.ROLLBACK,
    }
)
"""Kinds whose target is what their workload is made of afterwards."""

_REPLACING = frozenset({OperationKind.DESTROY, OperationKind.REVERT})
"""Kinds that put into the trash what was there before."""
_OPPOSITES = {
    OperationKind.CREATE: OperationKind.DESTROY,
    OperationKind.CLONE: OperationKind.DESTROY,
    OperationKind.RECEIVE: OperationKind.DESTROY,
    OperationKind.RESTORE: OperationKind.DESTROY,
    OperationKind.START: OperationKind.STOP,
    OperationKind.STOP: OperationKind.START,
}

_Way = Callable[[Request], Operation]


class Undo:
    """Takes back what was done last.

    What takes something back is itself not taken back: undo goes on to what was done before that.
    """

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        *,
        history: OperationStore,
        store: WorkloadStore,
        trashed: TrashStore,
        operations: Operations,
        workloads: Workloads,
        storage: Storage,
        trash: Trash,
    ) -> None:
        self._history = history
        self._store = store
        self._trashed = trashed
        self._operations = operations
        self._workloads = workloads
        self._storage = storage
        self._trash = trash

    def last(self, owner: Owner) -> Operation | None:
        """What would be taken back: the newest change of an owner that can be, and was not yet."""
        found = self._find(owner)
        return None if found is None else found[0]

    def undo(self, owner: Owner, request: Request) -> Operation:
        """Ask for the last change to be taken back.

        Returns:
            The operation that does it; the one that is under way, or waits for an answer, where there is one.

        Raises:
            InvalidRequest: there is nothing that could be taken back.
        """
        if (known := self._operations.asked(owner, request)) is not None:
            return known
        for one in self._history.of_owner(owner, DEPTH):
            if one.undoes is not None and not one.state.ended:
                return one
        found = self._find(owner)
        if found is None:
            raise InvalidRequest(
                "There is nothing that could be undone.",
                "What was done last is undone already, or took nothing that could be given back.",
                "Ask for your operations, your snapshots, or what is in the trash.",
            )
        return found[1](request)

    def _find(self, owner: Owner) -> tuple[Operation, _Way] | None:
        known = self._history.of_owner(owner, DEPTH)
        taken_back = {one.undoes for one in known if one.state not in _NOT_DONE}
        for one in known:
            if one.state is OperationState.DONE and one.undoes is None and one.id not in taken_back:
                way = self._way(one, known)
                if way is not None:
                    return one, way
        return None

    def _way(  # noqa: PLR0911 - one for each kind of way
        self, done: Operation, known: Sequence[Operation]
    ) -> _Way | None:
        """What takes an operation back, as things stand now; None where nothing does."""
        if done.kind in _REPLACING or (done.kind is OperationKind.RESTORE and done.plan is not None):
            return self._restoring(done)
        workload = self._store.on(done.node, done.machine)
        if workload is None or workload.owner != done.owner:
            return None
        if done.kind in _OPPOSITES:
            return self._submitting(done, workload, _OPPOSITES[done.kind])
        match done.kind:
            case OperationKind.UPDATE | OperationKind.ROLLBACK:
                return self._remaking(done, workload, known)
            case OperationKind.RENAME:
                return self._renaming(done, workload)
            case OperationKind.RESIZE:
                return self._resizing(done, workload)
            case OperationKind.SCHEDULE | OperationKind.SNAPSHOT if done.claims:
                return self._with_snapshots(done, workload)
            case OperationKind.RESTORE_FILE:
                return self._restoring_file(done, workload)
            case _:
                return None

    def _submitting(
        self,
        done: Operation,
        workload: Workload,
        kind: OperationKind,
        arguments: Arguments | None = None,
        target: Generation | None = None,
    ) -> _Way:
        return lambda request: self._operations.submit(
            workload, kind, request, arguments=arguments, target=target, undoes=done.id
        )

    def _restoring(self, done: Operation) -> _Way | None:
        """What it put into the trash comes back, in the place of what there is of its name now."""
        trashed = self._trashed.get(done.id)
        if trashed is None:
            return None
        owner = Owner(done.owner)
        there = self._store.on(done.node, done.machine)
        # What it replaced may be called something else by now.
        name = there.name if there is not None and done.kind is not OperationKind.DESTROY else ""
        return lambda request: self._trash.restore_number(owner, done.id, request, name, undoes=done.id)

    def _remaking(self, done: Operation, workload: Workload, known: Sequence[Operation]) -> _Way | None:
        """It is made of what it was made of before: of what is kept of that, or anew."""
        earlier = (
            one.target
            for one in known
            if one.id < done.id
            and one.machine == done.machine
            and one.kind in _MAKING
            and one.state is OperationState.DONE
        )
        before = next(earlier, None)
        if before is None:
            return None
        before = before.renamed(workload.name)
        kept = workload.previous
        if kept is not None and _alike(kept, before):
            return self._submitting(done, workload, OperationKind.ROLLBACK, target=kept)
        if workload.generation is None or _alike(workload.generation, before):
            return None
        return self._submitting(done, workload, OperationKind.UPDATE, target=Generation(spec=before.spec))

    def _renaming(self, done: Operation, workload: Workload) -> _Way | None:
        owner = Owner(done.owner)
        if workload.name != done.arguments.name or self._store.find(owner, done.workload) is not None:
            return None
        return lambda request: self._workloads.rename(
            owner, workload.name, done.workload, request, undoes=done.id
        )

    def _resizing(self, done: Operation, workload: Workload) -> _Way | None:
        before = {
            prefix: int(claim.removeprefix(prefix))
            for claim in done.claims
            for prefix in (QUOTA, RESERVATION)
            if claim.startswith(prefix)
        }
        if set(before) != {QUOTA, RESERVATION}:
            return None
        return lambda request: self._workloads.resize(
            Owner(done.owner), workload.name, before[QUOTA], request, before[RESERVATION], undoes=done.id
        )

    def _with_snapshots(self, done: Operation, workload: Workload) -> _Way:
        if done.kind is OperationKind.SNAPSHOT:
            taken = Arguments(snapshot=done.claims[0])
            return self._submitting(done, workload, OperationKind.FORGET, taken)
        before = Arguments(schedule=Schedule.model_validate_json(done.claims[0]))
        return self._submitting(done, workload, OperationKind.SCHEDULE, before)

    def _restoring_file(self, done: Operation, workload: Workload) -> _Way | None:
        taken = self._storage.before(Owner(done.owner), workload.name, done.id)
        if taken is None:
            return None
        file = Arguments(snapshot=taken.name, path=done.arguments.path)
        return self._submitting(done, workload, OperationKind.RESTORE_FILE, file)


def _alike(one: Generation, other: Generation) -> bool:
    """Whether both are made of the same; where one was not built yet, of what it is asked to be made."""
    same = (one.spec.modules, one.spec.options) == (other.spec.modules, other.spec.options)
    return same and (not one.digest or not other.digest or one.digest == other.digest)
