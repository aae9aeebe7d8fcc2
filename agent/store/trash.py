"""What is in the trash: workloads that were destroyed, and all that is needed to bring them back."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select

from agent.core.owner import Owner
from agent.core.trash import Trashed
from agent.core.workload import Workload
from agent.store.database import Database
from agent.store.schema import trash


class TrashStore:
    """The trash of every owner."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, operation: int, workload: Workload, now: datetime, expires_at: datetime) -> None:
        """Note that a workload is in the trash. Noting it twice is once."""
        with self._database.write() as connection:
            if self.get(operation) is None:
                connection.execute(
                    insert(trash).values(
                        operation=operation,
                        owner=workload.owner,
                        node=workload.node,
                        name=workload.name,
                        workload=workload.model_dump(mode="json"),
                        trashed_at=now,
                        expires_at=expires_at,
                    )
                )

    def get(self, operation: int) -> Trashed | None:
        """What an operation put there."""
        found = self._select(trash.c.operation == operation)
        return found[0] if found else None

    def of_owner(self, owner: Owner) -> list[Trashed]:
        """What an owner has there, the newest first."""
        return self._select(trash.c.owner == owner.key)

    def of_node(self, node: str) -> list[Trashed]:
        """What is there of a node, whoever owns it, the newest first: for the worker alone."""
        return self._select(trash.c.node == node)

    def digests(self, node: str) -> frozenset[str]:
        """Digests of everything that is in the trash of a node, or could be rolled back to from there."""
        return frozenset(digest for one in self.of_node(node) for digest in one.workload.digests)

    def remove(self, operation: int) -> None:
        """Forget what was brought back, or is gone."""
        with self._database.write() as connection:
            connection.execute(delete(trash).where(trash.c.operation == operation))

    def _select(self, *where: Any) -> list[Trashed]:  # noqa: ANN401 - conditions of SQLAlchemy
        query = select(trash).where(*where).order_by(trash.c.operation.desc())
        with self._database.read() as connection:
            return [_trashed(row) for row in connection.execute(query).mappings()]


def _trashed(row: RowMapping) -> Trashed:
    return Trashed(
        operation=row["operation"],
        workload=Workload.model_validate(row["workload"]),
        trashed_at=row["trashed_at"],
        expires_at=row["expires_at"],
    )
