"""Chats: turns that outlive a crash, what came in and went out, who may speak, notices, calls of a node."""

import sqlalchemy as sa
from alembic import op

from agent.store.schema import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward; there is no way back but a snapshot of the database."""
    op.add_column("operations", sa.Column("key", sa.String(200)))
    op.create_index("ix_operations_key", "operations", ["key"], unique=True)
    _conversation()
    _people()
    _node()


def _conversation() -> None:
    op.create_table(
        "turns",
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("messages", sa.LargeBinary),
        sa.Column("answer", sa.Text),
        sa.Column("exit_code", sa.Integer),
        sa.Column("files", sa.JSON, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_turns"),
    )
    op.create_table(
        "inbox",
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("lane", sa.String(64), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("handled_at", Instant),
        sa.PrimaryKeyConstraint("source", "number", name="pk_inbox"),
    )
    op.create_index("ix_inbox_source_handled_at", "inbox", ["source", "handled_at"])
    op.create_table(
        "deliveries",
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("chat", sa.BigInteger, nullable=False),
        sa.Column("message", sa.BigInteger, nullable=False),
        sa.Column("following", sa.Boolean, nullable=False),
        sa.Column("sent_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_following", "deliveries", ["following"])
    op.create_table(
        "buttons",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("chat", sa.BigInteger, nullable=False),
        sa.Column("action", sa.JSON, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_buttons"),
    )
    op.create_table(
        "channels",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_channels"),
    )


def _people() -> None:
    op.create_table(
        "accounts",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("role", sa.String(16)),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_accounts"),
    )
    op.create_table(
        "pairings",
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("chat", sa.BigInteger, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_pairings"),
        sa.UniqueConstraint("account", name="uq_pairings_account"),
    )
    op.create_table(
        "preferences",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("quiet_from", sa.String(5), nullable=False),
        sa.Column("quiet_to", sa.String(5), nullable=False),
        sa.Column("muted", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_preferences"),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("workload", sa.String(32), nullable=False),
        sa.Column("values", sa.JSON, nullable=False),
        sa.Column("occasion", sa.String(128), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("delivered_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("occasion", name="uq_notices_occasion"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_delivered_at", "notices", ["delivered_at"])
    op.create_table(
        "spending",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("microdollars", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("account", "day", name="pk_spending"),
    )


def _node() -> None:
    op.create_table(
        "node_calls",
        sa.Column("id", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("node", sa.String(63), nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("arguments", sa.JSON, nullable=False),
        sa.Column("data", sa.LargeBinary),
        sa.Column("result", sa.JSON),
        sa.Column("problem", sa.JSON),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("taken_at", Instant),
        sa.Column("ended_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_node_calls"),
        sa.UniqueConstraint("key", name="uq_node_calls_key"),
    )
    op.create_index("ix_node_calls_node_taken_at", "node_calls", ["node", "taken_at"])
