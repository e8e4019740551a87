"""Unusual behaviour by readable rules: what happened, the limit, and what is usual for the person.

The rules are figures of the log alone: no words, no content. They accuse nobody; a busy day before
an inspection looks the same. The limits are policy (limits.toml, [unusual]).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, distinct, func, select
from sqlalchemy.orm import Session

from service import accounts
from service.archive import Call
from service.log_questions import HOUR, local_hour, midnight
from service.models import AuditEvent, AuditTouch
from service.permissions import Target
from service.policy.unusual import UnusualLimits

_SATURDAY = 5

#: a person and the beginning of an hour, or of a day
Hour = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands out. `usual`: the person's own median, where it is compared."""

    rule: str
    person: str
    name: str
    dept: str | None
    #: the local hour or day in which it happened
    when: datetime
    count: int
    limit: int
    usual: float | None = None

    @property
    def day(self) -> date:
        """Return the day, for a filter of the log."""
        return self.when.date()

    @property
    def digest(self) -> str:
        """Return what tells it from other findings, and names nobody."""
        said = f"{self.rule}|{self.person}|{self.when.isoformat()}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Found:
    """What stands out, latest first, and under which limits."""

    items: tuple[Finding, ...]
    limits: UnusualLimits


@dataclass(frozen=True, slots=True)
class _Raw:
    rule: str
    person: str
    when: datetime
    count: int
    limit: int
    usual: float | None = None


def look(call: Call, now: datetime | None = None) -> Found:
    """Return what stands out in the last days; `now` is for who asks about another time."""
    call.require(Target())
    limits, zone = call.policy.limits.unusual, ZoneInfo(call.archive.settings.timezone)
    items = standing_out(call.db, limits, zone, now or datetime.now(UTC))
    call.returned(item.person for item in items)
    return Found(items, limits)


def standing_out(
    db: Session, limits: UnusualLimits, zone: ZoneInfo, now: datetime
) -> tuple[Finding, ...]:
    """Return what stands out in the last days, for whom the caller has let through."""
    today = now.astimezone(zone).date()
    since = today - timedelta(days=limits.days - 1)
    usual = since - timedelta(days=limits.usual_days)
    lately, usually = _from(db, since, zone), _from(db, usual, zone)
    opened = _opened(db, zone, usually)
    first = datetime.combine(since, datetime.min.time(), zone)
    raw = [
        *_many("many_opened", opened, limits.opened_per_hour, limits.opened_factor, first),
        *_odd_hours(opened, limits, first),
        *_over("many_denials", _denied(db, zone, lately), limits.denials_per_hour),
        *_over("walking", _walked(db, zone, lately), limits.walked_per_hour),
        *_many(
            "many_customers",
            _customers(db, zone, usually),
            limits.customers_per_day,
            limits.customers_factor,
            first,
        ),
    ]
    raw.sort(key=lambda one: (one.when, one.rule, one.person), reverse=True)
    return _named(db, raw)


def _from(db: Session, day: date, zone: ZoneInfo) -> ColumnElement[bool]:
    """Return the condition for entries from a day on, by number: time alone has no order."""
    first = db.scalar(select(func.min(AuditEvent.seq)).where(AuditEvent.ts >= midnight(day, zone)))
    return AuditEvent.seq >= (first if first is not None else 2**62)


def _opened(db: Session, zone: ZoneInfo, since: ColumnElement[bool]) -> Mapping[Hour, int]:
    """Return how many different documents each person opened or downloaded in each hour."""
    rows = db.execute(
        select(AuditEvent.actor, HOUR, func.count(distinct(AuditTouch.document)))
        .join(AuditTouch, AuditTouch.seq == AuditEvent.seq)
        .where(since, AuditEvent.actor.is_not(None), AuditTouch.how.in_(["opened", "downloaded"]))
        .group_by(AuditEvent.actor, HOUR)
    )
    return {(actor, _local(hour, zone)): count for actor, hour, count in rows if actor}


def _denied(db: Session, zone: ZoneInfo, since: ColumnElement[bool]) -> Mapping[Hour, int]:
    rows = db.execute(
        select(AuditEvent.actor, HOUR, func.count())
        .where(since, AuditEvent.actor.is_not(None), AuditEvent.decision == "deny")
        .group_by(AuditEvent.actor, HOUR)
    )
    return {(actor, _local(hour, zone)): count for actor, hour, count in rows if actor}


def _walked(db: Session, zone: ZoneInfo, since: ColumnElement[bool]) -> Mapping[Hour, int]:
    """Return how many different documents and clients answered no; absent ones look the same."""
    rows = db.execute(
        select(AuditEvent.actor, HOUR, func.count(distinct(AuditEvent.object)))
        .where(
            since,
            AuditEvent.actor.is_not(None),
            AuditEvent.decision.in_(["deny", "fail"]),
            AuditEvent.verb.in_(["read", "use"]),
            AuditEvent.object_type.in_(["document", "customer"]),
        )
        .group_by(AuditEvent.actor, HOUR)
    )
    return {(actor, _local(hour, zone)): count for actor, hour, count in rows if actor}


def _customers(db: Session, zone: ZoneInfo, since: ColumnElement[bool]) -> Mapping[Hour, int]:
    """Return how many different clients each person looked at on each day."""
    rows = db.execute(
        select(AuditEvent.actor, HOUR, AuditEvent.customer)
        .where(
            since,
            AuditEvent.actor.is_not(None),
            AuditEvent.customer.is_not(None),
            AuditEvent.verb.in_(["read", "use"]),
            AuditEvent.decision == "allow",
        )
        .distinct()
    )
    seen: dict[Hour, set[str]] = defaultdict(set)
    for actor, hour, customer in rows:
        day = _local(hour, zone).replace(hour=0)
        seen[(str(actor), day)].add(str(customer))
    return {place: len(customers) for place, customers in seen.items()}


def _local(hour: str, zone: ZoneInfo) -> datetime:
    """Return the local beginning of an hour that the log writes in UTC."""
    return local_hour(hour, zone).replace(minute=0)


def _over(rule: str, counts: Mapping[Hour, int], limit: int) -> Iterable[_Raw]:
    for (person, when), count in counts.items():
        if count >= limit:
            yield _Raw(rule, person, when, count, limit)


def _many(
    rule: str, counts: Mapping[Hour, int], least: int, factor: int, first: datetime
) -> Iterable[_Raw]:
    """Yield what is over the least limit and over so many times the person's own median."""
    by_person: dict[str, dict[datetime, int]] = defaultdict(dict)
    for (person, when), count in counts.items():
        by_person[person][when] = count
    for person, places in by_person.items():
        for when, count in places.items():
            if when < first or count < least:
                continue
            others = [c for other, c in places.items() if other != when]
            usual = median(others) if others else 0.0
            limit = max(least, round(usual * factor))
            if count >= limit:
                yield _Raw(rule, person, when, count, limit, usual)


def _odd_hours(
    opened: Mapping[Hour, int], limits: UnusualLimits, first: datetime
) -> Iterable[_Raw]:
    """Yield days with many documents opened at night or on a weekend."""
    by_day: dict[Hour, int] = defaultdict(int)
    for (person, when), count in opened.items():
        if when >= first and _odd(when, limits):
            by_day[(person, when.replace(hour=0))] += count
    return _over("odd_hours", by_day, limits.odd_opened)


def _odd(when: datetime, limits: UnusualLimits) -> bool:
    night = when.hour >= limits.night_from or when.hour < limits.night_to
    return night or when.weekday() >= _SATURDAY


def _named(db: Session, raw: list[_Raw]) -> tuple[Finding, ...]:
    """Give the people their names; the archive's own processes are left out."""
    known = accounts.names_and_departments(db, {one.person for one in raw})
    return tuple(
        Finding(
            one.rule,
            one.person,
            *known[one.person],
            one.when,
            one.count,
            one.limit,
            one.usual,
        )
        for one in raw
        if one.person in known
    )
