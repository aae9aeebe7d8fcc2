"""Operations: the one durable record of every change, and so the audit trail."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, exists, func, insert, or_, select, update

from agent.core.errors import InvalidRequest, Problem
from agent.core.operation import (
    Arguments,
    Operation,
    OperationKind,
    OperationState,
    Plan,
    Progress,
    Request,
    Subject,
)
from agent.core.owner import Owner
from agent.core.workload import ContainerSpec, Generation
from agent.store.database import Database
from agent.store.schema import operations

ACTIVE = (OperationState.QUEUED.value, OperationState.RUNNING.value)


Mark = tuple[str, int, str]
"""What changes while an operation runs: its state, its step, how far that is."""


class OperationStore:
    """Operations by number. Every change of state goes through :meth:`move`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(  # noqa: PLR0913, PLR0917 - each is a column
        self,
        subject: Subject,
        kind: OperationKind,
        request: Request,
        now: datetime,
        plan: Plan | None = None,
        target: Generation | None = None,
        arguments: Arguments | None = None,
        undoes: int | None = None,
    ) -> Operation:
        """Enter a new operation: ``proposed`` if it has a plan, else ``queued``.

        A request with the key of an earlier one is that one: its operation is returned as it stands now.
        """
        if (known := self.asked(subject.owner, request)) is not None:
            return known
        state = OperationState.QUEUED if plan is None else OperationState.PROPOSED
        values: dict[str, Any] = {
            "owner": subject.owner,
            "node": subject.node,
            "kind": kind.value,
            "workload": subject.name,
            "machine": subject.machine,
            "request": request.model_dump(mode="json"),
            "key": request.key or None,
            "state": state.value,
            "plan": None if plan is None else plan.model_dump(mode="json"),
            "target": None if target is None else target.model_dump(mode="json"),
            "step": 0,
            "steps": 0,
            "progress": Progress().model_dump(mode="json"),
            "claims": [],
            "arguments": (arguments or Arguments()).model_dump(mode="json"),
            "found": [],
            "undoes": undoes,
            "approved_by": "",
            "cancelled_by": "",
            "created_at": now,
        }
        with self._database.write() as connection:
            number = connection.execute(
                insert(operations).values(**values).returning(operations.c.id)
            ).scalar_one()
            return self._read(connection, number)

    def asked(self, owner: str, request: Request) -> Operation | None:
        """The operation that this very request has entered before."""
        if not request.key:
            return None
        query = select(operations).where(operations.c.key == request.key, operations.c.owner == owner)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _operation(row)

    def keyed(self, prefix: str) -> list[Operation]:
        """The operations whose requests have keys that begin like this, oldest first."""
        query = select(operations).where(operations.c.key.startswith(prefix, autoescape=True))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(operations.c.id)).mappings()
            return [_operation(row) for row in rows]

    def get(self, number: int) -> Operation | None:
        """An operation by its number."""
        with self._database.read() as connection:
            row = connection.execute(select(operations).where(operations.c.id == number)).mappings().first()
        return None if row is None else _operation(row)

    def marks(self, numbers: Sequence[int]) -> dict[int, Mark]:
        """How far some operations are, in one short query."""
        query = select(operations.c.id, operations.c.state, operations.c.step, operations.c.progress).where(
            operations.c.id.in_(numbers)
        )
        with self._database.read() as connection:
            return {
                number: (state, step, str(progress))
                for number, state, step, progress in connection.execute(query)
            }

    def of_owner(self, owner: Owner, limit: int, state: OperationState | None = None) -> list[Operation]:
        """An owner's operations, newest first."""
        query = select(operations).where(operations.c.owner == owner.key)
        if state is not None:
            query = query.where(operations.c.state == state.value)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(operations.c.id.desc()).limit(limit)).mappings()
            return [_operation(row) for row in rows]

    def ready(self, node: str) -> dict[int, OperationKind]:
        """A node's operations that may run now, by number: the oldest active one of each workload."""
        earlier = operations.alias()
        query = (
            select(operations.c.id, operations.c.kind)
            .where(operations.c.node == node, operations.c.state.in_(ACTIVE))
            .where(
                ~exists().where(
                    earlier.c.node == node,
                    earlier.c.machine == operations.c.machine,
                    earlier.c.state.in_(ACTIVE),
                    earlier.c.id < operations.c.id,
                )
            )
            .order_by(operations.c.id)
        )
        with self._database.read() as connection:
            return {number: OperationKind(kind) for number, kind in connection.execute(query)}

    def busy(self, node: str) -> frozenset[str]:
        """The machines of a node on which operations run, or wait for each other."""
        query = select(operations.c.machine).where(operations.c.node == node, operations.c.state.in_(ACTIVE))
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def open_from(self, channel: str) -> list[Operation]:
        """The operations that were asked for on a channel and have not ended, oldest first."""
        query = (
            select(operations)
            .where(operations.c.state.in_((OperationState.PROPOSED.value, *ACTIVE)))
            .order_by(operations.c.id)
        )
        with self._database.read() as connection:
            found = [_operation(row) for row in connection.execute(query).mappings()]
        return [one for one in found if one.request.channel.startswith(channel)]

    def hold_open(self, account: str) -> list[Operation]:
        """What an account has asked for and has not begun; nor does it before the end of the transaction.

        What somebody else asked for on its behalf is theirs.
        """
        by = func.coalesce(operations.c.request["by"].as_string(), "")
        query = (
            select(operations)
            .where(operations.c.state.in_((OperationState.PROPOSED.value, OperationState.QUEUED.value)))
            .where(or_(by == account, and_(operations.c.owner == account, by == "")))
            .order_by(operations.c.id)
            .with_for_update()
        )
        with self._database.write() as connection:
            return [_operation(row) for row in connection.execute(query).mappings()]

    def active(self, node: str) -> list[Operation]:
        """A node's operations that are queued or run, oldest first."""
        query = (
            select(operations)
            .where(operations.c.node == node, operations.c.state.in_(ACTIVE))
            .order_by(operations.c.id)
        )
        with self._database.read() as connection:
            return [_operation(row) for row in connection.execute(query).mappings()]

    def under_way(self, node: str) -> list[Generation]:
        """What is to be made by the operations of a node that have not ended."""
        query = select(operations.c.target).where(
            operations.c.node == node, operations.c.state.in_(ACTIVE), operations.c.target.is_not(None)
        )
        with self._database.read() as connection:
            found = connection.execute(query).scalars()
            return [Generation.model_validate(target) for target in found if target is not None]

    def using_trash(self, number: int) -> list[int]:
        """Numbers of the operations that bring something back from the trash or purge it; oldest first."""
        query = select(operations.c.id).where(
            operations.c.state.in_(ACTIVE), operations.c.arguments["trash"].as_integer() == number
        )
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(operations.c.id)).scalars())

    def copying(self, node: str, owner: str, snapshot: str) -> list[int]:
        """Numbers of the operations that make a copy of a snapshot, or will; oldest first."""
        query = select(operations.c.id).where(
            operations.c.node == node,
            operations.c.owner == owner,
            operations.c.kind == OperationKind.CLONE.value,
            operations.c.state.in_(ACTIVE),
            operations.c.arguments["snapshot"].as_string() == snapshot,
        )
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(operations.c.id)).scalars())

    def changed_since(self, node: str, machine: str, moment: datetime) -> bool:
        """Whether what a machine is made of was changed after a moment, or is being changed."""
        query = select(operations.c.id).where(
            operations.c.node == node,
            operations.c.machine == machine,
            operations.c.kind.in_((OperationKind.UPDATE.value, OperationKind.ROLLBACK.value)),
            or_(
                operations.c.state == OperationState.RUNNING.value,
                and_(operations.c.state == OperationState.DONE.value, operations.c.ended_at > moment),
            ),
        )
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def was_under_way(self, node: str, machine: str, moment: datetime) -> bool:
        """Whether an operation on a machine was running at a moment."""
        query = select(operations.c.id).where(
            operations.c.node == node,
            operations.c.machine == machine,
            operations.c.started_at <= moment,
            operations.c.ended_at.is_(None) | (operations.c.ended_at >= moment),
        )
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def followed(self, operation: Operation) -> bool:
        """Whether what an operation is about made way for another workload of its machine's name.

        That was entered by a later operation, so there was none of this name then. It counts what was asked
        for after what, and no clock.
        """
        query = select(operations.c.plan).where(
            operations.c.node == operation.node,
            operations.c.machine == operation.machine,
            operations.c.id > operation.id,
            operations.c.kind.in_([kind.value for kind in OperationKind if kind.enters]),
            operations.c.state.in_((OperationState.DONE.value, *ACTIVE)),
        )
        with self._database.read() as connection:
            # What comes back in the place of another had to be agreed to, and entered nothing.
            return any(plan is None for plan in connection.execute(query).scalars())

    def asked_for(self, node: str) -> list[ContainerSpec]:
        """What the containers were to be made of that were ever created on a node, the newest first."""
        query = (
            select(operations.c.target)
            .where(operations.c.node == node, operations.c.kind == OperationKind.CREATE.value)
            .order_by(operations.c.id.desc())
        )
        with self._database.read() as connection:
            found = connection.execute(query).scalars()
            return [Generation.model_validate(target).spec for target in found if target is not None]

    def move(  # noqa: PLR0913 - each is a column that changes with the state
        self,
        number: int,
        to: OperationState,
        now: datetime,
        *,
        plan: Plan | None = None,
        problem: Problem | None = None,
        steps: int | None = None,
        approved_by: str = "",
    ) -> Operation:
        """Change the state, in one transaction that checks that it may.

        Raises:
            InvalidRequest: the operation is not where this may follow.
        """
        values: dict[str, Any] = {"state": to.value}
        if to is OperationState.RUNNING:
            values["started_at"] = now
        if to.ended:
            values |= {"ended_at": now, "progress": Progress().model_dump(mode="json")}
        if approved_by:
            values["approved_by"] = approved_by
        if plan is not None:
            values["plan"] = plan.model_dump(mode="json")
        if problem is not None:
            values["problem"] = problem.as_dict()
        if steps is not None:
            values["steps"] = steps
        with self._database.write() as connection:
            self._read(connection, number, lock=True).check_move(to)
            connection.execute(update(operations).where(operations.c.id == number).values(**values))
            return self._read(connection, number)

    def cancel(self, number: int, by: str) -> Operation:
        """Note that somebody wants an operation to end that runs.

        Raises:
            InvalidRequest: it has ended.
        """
        with self._database.write() as connection:
            self._read(connection, number, lock=True).check_move(OperationState.CANCELLED)
            connection.execute(update(operations).where(operations.c.id == number).values(cancelled_by=by))
            return self._read(connection, number)

    def cancelled(self, node: str) -> list[int]:
        """Numbers of a node's operations that run, and that somebody wants to end."""
        query = select(operations.c.id).where(
            operations.c.node == node,
            operations.c.state == OperationState.RUNNING.value,
            operations.c.cancelled_by != "",
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def stale(self, node: str, before: datetime) -> list[int]:
        """Numbers of a node's operations to which nobody has agreed that were asked for before a moment."""
        query = select(operations.c.id).where(
            operations.c.node == node,
            operations.c.state == OperationState.PROPOSED.value,
            operations.c.created_at < before,
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def replan(self, number: int, plan: Plan) -> None:
        """Replace the plan that a person would agree to."""
        self._update(number, plan=plan.model_dump(mode="json"))

    def report(self, number: int, step: int, progress: Progress) -> None:
        """Note how far the running step is."""
        self._update(number, step=step, progress=progress.model_dump(mode="json"))

    def find(self, number: int, found: Iterable[str]) -> None:
        """Note what the steps of an operation found and did, a sentence each, once each."""
        with self._database.write() as connection:
            known = self._read(connection, number, lock=True).found
            connection.execute(
                update(operations)
                .where(operations.c.id == number)
                .values(found=list(dict.fromkeys([*known, *found])))
            )

    def claim(self, number: int, claims: Iterable[str]) -> None:
        """Note what the operation makes, before it is made."""
        self._update(number, claims=list(claims))

    def _update(self, number: int, **values: Any) -> None:  # noqa: ANN401 - column values
        with self._database.write() as connection:
            connection.execute(update(operations).where(operations.c.id == number).values(**values))

    @staticmethod
    def _read(connection: Connection, number: int, *, lock: bool = False) -> Operation:
        query = select(operations).where(operations.c.id == number)
        row = connection.execute(query.with_for_update() if lock else query).mappings().first()
        if row is None:
            raise InvalidRequest(f"There is no operation {number}.")
        return _operation(row)


def _operation(row: RowMapping) -> Operation:
    values = {name: value for name, value in row.items() if name != "key"}
    values["problem"] = None if values["problem"] is None else Problem(**values["problem"])
    return Operation.model_validate(values)
