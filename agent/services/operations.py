"""Operations as their owner sees them: look, wait, agree, refuse. The one gate stands here."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from agent.core.account import Role
from agent.core.errors import ApprovalExpired, InvalidRequest, PlanChanged, UnknownOperation, WorkerAbsent
from agent.core.operation import (
    Arguments,
    Operation,
    OperationKind,
    OperationState,
    Plan,
    Request,
    Subject,
)
from agent.core.owner import Owner
from agent.core.workload import Generation
from agent.services.access import Access
from agent.services.watching import Watcher
from agent.store.database import Database
from agent.store.nodes import NodeStore
from agent.store.operations import OperationStore
from agent.store.workloads import WorkloadStore

WORKER_SILENCE = timedelta(seconds=10)
"""A worker that was not heard of for so long is taken for absent."""

NODE_WIDE = frozenset({OperationKind.BUILD, OperationKind.PRUNE, OperationKind.BACKUP, OperationKind.RECEIVE})
"""What concerns everybody on a node, or names a place of it, and so is an admin's."""

SLICE = 1.0
"""Seconds after which who waits looks whether there is a worker."""

Planner = Callable[[Owner, OperationKind, str, Arguments], Plan | None]
"""What an operation of a gated kind would take away of a workload, by its name, as things stand now.

None where it takes nothing away, so that nobody has to be asked.
"""


class Operations:
    """The operations of each owner.

    Args:
        database: where they lie.
        store: their record.
        workloads: their record.
        nodes: the workers' heartbeat.
        access: who may.
        planner: makes the plan of a gated operation.
        approval: for how long a person may agree to a plan.
        clock: the time in UTC.
        ensure_worker: called while something waits, to start a worker in this process where that is wanted.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root names each part
        self,
        database: Database,
        store: OperationStore,
        workloads: WorkloadStore,
        nodes: NodeStore,
        access: Access,
        planner: Planner,
        approval: timedelta,
        clock: Callable[[], datetime],
        ensure_worker: Callable[[], None],
    ) -> None:
        self._database = database
        self._store = store
        self._workloads = workloads
        self._nodes = nodes
        self._access = access
        self._planner = planner
        self._approval = approval
        self._clock = clock
        self._ensure_worker = ensure_worker
        self._watcher = Watcher(database, store)

    def submit(  # noqa: PLR0913 - each is a part of what is asked
        self,
        subject: Subject,
        kind: OperationKind,
        request: Request,
        *,
        target: Generation | None = None,
        arguments: Arguments | None = None,
        undoes: int | None = None,
    ) -> Operation:
        """Enter an operation. One that would take something away waits for a person to agree to its plan.

        Args:
            subject: what it is about.
            kind: what is changed.
            request: where it came from.
            target: what the workload is to be made of afterwards.
            arguments: what the kind is told.
            undoes: number of the operation that it takes back.

        Raises:
            NotAllowed: who asks may not.
        """
        if (known := self.asked(Owner(subject.owner), request)) is not None:
            return known
        told = arguments or Arguments()
        # Nobody hands a plan in: there is no way past this one.
        plan = self._planner(Owner(subject.owner), kind, subject.name, told) if kind.gated else None
        needed = Role.ADMIN if kind in NODE_WIDE else Role.OPERATOR
        with self._database.write():  # a role is taken before this, or after this and the operation with it
            self._access.authorise(subject.owner, request.by, needed)
            return self._store.add(
                subject, kind, request, self._clock(), plan, target, arguments=told, undoes=undoes
            )

    def get(self, owner: Owner, number: int) -> Operation:
        """An operation of this owner.

        Raises:
            UnknownOperation: there is none, or it is another owner's.
        """
        operation = self._store.get(number)
        if operation is None or operation.owner != owner.key:
            raise UnknownOperation(f"You have no operation {number}.", hint="Ask for your operations.")
        return operation

    def asked(self, owner: Owner, request: Request) -> Operation | None:
        """The operation that this very request has entered before."""
        return self._store.asked(owner.key, request)

    def waiting(self, owner: Owner, conversation: str) -> list[Operation]:
        """What waits for a person's answer in one conversation, oldest first."""
        proposed = self._store.of_owner(owner, limit=100, state=OperationState.PROPOSED)
        return [
            operation for operation in reversed(proposed) if operation.request.conversation == conversation
        ]

    def open_from(self, channel: str) -> list[Operation]:
        """What was asked for on a channel, by whomever, and has not ended: for who shows how it goes."""
        return self._store.open_from(channel)

    def seen(self, number: int) -> Operation | None:
        """An operation for a channel that shows it already."""
        return self._store.get(number)

    def approve(self, owner: Owner, number: int, digest: str, by: str = "") -> Operation:
        """A person agrees to exactly the plan that was shown.

        Args:
            owner: whose operation it is.
            number: of the operation.
            digest: of the plan that was shown.
            by: the account of who agrees, where that is not the owner.

        Raises:
            NotAllowed: who agrees may not.
            PlanChanged: things have changed; the operation now has the new plan.
            ApprovalExpired: too much time has passed since it was asked for.
            InvalidRequest: it does not wait for an answer, or its workload made way for another.
        """
        self._access.authorise(owner.key, by, Role.OPERATOR)
        operation = self.get(owner, number)
        operation.check_move(OperationState.QUEUED)
        if self._clock() - operation.created_at > self._approval:
            raise expired(operation)
        if operation.plan is None:
            raise InvalidRequest(f"Operation {number} has no plan to agree to.")
        if operation.kind is not OperationKind.PURGE and self._store.followed(operation):
            raise InvalidRequest(
                f"There is another {operation.workload} by now than the one that was shown.",
                f"That one was there when operation {number} was asked for.",
                "Ask for it again.",
            )
        plan = self._planner(owner, operation.kind, operation.workload, operation.arguments)
        if plan is not None and plan != operation.plan:
            self._store.replan(number, plan)
        if digest != (operation.plan if plan is None else plan).digest:
            raise PlanChanged("What would be lost has changed since it was shown.", hint="Look at it again.")
        with self._database.write():  # making the plan took its time: they may not be allowed to any more
            self._access.authorise(owner.key, by, Role.OPERATOR)
            agreed = by or owner.key
            return self._store.move(number, OperationState.QUEUED, self._clock(), approved_by=agreed)

    def deny(self, owner: Owner, number: int, by: str = "") -> Operation:
        """A person does not agree; nothing is changed.

        Raises:
            NotAllowed: who refuses may not.
        """
        with self._database.write():
            self._access.authorise(owner.key, by, Role.OPERATOR)
            return self._store.move(self.get(owner, number).id, OperationState.DENIED, self._clock())

    def cancel(self, owner: Owner, number: int, by: str = "") -> Operation:
        """A person does not want it any more. Answers at once.

        What has not begun never does. What runs is ended by the worker, and what it made is taken away: then
        the operation is ``cancelled``, or ``done`` where it was at its end, or past its way back, already.

        Args:
            owner: whose operation it is.
            number: of the operation.
            by: the account of who wants it, where that is not the owner.

        Raises:
            NotAllowed: who asks may not.
            UnknownOperation: there is none, or it is another owner's.
            InvalidRequest: it has ended.
        """
        with self._database.write():
            self._access.authorise(owner.key, by, Role.OPERATOR)
            operation = self._store.cancel(self.get(owner, number).id, by or owner.key)
            if operation.state is OperationState.RUNNING:
                return operation
            if operation.kind.enters:  # nothing was made, so nobody would take it away
                self._workloads.withdraw(operation.node, operation.machine)
            return self._store.move(number, OperationState.CANCELLED, self._clock())

    def ensure_worker(self) -> None:
        """Start a worker in this process, where that is wanted and none runs."""
        self._ensure_worker()

    def watch(self, owner: Owner, number: int, patience: float = float("inf")) -> Iterator[Operation]:
        """Yield an operation now and whenever it has changed.

        Ends when it has ended, waits for a person, or ``patience`` (seconds) is over.

        Raises:
            WorkerAbsent: nobody is there to run it; it stays queued.
        """
        started = checked = time.monotonic()
        with self._watcher.news_of(number) as news:
            yield (operation := self.get(owner, number))
            while not operation.state.ended and operation.state is not OperationState.PROPOSED:
                now = time.monotonic()
                if now - started >= patience:
                    return
                self._ensure_worker()
                if now - checked > WORKER_SILENCE.total_seconds():
                    checked = now
                    self._check_worker(operation)
                if news.wait(min(started + patience - now, SLICE)):
                    news.clear()
                    if (seen := self.get(owner, number)) != operation:
                        yield (operation := seen)

    def wait(self, owner: Owner, number: int, patience: float = float("inf")) -> Operation:
        """The last state that :meth:`watch` yields."""
        *_, last = self.watch(owner, number, patience)
        return last

    def _check_worker(self, operation: Operation) -> None:
        seen = self._nodes.seen_at(operation.node)
        if seen is None or self._clock() - seen > WORKER_SILENCE:
            raise WorkerAbsent(
                f"Operation {operation.id} waits, but nothing runs operations on {operation.node}.",
                "Its worker was never heard of."
                if seen is None
                else f"Its worker was last heard of at {seen:%H:%M:%S} UTC.",
                "Start it with `systemctl start voxnix-worker`, or run `voxnix worker`. Nothing is lost.",
            )

    def list(self, owner: Owner, limit: int = 20) -> list[Operation]:
        """The owner's operations, newest first."""
        return self._store.of_owner(owner, limit)


def expired(operation: Operation) -> ApprovalExpired:
    """What to tell of an operation to which nobody agreed in time."""
    return ApprovalExpired(
        f"Nobody agreed to {operation.kind} {operation.workload} in time, so nothing was changed.",
        "Things may not be any more as they were shown.",
        "Ask for it again.",
    )
