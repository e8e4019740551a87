"""The language that a person chose; who has no row reads what the browser chose."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of people's choices."""
    op.create_table(
        "preference",
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["person.id"], name=op.f("fk_preference_person_person")
        ),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_preference")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("preference")
