"""When the password was given for a token; for those there are nobody knows."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment."""
    op.add_column("token", sa.Column("confirmed", sa.String(length=24), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("token", "confirmed")
