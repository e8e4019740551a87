"""A call as one row of the log's list: its outcome stands for its intent.

A look leaves two entries: what is about to be done, and how it ended. Whoever reads the list wants
the call, once, with its end. So an intent gives way to its outcome where the outcome is in the
same list. It stays where it is not: the call has not ended, nobody wrote how it did, or it ended
in a way or on a day that was not asked for. Nothing is taken out of the log by this: an entry's
own page, counts, programs and bundles have both.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from service.codes import Phase
from service.directory import offset_of
from service.log_questions import Wanted
from service.models import AuditBody, AuditEvent

Rows = Sequence[tuple[AuditEvent, bytes | None]]


def page(db: Session, wanted: Wanted, where: Sequence[ColumnElement[bool]]) -> Rows:
    """Return one entry more than a page holds, if there is one; oldest first on the way back.

    By number, not by place: every look at the log makes it longer.
    """
    found: list[tuple[AuditEvent, bytes | None]] = []
    size, beyond = wanted.limit + 1, _beyond(wanted)
    while len(found) < size:
        rows = _rows(db, wanted, [*where, beyond], size)
        found += _folded(db, rows, where) if wanted.folded else rows
        if len(rows) < size:
            break
        reached = rows[-1][0].seq
        beyond = AuditEvent.seq < reached if wanted.newer is None else AuditEvent.seq > reached
    return found[:size]


def _beyond(wanted: Wanted) -> ColumnElement[bool]:
    if wanted.newer is not None:
        return AuditEvent.seq > wanted.newer
    before = offset_of(wanted.cursor)
    return AuditEvent.seq < before if before else true()


def _rows(db: Session, wanted: Wanted, where: Sequence[ColumnElement[bool]], size: int) -> Rows:
    rows = db.execute(
        select(AuditEvent, AuditBody.body)
        .outerjoin(AuditBody, AuditBody.seq == AuditEvent.seq)
        .where(*where)
        .order_by(AuditEvent.seq.desc() if wanted.newer is None else AuditEvent.seq.asc())
        .limit(size)
    ).all()
    return [(event, body) for event, body in rows]


def _folded(db: Session, rows: Rows, where: Sequence[ColumnElement[bool]]) -> Rows:
    """Leave out intents whose outcome fits the same conditions, and so is in the list."""
    begun = [event.seq for event, _ in rows if event.phase == Phase.INTENT]
    ended = set(
        db.scalars(
            select(AuditEvent.ref).where(
                AuditEvent.ref.in_(begun), AuditEvent.phase == Phase.OUTCOME, *where
            )
        )
    )
    return [(event, body) for event, body in rows if event.seq not in ended]


def ends(db: Session, numbers: Sequence[int]) -> list[int]:
    """Return the numbers with an outcome's in place of its intent's, where there is one."""
    found = db.execute(
        select(AuditEvent.ref, AuditEvent.seq).where(
            AuditEvent.ref.in_(numbers), AuditEvent.phase == Phase.OUTCOME
        )
    )
    ended = dict(found.tuples().all())
    return list(dict.fromkeys(ended.get(number, number) for number in numbers))
