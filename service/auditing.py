"""The log as people read it: columns and counts, never content (that needs a case number)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from service import accounts
from service.archive import Call
from service.audit import entries, merkle
from service.audit.verify import Watch
from service.directory import cursor_of, offset_of
from service.errors import Invalid
from service.models import AuditBody, AuditEvent, AuditHead, AuditTouch, Customer, Person
from service.models.columns import instant_text
from service.permissions import Target

#: Years that days are looked for in.
_FIRST_YEAR, _LAST_YEAR = 1900, 9998


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to list; days are calendar days of the archive's time zone."""

    day_from: date | None = None
    day_to: date | None = None
    actor: str = ""
    action: str = ""
    verb: str = ""
    customer: str = ""
    document: str = ""
    category: str = ""
    decision: str = ""
    #: a document that was shown under the entries, in lists too
    contains: str = ""
    seq: int | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One entry as the log's page shows it."""

    seq: int
    ts: datetime
    phase: str
    ref: int | None
    actor: str | None
    actor_name: str
    actor_kind: str
    dept: str | None
    action: str
    verb: str
    object_type: str | None
    object: str | None
    customer: str | None
    customer_number: str | None
    category: str | None
    grade: str | None
    decision: str | None
    rule: str | None
    count: int | None
    bytes: int | None
    error: str | None
    via: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """Entries, newest first, and how many there are in all."""

    items: tuple[EventRow, ...]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class LogStatus:
    """How long the log is, its root, today's figures."""

    events: int
    root: str
    today: int
    denied_today: int
    first: datetime | None
    checkpoint: int | None
    #: the last entry that this process has recomputed and found as it was written
    verified_to: int = 0


def events(call: Call, wanted: Wanted) -> EventPage:
    """List entries of the log for those who may."""
    call.require(Target())
    db = call.db
    where = and_(True, *_conditions(call, db, wanted))  # noqa: FBT003 - SQLAlchemy's neutral element
    total = db.scalar(select(func.count()).select_from(AuditEvent).where(where)) or 0
    # by number, not by place: every look at the log makes it longer
    before = offset_of(wanted.cursor)
    rows = db.execute(
        select(AuditEvent, AuditBody.body)
        .outerjoin(AuditBody, AuditBody.seq == AuditEvent.seq)
        .where(where, AuditEvent.seq < before if before else true())
        .order_by(AuditEvent.seq.desc())
        .limit(wanted.limit + 1)
    ).all()
    items = _rows(db, [(e, b) for e, b in rows[: wanted.limit]])
    call.returned(str(item.seq) for item in items)
    more = len(rows) > wanted.limit
    return EventPage(items, total, cursor_of(items[-1].seq) if more else None)


def _conditions(call: Call, db: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    zone = ZoneInfo(call.archive.settings.timezone)
    conditions: list[ColumnElement[bool]] = []
    if wanted.seq is not None:
        conditions.append((AuditEvent.seq == wanted.seq) | (AuditEvent.ref == wanted.seq))
    if wanted.day_from:
        conditions.append(AuditEvent.ts >= _midnight(_known(wanted.day_from, "from"), zone))
    if wanted.day_to:
        after = _known(wanted.day_to, "to") + timedelta(days=1)
        conditions.append(AuditEvent.ts < _midnight(after, zone))
    if wanted.actor:
        conditions.append(AuditEvent.actor.in_(_actors(db, wanted.actor)))
    if wanted.customer:
        conditions.append(AuditEvent.customer.in_(_customers(db, wanted.customer)))
    if wanted.contains:
        shown = select(AuditTouch.seq).where(AuditTouch.document == wanted.contains)
        conditions.append(AuditEvent.seq.in_(shown))
    for column, value in (
        (AuditEvent.action, wanted.action),
        (AuditEvent.verb, wanted.verb),
        (AuditEvent.object, wanted.document),
        (AuditEvent.category, wanted.category),
        (AuditEvent.decision, wanted.decision),
    ):
        if value:
            conditions.append(column == value)
    return conditions


def _known(day: date, name: str) -> date:
    """Refuse a day that has no moment in every time zone, or whose text does not sort."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Invalid("Some values cannot be taken as they are.", fields={name: "range"})
    return day


def _midnight(day: date, zone: ZoneInfo) -> str:
    return instant_text(datetime.combine(day, time(), zone))


def _actors(db: Session, text: str) -> list[str]:
    found = db.scalars(
        select(Person.id).where(
            (Person.id == text) | (Person.login == text.lower()) | Person.name.contains(text)
        )
    ).all()
    return [*found, text]


def _customers(db: Session, text: str) -> list[str]:
    found = db.scalars(select(Customer.id).where(Customer.number == text.upper())).all()
    return [*found, text]


def _rows(db: Session, rows: list[tuple[AuditEvent, bytes | None]]) -> tuple[EventRow, ...]:
    names = accounts.names(db, {e.actor for e, _ in rows if e.actor})
    customers = {e.customer for e, _ in rows if e.customer}
    numbered = db.execute(select(Customer.id, Customer.number).where(Customer.id.in_(customers)))
    numbers = dict(numbered.tuples().all())
    return tuple(_row(e, _members(b), names, numbers) for e, b in rows)


def _members(body: bytes | None) -> dict[str, Any]:
    """Return what a body says; one that was tampered with says nothing here."""
    try:
        return entries.read(body or b"{}")
    except ValueError:
        return {}


def _row(
    event: AuditEvent,
    body: dict[str, Any],
    names: dict[str, str],
    numbers: dict[str, str | None],
) -> EventRow:
    def inner(name: str) -> dict[str, Any]:
        value = body.get(name)
        return value if isinstance(value, dict) else {}

    result = inner("result")

    def number(name: str) -> int | None:
        value = result.get(name)
        return value if isinstance(value, int) else None

    def word(value: object) -> str | None:
        return value if isinstance(value, str) else None

    return EventRow(
        seq=event.seq,
        ts=datetime.fromisoformat(event.ts),
        phase=event.phase,
        ref=event.ref,
        actor=event.actor,
        actor_name=names.get(event.actor or "", event.actor or ""),
        actor_kind=word(inner("actor").get("kind")) or "",
        dept=event.dept,
        action=event.action,
        verb=event.verb,
        object_type=event.object_type,
        object=event.object,
        customer=event.customer,
        customer_number=numbers.get(event.customer or ""),
        category=event.category,
        grade=word(body.get("grade")),
        decision=event.decision,
        rule=word(body.get("rule")),
        count=number("count"),
        bytes=number("bytes"),
        error=word(result.get("error")),
        via=word(body.get("via")) or "",
    )


def status(call: Call, watch: Watch | None = None) -> LogStatus:
    """Return the log's length, root and today's figures; `watch` looks at what is new."""
    call.require(Target())
    found = standing(call.db, ZoneInfo(call.archive.settings.timezone))
    return replace(found, verified_to=watch.advance(call.db)) if watch else found


def standing(db: Session, zone: ZoneInfo) -> LogStatus:
    """Return how the log stands in this snapshot."""
    head = db.get_one(AuditHead, 1)
    midnight = _midnight(datetime.now(zone).date(), zone)
    today = AuditEvent.ts >= midnight
    first = db.scalars(select(AuditEvent.ts).order_by(AuditEvent.seq).limit(1)).first()
    return LogStatus(
        events=head.seq,
        root=merkle.root(merkle.unpack(head.frontier)).hex(),
        today=db.scalar(select(func.count()).select_from(AuditEvent).where(today)) or 0,
        denied_today=db.scalar(
            select(func.count()).select_from(AuditEvent).where(today, AuditEvent.decision == "deny")
        )
        or 0,
        first=datetime.fromisoformat(first) if first else None,
        checkpoint=None,
    )
