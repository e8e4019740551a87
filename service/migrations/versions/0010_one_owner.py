"""A customer has one owner: the database sees to it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: Of several owners one who is at work stays, the others go on working on the customer.
_ONE = """
UPDATE customer_person SET relation = 'coworker'
WHERE relation = 'owner' AND person <> (
    SELECT other.person FROM customer_person AS other JOIN person ON person.id = other.person
    WHERE other.customer = customer_person.customer AND other.relation = 'owner'
    ORDER BY person.active DESC, other.person LIMIT 1
)
"""


def upgrade() -> None:
    """Leave one owner where there were several, and let there be no second."""
    op.execute(_ONE)
    owner = sa.text("relation = 'owner'")
    op.create_index(
        "uq_customer_person_owner",
        "customer_person",
        ["customer"],
        unique=True,
        sqlite_where=owner,
        postgresql_where=owner,
    )


def downgrade() -> None:
    """Let there be several again."""
    op.drop_index("uq_customer_person_owner", "customer_person")
