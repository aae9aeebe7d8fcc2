"""Who is known, and by which number."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from agent.core.owner import Owner
from agent.store.database import Database
from agent.store.schema import owners


class OwnerStore:
    """Owners by key. A number is given once and never again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def number(self, owner: Owner, now: datetime) -> int:
        """The owner's number, from 1; a new owner gets the next one."""
        query = select(owners.c.number).where(owners.c.key == owner.key)
        with self._database.read() as connection:
            known = connection.execute(query).scalar()
        if known is not None:
            return known
        try:
            with self._database.write() as connection:
                added = insert(owners).values(key=owner.key, created_at=now).returning(owners.c.number)
                return connection.execute(added).scalar_one()
        except IntegrityError:  # another process was quicker
            with self._database.read() as connection:
                return connection.execute(query).scalar_one()
