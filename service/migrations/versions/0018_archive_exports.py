"""Room for exports of the archive: what was asked for, how far it is, where it lies."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of exports."""
    op.create_table(
        "archive_export",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.String(length=60), nullable=True),
        sa.Column("asked_ct", sa.LargeBinary(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=True),
        sa.Column("blob", sa.String(length=26), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("stored_size", sa.BigInteger(), nullable=True),
        sa.Column("key_ct", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.Column("finished", sa.String(length=24), nullable=True),
        sa.Column("expires", sa.String(length=24), nullable=True),
        sa.Column("cause", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_export")),
    )
    op.create_index("ix_archive_export_created_by", "archive_export", ["created_by", "created"])
    op.create_index("ix_archive_export_expires", "archive_export", ["state", "expires"])
    op.create_index("ix_archive_export_blob", "archive_export", ["blob"], unique=True)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("archive_export")
