"""Intents without an outcome: reads that run just now, or that a crash cut off."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from service.audit.evidence import ORPHAN_SHARE
from service.models import AuditEvent
from service.models.columns import instant_text
from service.policy.rules import LogLimits


@dataclass(frozen=True, slots=True)
class Orphan:
    """One intent: its number, when, who wanted to do what."""

    seq: int
    ts: datetime
    actor: str
    action: str

    def running(self, now: datetime, age: timedelta) -> bool:
        """Say whether it may still be at work: no read takes longer than `age`."""
        return now - self.ts <= age


def find(db: Session, *, since: datetime | None = None) -> tuple[Orphan, ...]:
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
    return tuple(Orphan(s, datetime.fromisoformat(t), a or "", action) for s, t, a, action in rows)


def cut_off(found: Iterable[Orphan], limits: LogLimits, now: datetime) -> tuple[Orphan, ...]:
    """Return those that are older than a read takes: each is worth an alarm."""
    age = timedelta(minutes=limits.orphan_minutes)
    return tuple(one for one in found if not one.running(now, age))


def intents(db: Session) -> int:
    """Return how many intents there are in all."""
    wanted = select(func.count()).select_from(AuditEvent).where(AuditEvent.phase == "intent")
    return db.scalar(wanted) or 0


def too_many(found: Sequence[Orphan], count: int) -> bool:
    """Say whether more among so many intents have no outcome than crashes explain."""
    return len(found) > max(1.0, ORPHAN_SHARE * count)


def lately(now: datetime) -> datetime:
    """Return since when orphans are worth an alarm: what is older was told before."""
    return now - timedelta(days=1)
