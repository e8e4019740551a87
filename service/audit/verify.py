"""Verify the log from its bodies alone, and name the first entry that is not as it was written.

What was signed of it elsewhere is compared (`service/audit/evidence.py`); a missing body is
accepted inside a purge, and nowhere else. Exit codes: `Code`, in `service/audit/verdicts.py`.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import merkle
from service.audit.evidence import Evidence, weigh
from service.audit.second import Second, together
from service.audit.stored import claimed, leaves, rows
from service.audit.verdicts import Bad, Code, Report
from service.audit.walking import DetailKey, Span, Walk, onward
from service.models import AuditBody, AuditDetail, AuditEvent, AuditHead, AuditTouch

__all__ = ["FLOOR", "Code", "Report", "Watch", "verify"]

#: How long every body stays, whatever anybody sets: six calendar months (LAW: 184 days).
FLOOR = timedelta(days=184)


def verify(
    db: Session,
    detail_key: DetailKey | None,
    *,
    evidence: Evidence | None = None,
    start: int = 1,
    walk: Walk | None = None,
    second: Second | None = None,
) -> Report:
    """Verify the log in one snapshot; without keys at hand details stay closed.

    Bodies before `start` are taken for what their leaves say. `evidence` is what was signed.
    Who wants to go on from the end gives the `walk`, made by `begun`. A `second` process that
    has joined this snapshot takes a share of the work.
    """
    stated = evidence or Evidence()
    walk = walk or begun(db, stated)
    found = {"notes": 0, "newest": None}
    try:
        for stored in leaves(db, last=start - 1):
            walk.skip(*stored)
        if second:
            together(db, walk, detail_key, second)
        onward(db, walk, detail_key)
        head(db, walk)
        _outside(db, walk)
        _purged(walk)
        found["notes"], found["newest"] = weigh(stated, walk)
    except Bad as bad:
        return _report(walk, bad.code, bad.seq, str(bad))
    return _report(walk, Code.OK, None, "", **found)


def begun(db: Session, evidence: Evidence) -> Walk:
    """Return a walk at the start of the log that will compare it with this evidence."""
    return Walk(sizes=evidence.sizes, claimed=claimed(db))


def _report(
    walk: Walk, code: Code, first_bad: int | None, reason: str, **found: int | None
) -> Report:
    erased, unexplained = _erased(walk)
    return Report(
        code,
        walk.seq,
        walk.root.hex(),
        first_bad,
        reason,
        orphans=tuple(sorted(walk.open)),
        notes=found.get("notes") or 0,
        newest=found.get("newest"),
        purged=sum(stop - start + 1 for start, stop, _, _ in walk.bare),
        erased=erased,
        unexplained=unexplained,
        restored=tuple(span.seq for span in walk.restores),
    )


class Watch:
    """Verification that goes on where it stopped: how far one process has seen the log hold."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._walk = Walk()
        self._turn = threading.Lock()

    def advance(self, db: Session, *, most: int = 5000) -> int:
        """Verify at most so many further entries; return the last number that holds."""
        with self._turn:
            walk = self._walk
            walk.claimed = claimed(db)
            for event, body, _, _ in rows(db, after=walk.seq, last=walk.seq + most):
                try:
                    walk.take((event, body, None, []), None)
                except Bad:
                    break
            return walk.seq


def head(db: Session, walk: Walk) -> None:
    """Compare the one row that is locked to append with the end of a walk; raises `Bad`."""
    row = db.get(AuditHead, 1)
    if row is not None and type(row.seq) is not int:
        raise Bad(Code.CHAIN, walk.seq, "the head's number is none")
    if row is not None and row.seq > walk.seq and row.chain != walk.chain:
        raise Bad(Code.GAP, walk.seq + 1, "the log is shorter than its head says")
    if row is None or row.chain != walk.chain or row.seq != walk.seq:
        raise Bad(Code.CHAIN, walk.seq, "the head does not fit the log")
    if merkle.unpack(row.frontier) != walk.frontier:
        raise Bad(Code.CHAIN, walk.seq, "the head's tree does not fit the log")


def _outside(db: Session, walk: Walk) -> None:
    """Find rows that the pages would show but no number of the log covers."""
    for table in (AuditEvent, AuditBody, AuditDetail, AuditTouch):
        for outside in (table.seq < 1, table.seq > walk.seq):  # in one question no index helps
            first = select(table.seq).where(outside).order_by(table.seq).limit(1)
            found = db.scalars(first).first()
            if found is not None:
                raise Bad(Code.GAP, found, "rows outside the numbers of the log")


def _purged(walk: Walk) -> None:
    """Accept missing bodies that a later entry says were purged, when they were old enough."""
    for first, last, root, ts in walk.bare:
        named = [s for s in walk.purges if s.start <= first and last <= s.stop and s.seq > last]
        inside = [s for s in named if _by_two(s, named)]
        if not inside:
            raise Bad(Code.BODY, first, "the body is missing")
        if not any(_old_enough(ts, span.ts) for span in inside):
            raise Bad(Code.BODY, first, "a body was purged before its time")
        if any(last == span.stop and not root.hex().startswith(span.mark) for span in inside):
            raise Bad(Code.BODY, first, "the purge names another root")


def _by_two(span: Span, spans: Sequence[Span]) -> bool:
    """Say whether somebody else said the same: nothing is purged by one person."""
    same = (span.start, span.stop, span.mark)
    return any((s.start, s.stop, s.mark) == same and s.actor != span.actor for s in spans)


def _old_enough(ts: str, purged: str) -> bool:
    try:
        return datetime.fromisoformat(ts) + FLOOR <= datetime.fromisoformat(purged)
    except ValueError:
        return False


def _erased(walk: Walk) -> tuple[int, int]:
    """Count missing details: those that entries explain, and the others."""
    explained = unexplained = 0
    for first, last, count in walk.closed:
        if _covered(first, last, walk):
            explained += count
        else:
            unexplained += count
    return explained, unexplained


def _covered(first: int, last: int, walk: Walk) -> bool:
    for span in sorted(walk.erasures, key=lambda s: s.start):
        if span.start <= first:
            first = max(first, span.stop + 1)
    return first > last
