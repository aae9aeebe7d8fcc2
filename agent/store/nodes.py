"""Nodes: when their worker was last heard of, and since which boot they are as they are to be."""

from datetime import datetime

from sqlalchemy import insert, select, update

from agent.store.database import Database
from agent.store.schema import nodes


class NodeStore:
    """The heartbeat of each node's worker, and its boot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self, name: str, now: datetime, *, simulated: bool) -> None:
        """Note that the worker of a node is alive."""
        with self._database.write() as connection:
            known = connection.execute(
                update(nodes).where(nodes.c.name == name).values(seen_at=now, simulated=simulated)
            )
            if not known.rowcount:
                connection.execute(insert(nodes).values(name=name, seen_at=now, simulated=simulated, boot=""))

    def seen_at(self, name: str) -> datetime | None:
        """When the worker of a node was last alive, in UTC; None if never."""
        with self._database.read() as connection:
            return connection.execute(select(nodes.c.seen_at).where(nodes.c.name == name)).scalar()

    def boot(self, name: str) -> str:
        """The boot of a node after which all was started that is to run; empty if that is not known."""
        with self._database.read() as connection:
            return connection.execute(select(nodes.c.boot).where(nodes.c.name == name)).scalar() or ""

    def booted(self, name: str, boot: str) -> None:
        """Note that after this boot all was started that is to run; nothing where no worker was heard of."""
        with self._database.write() as connection:
            connection.execute(update(nodes).where(nodes.c.name == name).values(boot=boot))
