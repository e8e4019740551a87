"""Who withdrew a version, and what it was before: a withdrawal can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of what was withdrawn before, nobody knows."""
    op.add_column("version", sa.Column("withdrawn_by", sa.String(length=26), nullable=True))
    op.add_column("version", sa.Column("withdrawn_from", sa.String(length=16), nullable=True))
    op.add_column("version", sa.Column("returned_for_ct", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    for column in ("returned_for_ct", "withdrawn_from", "withdrawn_by"):
        op.drop_column("version", column)
