"""Room for questions to the log: filters by grade, department, verb and category; saved filters."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

#: Columns that are filtered by alone; the entry's number comes with them, so pages need no sort.
_FILTERED = ("dept", "verb", "category", "grade")

_BATCH = 5000


def upgrade() -> None:
    """Add the grade, as bodies have it, the indices, and the table of saved filters."""
    op.add_column("audit_event", sa.Column("grade", sa.String(length=16), nullable=True))
    _fill()
    for name in _FILTERED:
        op.create_index(f"ix_audit_event_{name}", "audit_event", [name, "seq"])
    op.drop_index("ix_audit_event_ts", table_name="audit_event")
    op.create_index("ix_audit_event_ts", "audit_event", ["ts", "seq"])
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("filter_ct", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name=op.f("fk_saved_filter_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    op.create_index(op.f("ix_saved_filter_person"), "saved_filter", ["person"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("saved_filter")
    op.drop_index("ix_audit_event_ts", table_name="audit_event")
    op.create_index("ix_audit_event_ts", "audit_event", ["ts"])
    for name in _FILTERED:
        op.drop_index(f"ix_audit_event_{name}", table_name="audit_event")
    op.drop_column("audit_event", "grade")


def _fill() -> None:
    """Copy the grade of entries that were written before there was a column for it."""
    db, after = op.get_bind(), 0
    asked = sa.text("SELECT seq, body FROM audit_body WHERE seq > :after ORDER BY seq LIMIT :most")
    copied = sa.text("UPDATE audit_event SET grade = :grade WHERE seq = :seq")
    with _unguarded():
        while rows := db.execute(asked, {"after": after, "most": _BATCH}).all():
            after = rows[-1].seq
            found = [{"seq": r.seq, "grade": g} for r in rows if (g := _grade(bytes(r.body)))]
            if found:
                db.execute(copied, found)


def _grade(body: bytes) -> str | None:
    """Return the grade a body names; none for bytes that are no entry: the verifier says so."""
    try:
        members = json.loads(body)
    except ValueError:
        return None
    grade = members.get("grade") if isinstance(members, dict) else None
    return grade if isinstance(grade, str) and len(grade) <= 16 else None  # noqa: PLR2004


@contextmanager
def _unguarded() -> Iterator[None]:
    """Lift the guard against changes for this one; it comes back in the same transaction."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_event_no_update")
        yield
        op.execute(
            "CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event "
            "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        )
        return
    op.execute("ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only")
    yield
    op.execute("ALTER TABLE audit_event ENABLE TRIGGER audit_event_append_only")
