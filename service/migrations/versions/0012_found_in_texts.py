"""Room for what is suggested of a document, and for personal numbers found in its text."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of suggestions and of personal numbers."""
    op.create_table(
        "suggestion",
        sa.Column("version", sa.String(length=26), nullable=False),
        sa.Column("ct", sa.LargeBinary(), nullable=False),
        sa.Column("settled", sa.String(length=200), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"], ["version.id"], name=op.f("fk_suggestion_version_version")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_suggestion")),
    )
    op.create_table(
        "personal_number",
        sa.Column("text", sa.String(length=26), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("token", sa.String(length=80), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("boxes", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["text"], ["text.id"], name=op.f("fk_personal_number_text_text")),
        sa.PrimaryKeyConstraint("text", "n", name=op.f("pk_personal_number")),
    )
    op.create_index("ix_personal_number_token", "personal_number", ["token"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("personal_number")
    op.drop_table("suggestion")
