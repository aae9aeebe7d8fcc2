"""The tables. A change here needs a migration in ``migrations/versions``; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

HEAD = "0002"
"""The newest migration; a test holds it against Alembic's own answer."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets the zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To the database."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002
        """From the database."""
        return (
            None
            if value is None
            else value.replace(tzinfo=UTC)
            if value.tzinfo is None
            else value.astimezone(UTC)
        )


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

owners = Table(
    "owners",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,  # a number is a range of user ids: never give one twice
)

nodes = Table(
    "nodes",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("simulated", Boolean, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

workloads = Table(
    "workloads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("name", String(32), nullable=False),
    Column("machine", String(11), nullable=False),
    Column("node", String(63), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("generation", JSON),
    Column("previous", JSON),
    Column("state", String(16), nullable=False),
    Column("addresses", JSON, nullable=False),
    Column("observed_at", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("owner", "name"),
    UniqueConstraint("node", "machine"),
)

operations = Table(
    "operations",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("owner", String(64), nullable=False),
    Column("node", String(63), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("workload", String(32), nullable=False),
    Column("machine", String(11), nullable=False),
    Column("request", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("plan", JSON),
    Column("target", JSON),
    Column("step", Integer, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("claims", JSON, nullable=False),
    Column("problem", JSON),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Index(None, "owner", "id"),
    Index(None, "node", "state"),
    sqlite_autoincrement=True,  # the audit trail names operations by number: never give one twice
)

images = Table(
    "images",
    metadata,
    Column("node", String(63), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("composition", JSON, nullable=False),
    Column("system", String(255), nullable=False),
    Column("built_at", Instant, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("conversation", String(128), primary_key=True),
    Column("messages", LargeBinary, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
