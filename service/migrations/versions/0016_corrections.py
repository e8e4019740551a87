"""Room for how sure recognised text is, and for who corrected it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TEXT = ("confidence", "created_by", "based_on", "changed", "aside")
_PAGE = ("confidence", "doubtful")


def upgrade() -> None:
    """Keep confidence per text and page; of a correction who, from what, and which pages."""
    op.add_column("text", sa.Column("confidence", sa.Float(), nullable=True))
    op.add_column("text", sa.Column("created_by", sa.String(length=26), nullable=True))
    op.add_column("text", sa.Column("based_on", sa.Integer(), nullable=True))
    op.add_column("text", sa.Column("changed", sa.Text(), nullable=True))
    op.add_column("text", sa.Column("aside", sa.Boolean(), nullable=True))
    op.add_column("page", sa.Column("confidence", sa.Float(), nullable=True))
    op.add_column("page", sa.Column("doubtful", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    for column in _PAGE:
        op.drop_column("page", column)
    for column in _TEXT:
        op.drop_column("text", column)
