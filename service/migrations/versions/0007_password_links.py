"""Links with which a person sets their password, once."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of links."""
    op.create_table(
        "password_link",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.Column("expires", sa.String(length=24), nullable=False),
        sa.Column("made_by", sa.String(length=26), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["person.id"], name=op.f("fk_password_link_person_person")
        ),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_password_link")),
    )
    op.create_index(op.f("ix_password_link_person"), "password_link", ["person"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("password_link")
