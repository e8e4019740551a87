"""How many requests a person's programs sent in a minute."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of counters."""
    op.create_table(
        "request_count",
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person"], ["person.id"], name=op.f("fk_request_count_person_person")
        ),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_request_count")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("request_count")
