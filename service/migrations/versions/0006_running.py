"""What the archive keeps of its own running, and a way to the jobs that ended lately."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of sums and measurements."""
    op.create_table(
        "figure",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("labels", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name=op.f("pk_figure")),
    )
    op.create_table(
        "probe",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("taken", sa.String(length=24), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_probe")),
    )
    op.create_index("ix_job_finished", "job", ["finished", "kind", "lane", "started"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_job_finished", "job")
    op.drop_table("probe")
    op.drop_table("figure")
