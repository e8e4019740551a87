"""Room for where lines stand on pages, and for pages that are made into images."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of layouts and of made pages, and the page a job is about."""
    op.create_table(
        "page_layout",
        sa.Column("text", sa.String(length=26), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("ct", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["text"], ["text.id"], name=op.f("fk_page_layout_text_text")),
        sa.PrimaryKeyConstraint("text", "no", name=op.f("pk_page_layout")),
    )
    op.create_table(
        "rendering",
        sa.Column("version", sa.String(length=26), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["version"], ["version.id"], name=op.f("fk_rendering_version_version")
        ),
        sa.PrimaryKeyConstraint("version", "no", name=op.f("pk_rendering")),
    )
    op.add_column("job", sa.Column("n", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("job", "n")
    op.drop_table("rendering")
    op.drop_table("page_layout")
