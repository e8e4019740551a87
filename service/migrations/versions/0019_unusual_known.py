"""Room for what of the unusual somebody has looked at already."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "unusual_known",
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"], ["person.id"], name=op.f("fk_unusual_known_person_person")
        ),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_unusual_known")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("unusual_known")
