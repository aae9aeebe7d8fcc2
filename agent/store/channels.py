"""Channels: when each was last heard of, and what is wrong with it."""

from datetime import datetime

from sqlalchemy import insert, select, update

from agent.core.chat import ChannelHealth
from agent.store.database import Database
from agent.store.schema import channels


class ChannelStore:
    """Channels by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, name: str, problem: str, now: datetime) -> None:
        """Note that a channel lives, and what is wrong with it; empty where nothing is."""
        values = {"seen_at": now, "problem": problem}
        with self._database.write() as connection:
            known = connection.execute(update(channels).where(channels.c.name == name).values(**values))
            if not known.rowcount:
                connection.execute(insert(channels).values(name=name, **values))

    def health(self, name: str) -> ChannelHealth | None:
        """How a channel is; None where it was never heard of."""
        query = select(channels.c.seen_at, channels.c.problem).where(channels.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else ChannelHealth(**row)
