"""What a workload is made of now, was made of before, and is to be made of; and what was built."""

import sqlalchemy as sa
from alembic import op

from agent.store.schema import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forward; there is no way back but a snapshot of the database."""
    op.add_column("workloads", sa.Column("generation", sa.JSON))
    op.add_column("workloads", sa.Column("previous", sa.JSON))
    op.add_column("operations", sa.Column("target", sa.JSON))
    op.create_table(
        "images",
        sa.Column("node", sa.String(63), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("composition", sa.JSON, nullable=False),
        sa.Column("system", sa.String(255), nullable=False),
        sa.Column("built_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("node", "digest", name="pk_images"),
    )
