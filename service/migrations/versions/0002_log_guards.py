"""The log's first row, and triggers that refuse to change what is logged.

They are a guard against mistakes, not the evidence: that is the chain, the tree and the
checkpoints kept elsewhere.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GUARDED = ("audit_event", "audit_body")


def upgrade() -> None:
    """Put the head row of an empty log and the guards."""
    head = sa.table(
        "audit_head",
        sa.column("id", sa.Integer),
        sa.column("seq", sa.BigInteger),
        sa.column("chain", sa.LargeBinary),
        sa.column("frontier", sa.LargeBinary),
    )
    if not op.get_bind().execute(sa.select(head.c.id)).first():
        op.bulk_insert(head, [{"id": 1, "seq": 0, "chain": bytes(32), "frontier": b""}])
    if op.get_bind().dialect.name == "sqlite":
        for table in _GUARDED:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION guidang_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$"
    )
    for table in _GUARDED:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION guidang_append_only()"
        )


def downgrade() -> None:
    """Take the guards away; the log and its head stay until their tables go."""
    if op.get_bind().dialect.name == "sqlite":
        for table in _GUARDED:
            for verb in ("UPDATE", "DELETE"):
                op.execute(f"DROP TRIGGER {table}_no_{verb.lower()}")
    else:
        for table in _GUARDED:
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute("DROP FUNCTION guidang_append_only()")
