"""The tables. A change here needs a migration in ``migrations/versions``; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
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
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

HEAD = "0005"
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
    Column("boot", String(36), nullable=False),
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
    Column("wanted", Boolean, nullable=False),
    Column("quota", BigInteger, nullable=False),
    Column("reservation", BigInteger, nullable=False),
    Column("schedule", JSON, nullable=False),
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
    Column("key", String(200)),
    Column("state", String(16), nullable=False),
    Column("plan", JSON),
    Column("target", JSON),
    Column("step", Integer, nullable=False),
    Column("steps", Integer, nullable=False),
    Column("progress", JSON, nullable=False),
    Column("claims", JSON, nullable=False),
    Column("problem", JSON),
    Column("arguments", JSON, nullable=False),
    Column("found", JSON, nullable=False),
    Column("undoes", Integer),
    Column("approved_by", String(64), nullable=False),
    Column("cancelled_by", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Index(None, "owner", "id"),
    Index(None, "node", "state"),
    Index(None, "key", unique=True),
    sqlite_autoincrement=True,  # the audit trail names operations by number: never give one twice
)

trash = Table(
    "trash",
    metadata,
    Column("operation", Integer, primary_key=True, autoincrement=False),
    Column("owner", String(64), nullable=False),
    Column("node", String(63), nullable=False),
    Column("name", String(32), nullable=False),
    Column("workload", JSON, nullable=False),
    Column("trashed_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index(None, "owner", "name"),
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

turns = Table(
    "turns",
    metadata,
    Column("key", String(100), primary_key=True),
    Column("messages", LargeBinary),
    Column("answer", Text),
    Column("exit_code", Integer),
    Column("files", JSON, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("source", String(32), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("lane", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("handled_at", Instant),
    Index(None, "source", "handled_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", String(128), primary_key=True),
    Column("chat", BigInteger, nullable=False),
    Column("message", BigInteger, nullable=False),
    Column("following", Boolean, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Index(None, "following"),
)

buttons = Table(
    "buttons",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("chat", BigInteger, nullable=False),
    Column("action", JSON, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

channels = Table(
    "channels",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("seen_at", Instant, nullable=False),
    Column("problem", Text, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("role", String(16)),
    Column("shared", Boolean, nullable=False),
    Column("changed_by", String(64), nullable=False),
    Column("changed_at", Instant, nullable=False),
)

pairings = Table(
    "pairings",
    metadata,
    Column("code", String(16), primary_key=True),
    Column("account", String(64), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("chat", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("language", String(16), nullable=False),
    Column("quiet_from", String(5), nullable=False),
    Column("quiet_to", String(5), nullable=False),
    Column("muted", JSON, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("owner", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("workload", String(32), nullable=False),
    Column("values", JSON, nullable=False),
    Column("occasion", String(128), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("delivered_at", Instant),
    Index(None, "delivered_at"),
    sqlite_autoincrement=True,  # what was delivered is known by its number: never give one twice
)

spending = Table(
    "spending",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("requests", Integer, nullable=False),
    Column("microdollars", BigInteger, nullable=False),
)

node_calls = Table(
    "node_calls",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(200), unique=True),
    Column("node", String(63), nullable=False),
    Column("method", String(16), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("data", LargeBinary),
    Column("result", JSON),
    Column("problem", JSON),
    Column("created_at", Instant, nullable=False),
    Column("taken_at", Instant),
    Column("ended_at", Instant),
    Index(None, "node", "taken_at"),
)
