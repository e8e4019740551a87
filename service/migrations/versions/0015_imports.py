"""Room for imports of many files: batches, and what became of each file."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of batches and of their files."""
    op.create_table(
        "import_batch",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("day", sa.String(length=8), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("customer", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("grade", sa.String(length=16), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.String(length=60), nullable=True),
        sa.Column("folder_ct", sa.LargeBinary(), nullable=True),
        sa.Column("options_ct", sa.LargeBinary(), nullable=True),
        sa.Column("blob", sa.String(length=26), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("stored_size", sa.BigInteger(), nullable=True),
        sa.Column("key_ct", sa.LargeBinary(), nullable=True),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("created_by", sa.String(length=26), nullable=False),
        sa.Column("finished", sa.String(length=24), nullable=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.id"], name=op.f("fk_import_batch_customer_customer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_index("ix_import_batch_number", "import_batch", ["day", "serial"], unique=True)
    op.create_index("ix_import_batch_created_by", "import_batch", ["created_by", "created"])
    op.create_index("ix_import_batch_blob", "import_batch", ["blob"], unique=True)
    op.create_table(
        "import_item",
        sa.Column("batch", sa.String(length=26), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("file_ct", sa.LargeBinary(), nullable=False),
        sa.Column("expected_size", sa.BigInteger(), nullable=False),
        sa.Column("expected_sha256_ct", sa.LargeBinary(), nullable=True),
        sa.Column("customer", sa.String(length=26), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("grade", sa.String(length=16), nullable=True),
        sa.Column("properties_ct", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.String(length=60), nullable=True),
        sa.Column("document", sa.String(length=26), nullable=True),
        sa.Column("version", sa.String(length=26), nullable=True),
        sa.Column("received_size", sa.BigInteger(), nullable=True),
        sa.Column("sha256_ct", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("changed", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch"], ["import_batch.id"], name=op.f("fk_import_item_batch_import_batch")
        ),
        sa.ForeignKeyConstraint(
            ["customer"], ["customer.id"], name=op.f("fk_import_item_customer_customer")
        ),
        sa.ForeignKeyConstraint(
            ["document"], ["document.id"], name=op.f("fk_import_item_document_document")
        ),
        sa.ForeignKeyConstraint(
            ["version"], ["version.id"], name=op.f("fk_import_item_version_version")
        ),
        sa.PrimaryKeyConstraint("batch", "ordinal", name=op.f("pk_import_item")),
    )
    op.create_index("ix_import_item_state", "import_item", ["batch", "state"])
    op.create_index("ix_import_item_document", "import_item", ["document"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("import_item")
    op.drop_table("import_batch")
