"""Room for the list that comes beside the ZIP or the server's folder of an import."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns of the list: object, sizes and sealed key."""
    op.add_column("import_batch", sa.Column("list_blob", sa.String(length=26), nullable=True))
    op.add_column("import_batch", sa.Column("list_size", sa.BigInteger(), nullable=True))
    op.add_column("import_batch", sa.Column("list_stored_size", sa.BigInteger(), nullable=True))
    op.add_column("import_batch", sa.Column("list_key_ct", sa.LargeBinary(), nullable=True))
    op.create_index("ix_import_batch_list_blob", "import_batch", ["list_blob"], unique=True)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_import_batch_list_blob", table_name="import_batch")
    op.drop_column("import_batch", "list_key_ct")
    op.drop_column("import_batch", "list_stored_size")
    op.drop_column("import_batch", "list_size")
    op.drop_column("import_batch", "list_blob")
