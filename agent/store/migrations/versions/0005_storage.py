"""Storage: the trash, quotas, schedules, what is to run; and what operations are told and find."""

import sqlalchemy as sa
from alembic import op

from agent.store.schema import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forward; there is no way back but a snapshot of the database."""
    op.add_column("nodes", sa.Column("boot", sa.String(36), nullable=False, server_default=""))
    added = {
        "workloads": (
            sa.Column("wanted", sa.Boolean, nullable=False, server_default=sa.true()),
            sa.Column("quota", sa.BigInteger, nullable=False, server_default="0"),
            sa.Column("reservation", sa.BigInteger, nullable=False, server_default="0"),
            sa.Column("schedule", sa.JSON, nullable=False, server_default="{}"),
        ),
        "operations": (
            sa.Column("arguments", sa.JSON, nullable=False, server_default="{}"),
            sa.Column("found", sa.JSON, nullable=False, server_default="[]"),
            sa.Column("undoes", sa.Integer),
        ),
    }
    for table, columns in added.items():
        for column in columns:
            op.add_column(table, column)
    # What a person stopped stays stopped.
    op.execute("UPDATE workloads SET wanted = false WHERE state = 'stopped'")
    op.create_table(
        "trash",
        sa.Column("operation", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("node", sa.String(63), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("workload", sa.JSON, nullable=False),
        sa.Column("trashed_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("operation", name="pk_trash"),
    )
    op.create_index("ix_trash_owner_name", "trash", ["owner", "name"])
