"""Room for what was taken out of a ZIP or a message, each file once."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what was refused of a version's files, and let each be taken once."""
    op.add_column("version", sa.Column("unpacked_ct", sa.LargeBinary(), nullable=True))
    op.create_index("ix_version_parent", "version", ["parent_version", "ordinal"], unique=True)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_version_parent", table_name="version")
    op.drop_column("version", "unpacked_ct")
