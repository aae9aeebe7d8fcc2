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

    def put(self, source: str, arrived: Iterable[Incoming]) -> list[Incoming]:
        """Keep what arrived from a source, in one transaction.

        Returns:
            Those that were not known before.
        """
        new = {one.number: one for one in arrived}
        known = select(inbox.c.number).where(inbox.c.source == source, inbox.c.number.in_(new))
        with self._database.write() as connection:
            for number in connection.execute(known).scalars():
                del new[number]
            if new:
                connection.execute(insert(inbox), [vars(one) for one in new.values()])
        return list(new.values())

    def open(self, source: str) -> list[Incoming]:
        """What is not handled, oldest first."""
        query = (
            select(inbox.c.source, inbox.c.number, inbox.c.lane, inbox.c.payload, inbox.c.received_at)
            .where(inbox.c.source == source, inbox.c.handled_at.is_(None))
            .order_by(inbox.c.number)
        )
        with self._database.read() as connection:
            return [Incoming(**row) for row in connection.execute(query).mappings()]

    def amend(self, changed: Incoming, edit: Incoming, now: datetime) -> None:
        """Put a changed payload in the place of one that is not handled, which handles the change of it."""
        with self._database.write() as connection:
            still_open = update(inbox).where(*_is(changed), inbox.c.handled_at.is_(None))
            connection.execute(still_open.values(payload=changed.payload))
            connection.execute(update(inbox).where(*_is(edit)).values(handled_at=now, payload=""))

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
