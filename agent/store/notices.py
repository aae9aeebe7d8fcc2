"""Notices: what an owner is to be told, each occasion once."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from agent.core.notice import Notice, NoticeKind
from agent.core.workload import Workload
from agent.store.database import Database
from agent.store.schema import notices

LASTING = [kind.value for kind in NoticeKind if kind.lasting]


class NoticeStore:
    """Notices by number, and by the occasion that each is of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        kind: NoticeKind,
        workload: Workload,
        values: Mapping[str, str | int],
        occasion: str,
        now: datetime,
    ) -> None:
        """Enter a notice, unless there is one of this occasion."""
        row = {
            "owner": workload.owner,
            "kind": kind.value,
            "workload": workload.name,
            "values": dict(values),
            "occasion": occasion,
            "created_at": now,
        }
        try:
            # A savepoint: an occasion that is known must not end the transaction that this is part of.
            with self._database.write() as connection, connection.begin_nested():
                connection.execute(insert(notices).values(**row))
        except IntegrityError:
            return

    def waiting(self, since: datetime) -> list[Notice]:
        """What was not delivered and is no older than this, oldest first."""
        query = (
            select(notices)
            .where(notices.c.delivered_at.is_(None), notices.c.created_at >= since)
            .order_by(notices.c.id)
        )
        with self._database.read() as connection:
            return [_notice(row) for row in connection.execute(query).mappings()]

    def deliver(self, number: int, now: datetime) -> None:
        """Note that a notice was delivered; noting it again changes nothing."""
        one = (notices.c.id == number, notices.c.delivered_at.is_(None))
        with self._database.write() as connection:
            connection.execute(update(notices).where(*one).values(delivered_at=now))

    def drop(self, number: int) -> None:
        """Forget a notice that nobody has to be told any more."""
        with self._database.write() as connection:
            connection.execute(delete(notices).where(notices.c.id == number))

    def end(self, prefix: str, lasting: Collection[str]) -> None:
        """Forget the occasions that are over, so that the next of the same name is a new one.

        Args:
            prefix: what the occasions that are meant begin with.
            lasting: those that are not over.
        """
        known = notices.c.occasion.startswith(prefix, autoescape=True)
        with self._database.write() as connection:
            found = connection.execute(select(notices.c.id, notices.c.occasion).where(known)).all()
            over = [row.id for row in found if row.occasion not in lasting]
            if over:
                connection.execute(delete(notices).where(notices.c.id.in_(over)))

    def prune(self, before: datetime) -> None:
        """Forget what is older than this and is not lasting."""
        old = (notices.c.created_at < before, notices.c.kind.not_in(LASTING))
        with self._database.write() as connection:
            connection.execute(delete(notices).where(*old))


def _notice(row: RowMapping) -> Notice:
    return Notice(
        id=row["id"],
        owner=row["owner"],
        kind=NoticeKind(row["kind"]),
        workload=row["workload"],
        values=row["values"],
        created_at=row["created_at"],
    )
