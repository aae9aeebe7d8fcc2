"""What came in from chats: a row is there before the sender is told that it arrived."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, update

from agent.core.chat import Incoming
from agent.store.database import Database
from agent.store.schema import inbox


class Inbox:
    """Incoming things by source and number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, arrived: Iterable[Incoming]) -> list[Incoming]:
        """Keep what arrived, in one transaction.

        Returns:
            Those that were not known before.
        """
        new: list[Incoming] = []
        with self._database.write() as connection:
            for one in arrived:
                known = select(inbox.c.number).where(*_is(one))
                if connection.execute(known).first() is None:
                    connection.execute(insert(inbox).values(**vars(one)))
                    new.append(one)
        return new

    def open(self, source: str) -> list[Incoming]:
        """What is not handled, oldest first."""
        query = (
            select(inbox.c.source, inbox.c.number, inbox.c.lane, inbox.c.payload, inbox.c.received_at)
            .where(inbox.c.source == source, inbox.c.handled_at.is_(None))
            .order_by(inbox.c.number)
        )
        with self._database.read() as connection:
            return [Incoming(**row) for row in connection.execute(query).mappings()]

    def done(self, one: Incoming, now: datetime) -> None:
        """Note that it is handled. What it said is not kept: the conversation has it."""
        with self._database.write() as connection:
            connection.execute(update(inbox).where(*_is(one)).values(handled_at=now, payload=""))

    def prune(self, before: datetime) -> None:
        """Forget what was handled before a moment; the sender must not send it again after that."""
        with self._database.write() as connection:
            connection.execute(delete(inbox).where(inbox.c.handled_at < before))


def _is(one: Incoming) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return inbox.c.source == one.source, inbox.c.number == one.number
