"""Intents without an outcome: reads that run just now, or that a crash cut off."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from service.audit.evidence import ORPHAN_AGE, ORPHAN_SHARE
from service.models import AuditEvent
from service.models.columns import instant_text


@dataclass(frozen=True, slots=True)
class Orphan:
    """One intent: its number, when, who wanted to do what."""

    seq: int
    ts: datetime
    actor: str
    action: str

    def running(self, now: datetime, age: timedelta = ORPHAN_AGE) -> bool:
        """Say whether it may still be at work: no read takes longer than `age`."""
        return now - self.ts <= age


@dataclass(frozen=True, slots=True)
class Orphans:
    """Those that were found, among how many intents."""

    found: tuple[Orphan, ...]
    intents: int

    def alarming(self, now: datetime) -> bool:
        """Say whether one is older than a crash explains, or there are too many."""
        old = [one for one in self.found if not one.running(now)]
        return bool(old) or len(self.found) > max(1.0, ORPHAN_SHARE * self.intents)


def find(db: Session, *, since: datetime | None = None) -> Orphans:
    """Return the intents without an outcome, oldest first; of `since` on, or of all time."""
    outcome = aliased(AuditEvent)
    ended = exists().where(and_(outcome.ref == AuditEvent.seq, outcome.phase == "outcome"))
    wanted = [AuditEvent.phase == "intent"]
    if since:
        wanted.append(AuditEvent.ts >= instant_text(since))
    rows = db.execute(
        select(AuditEvent.seq, AuditEvent.ts, AuditEvent.actor, AuditEvent.action)
        .where(*wanted, ~ended)
        .order_by(AuditEvent.seq)
    )
    found = tuple(Orphan(s, datetime.fromisoformat(t), a or "", action) for s, t, a, action in rows)
    intents = db.scalar(select(func.count()).select_from(AuditEvent).where(*wanted)) or 0
    return Orphans(found, intents)


def lately(now: datetime) -> datetime:
    """Return since when orphans are worth an alarm: what is older was told before."""
    return now - timedelta(days=1)
