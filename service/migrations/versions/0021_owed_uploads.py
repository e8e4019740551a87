"""An index of the versions that their uploaders owe a look: returned, or not read."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index; it holds only those versions."""
    owed = sa.text("(filing = 'returned' OR processing = 'failed')")
    op.create_index(
        "ix_version_owed",
        "version",
        ["created_by", "created"],
        sqlite_where=owed,
        postgresql_where=owed,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_version_owed", table_name="version")
