"""Passwords that are being looked at, so that many sent at once count too."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of trials under way."""
    op.create_table(
        "trial",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("started", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
    )
    op.create_index(op.f("ix_trial_pair"), "trial", ["pair"])
    op.create_index(op.f("ix_trial_place"), "trial", ["place"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("trial")
