"""The first tables."""

import sqlalchemy as sa
from alembic import op

from agent.store.schema import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Forward; there is no way back but a snapshot of the database."""
    op.create_table(
        "owners",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_owners"),
        sa.UniqueConstraint("key", name="uq_owners_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "nodes",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_nodes"),
    )
    op.create_table(
        "workloads",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("machine", sa.String(11), nullable=False),
        sa.Column("node", sa.String(63), nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("addresses", sa.JSON, nullable=False),
        sa.Column("observed_at", Instant),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workloads"),
        sa.UniqueConstraint("owner", "name", name="uq_workloads_owner_name"),
        sa.UniqueConstraint("node", "machine", name="uq_workloads_node_machine"),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("node", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("workload", sa.String(32), nullable=False),
        sa.Column("machine", sa.String(11), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("plan", sa.JSON),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("progress", sa.JSON, nullable=False),
        sa.Column("claims", sa.JSON, nullable=False),
        sa.Column("problem", sa.JSON),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("started_at", Instant),
        sa.Column("ended_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_operations_owner_id", "operations", ["owner", "id"])
    op.create_index("ix_operations_node_state", "operations", ["node", "state"])
    op.create_table(
        "conversations",
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("conversation", sa.String(128), nullable=False),
        sa.Column("messages", sa.LargeBinary, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("owner", "conversation", name="pk_conversations"),
    )
