"""Who is known, and by which number."""

from datetime import datetime

from sqlalchemy import insert, select

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
        with self._database.write() as connection:
            # Asked again inside the transaction: another process may have been quicker.
            known = connection.execute(query.with_for_update()).scalar()
            if known is None:
                added = connection.execute(insert(owners).values(key=owner.key, created_at=now))
                known = int(added.inserted_primary_key[0])
        return known
