"""Calls of a node: what a process without rights on it asks its worker, and what must not run twice."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, case, delete, insert, null, select, update

from agent.core.errors import Problem
from agent.store.database import Database
from agent.store.schema import node_calls

_UNREAD = [column for column in node_calls.c if column.name != "data"]
"""All of a row but its bytes, which nobody needs who only looks how far it is."""


@dataclass(frozen=True)
class NodeCall:
    """A call as it is written down.

    Attributes:
        id: counts up.
        method: what is to be done.
        arguments: of it, as JSON.
        data: bytes that go with it, for who takes it; once it has ended, bytes that go with the answer.
        result: the answer, as JSON.
        problem: why there is none.
        taken_at: when somebody began to do it; None before.
        ended_at: when it was over; None before.
    """

    id: int
    method: str
    arguments: dict[str, Any]
    data: bytes | None
    result: Any
    problem: Problem | None
    taken_at: datetime | None
    ended_at: datetime | None


class NodeCallStore:
    """Calls by number. One is taken once, by whoever is first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(  # noqa: PLR0913 - each is a column
        self,
        node: str,
        method: str,
        arguments: dict[str, Any],
        now: datetime,
        *,
        data: bytes | None = None,
        key: str = "",
        taken: bool = False,
    ) -> tuple[NodeCall, bool]:
        """Write a call down.

        Args:
            node: whose worker is to do it.
            method: what is to be done.
            arguments: of it.
            now: the time in UTC.
            data: bytes that go with it.
            key: the same call again has the same; empty where none is repeated.
            taken: whether who writes it down does it.

        Returns:
            The call, and whether it is new. Where the key is known, it is the call that has it.
        """
        values = {
            "key": key or None,
            "node": node,
            "method": method,
            "arguments": arguments,
            "data": data,
            "created_at": now,
            "taken_at": now if taken else None,
        }
        with self._database.write() as connection:
            if key:
                known = node_calls.c.key == key
                # One that nobody took is asked for anew: it is not too old to be done.
                anew = update(node_calls).where(known, node_calls.c.taken_at.is_(None))
                connection.execute(anew.values(created_at=now))
                row = connection.execute(_looking().where(known)).mappings().first()
                if row is not None:
                    return _call(row), False
            entered = insert(node_calls).values(result=null(), problem=null(), **values).returning(*_UNREAD)
            return _call(connection.execute(entered).mappings().one()), True

    def get(self, number: int) -> NodeCall | None:
        """A call by its number; None once it is forgotten."""
        with self._database.read() as connection:
            row = connection.execute(_looking().where(node_calls.c.id == number)).mappings().first()
        return None if row is None else _call(row)

    def waiting(self, node: str, not_before: datetime) -> frozenset[str]:
        """The methods of a node's calls that nobody does; see :meth:`take`."""
        query = select(node_calls.c.method).where(
            node_calls.c.node == node,
            node_calls.c.taken_at.is_(None),
            node_calls.c.created_at >= not_before,
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(query.distinct()).scalars())

    def take(
        self, node: str, methods: Collection[str], now: datetime, not_before: datetime
    ) -> NodeCall | None:
        """The oldest call of a node that nobody does, for who asks to do it.

        Args:
            node: whose.
            methods: only one of these.
            now: the time in UTC.
            not_before: who entered it earlier does not wait for it any more.
        """
        waiting = (
            select(node_calls.c.id)
            .where(
                node_calls.c.node == node,
                node_calls.c.taken_at.is_(None),
                node_calls.c.method.in_(methods),
                node_calls.c.created_at >= not_before,
            )
            .order_by(node_calls.c.id)
            .limit(1)
        )
        with self._database.read() as connection:  # where there is none, nobody has to wait for that
            number = connection.execute(waiting).scalar()
        if number is None:
            return None
        free = node_calls.c.id == number, node_calls.c.taken_at.is_(None)
        with self._database.write() as connection:
            taken = update(node_calls).where(*free).values(taken_at=now).returning(node_calls)
            row = connection.execute(taken).mappings().first()
        return None if row is None else _call(row)

    def withdraw(self, number: int) -> bool:
        """Take a call back, if nobody has begun to do it.

        Returns:
            Whether it was, so that it is never done.
        """
        free = node_calls.c.id == number, node_calls.c.taken_at.is_(None)
        with self._database.write() as connection:
            return bool(connection.execute(delete(node_calls).where(*free)).rowcount)

    def finish(
        self,
        number: int,
        now: datetime,
        *,
        result: object = None,
        data: bytes | None = None,
        problem: Problem | None = None,
    ) -> None:
        """Write down how a call ended."""
        values = {
            "result": result,
            "data": data,
            "problem": problem.as_dict() if problem else null(),
            "ended_at": now,
        }
        with self._database.write() as connection:
            connection.execute(update(node_calls).where(node_calls.c.id == number).values(**values))

    def abandon(self, node: str, problem: Problem, now: datetime) -> None:
        """End what somebody began on a node who is not there any more."""
        left = node_calls.c.node == node, node_calls.c.taken_at.is_not(None), node_calls.c.ended_at.is_(None)
        values = {"problem": problem.as_dict(), "data": None, "ended_at": now}
        with self._database.write() as connection:
            connection.execute(update(node_calls).where(*left).values(**values))

    def prune(self, answered: datetime, known: datetime) -> None:
        """Forget what nobody will ask for again.

        Args:
            answered: what ended before, or was never taken since. What has a key stays, without its bytes.
            known: what has a key and ended before.
        """
        ended, key = node_calls.c.ended_at, node_calls.c.key
        gone: ColumnElement[bool] = (
            (ended < answered) & key.is_(None)
            | (ended < known)
            | (node_calls.c.taken_at.is_(None) & (node_calls.c.created_at < answered))
        )
        with self._database.write() as connection:
            connection.execute(delete(node_calls).where(gone))
            left = update(node_calls).where(ended < answered, node_calls.c.data.is_not(None))
            connection.execute(left.values(data=None))


def _looking() -> Select[Any]:
    answered = case((node_calls.c.ended_at.is_not(None), node_calls.c.data), else_=null())
    return select(*_UNREAD, answered.label("data"))


def _call(row: RowMapping) -> NodeCall:
    problem = row["problem"]
    return NodeCall(
        id=row["id"],
        method=row["method"],
        arguments=row["arguments"],
        data=row.get("data"),
        result=row["result"],
        problem=None if problem is None else Problem(**problem),
        taken_at=row["taken_at"],
        ended_at=row["ended_at"],
    )
