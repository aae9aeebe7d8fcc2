"""Who agreed to an operation, and who wants it to end before its time."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward; there is no way back but a snapshot of the database."""
    for name in ("approved_by", "cancelled_by"):
        op.add_column("operations", sa.Column(name, sa.String(64), nullable=False, server_default=""))
