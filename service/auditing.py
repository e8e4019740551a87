"""The log as people read it: columns and counts, never content (that needs a case number)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from service import accounts, anchored, log_folding, looking
from service.archive import Call
from service.audit import entries, merkle
from service.audit.verify import Watch
from service.directory import cursor_of
from service.log_questions import Wanted, conditions, midnight
from service.models import AuditBody, AuditEvent, AuditHead, AuditTouch, Customer
from service.permissions import Target


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
    #: the page of a document it was about
    page: int | None = None
    #: whether its page was looked at, and what the action names was not done
    looked: bool = False
    #: how many documents it showed, by how: listed, snippet, opened, downloaded
    shown: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Entries, newest first, and how many there are in all."""

    items: tuple[EventRow, ...]
    total: int
    next_cursor: str | None
    #: how many entries are newer than the first one here
    place: int = 0


@dataclass(frozen=True, slots=True)
class LogStatus:
    """How long the log is, its root, today's figures."""

    events: int
    root: str
    today: int
    denied_today: int
    first: datetime | None
    #: how long the log was when it was last signed, when that was, and how it stands outside
    checkpoint: int | None
    signed: datetime | None = None
    anchor: str = "unanchored"
    #: the last entry that this process has recomputed and found as it was written
    verified_to: int = 0


def events(call: Call, wanted: Wanted) -> EventPage:
    """List entries of the log for those who may."""
    call.require(Target())
    db, found = call.db, conditions(call, wanted)
    where, total = found.where, found.total
    if total is None:
        total = _count(db, where) if where else db.get_one(AuditHead, 1).seq
    items = rows_of(db, log_folding.page(db, wanted, where))
    more, items = len(items) > wanted.limit, items[: wanted.limit]
    if wanted.newer is not None:
        # read from the far end: what was read too much is nearest to where one came from
        more, items = True, items[::-1]
    call.returned(str(item.seq) for item in items)
    moved = wanted.cursor is not None or wanted.newer is not None
    place = _count(db, [*where, AuditEvent.seq > items[0].seq]) if moved and items else 0
    return EventPage(items, total, cursor_of(items[-1].seq) if more and items else None, place)


def _count(db: Session, where: Sequence[ColumnElement[bool]]) -> int:
    return db.scalar(select(func.count()).select_from(AuditEvent).where(*where)) or 0


def numbered(db: Session, numbers: Sequence[int]) -> tuple[EventRow, ...]:
    """Return the entries of these numbers, newest first, for whom the caller has let through."""
    rows = db.execute(
        select(AuditEvent, AuditBody.body)
        .outerjoin(AuditBody, AuditBody.seq == AuditEvent.seq)
        .where(AuditEvent.seq.in_(numbers))
        .order_by(AuditEvent.seq.desc())
    ).all()
    return rows_of(db, [(e, b) for e, b in rows])


def rows_of(db: Session, rows: Sequence[tuple[AuditEvent, bytes | None]]) -> tuple[EventRow, ...]:
    """Return entries as pages show them."""
    names = accounts.names(db, {e.actor for e, _ in rows if e.actor})
    customers = {e.customer for e, _ in rows if e.customer}
    numbered = db.execute(select(Customer.id, Customer.number).where(Customer.id.in_(customers)))
    numbers = dict(numbered.tuples().all())
    shown = _shown(db, [e.seq for e, _ in rows])
    made = (_row(e, members(b), names, numbers) for e, b in rows)
    return tuple(replace(row, shown=shown.get(row.seq, {})) for row in made)


def _shown(db: Session, numbers: Sequence[int]) -> dict[int, dict[str, int]]:
    counted = db.execute(
        select(AuditTouch.seq, AuditTouch.how, func.count())
        .where(AuditTouch.seq.in_(numbers))
        .group_by(AuditTouch.seq, AuditTouch.how)
    )
    found: dict[int, dict[str, int]] = {}
    for seq, how, count in counted.tuples():
        found.setdefault(seq, {})[how] = count
    return found


def members(body: bytes | None) -> dict[str, Any]:
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

    kind = word(inner("actor").get("kind")) or ""
    return EventRow(
        seq=event.seq,
        ts=datetime.fromisoformat(event.ts),
        phase=event.phase,
        ref=event.ref,
        actor=event.actor,
        actor_name=names.get(event.actor or "", event.actor or ""),
        actor_kind=kind,
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
        page=page if isinstance(page := inner("part").get("page"), int) else None,
        looked=looking.only(event.action, event.phase, kind, event.object),
    )


def status(call: Call, watch: Watch | None = None) -> LogStatus:
    """Return the log's length, root and today's figures; `watch` looks at what is new."""
    call.require(Target())
    found = standing(call.db, ZoneInfo(call.archive.settings.timezone))
    return replace(found, verified_to=watch.advance(call.db)) if watch else found


def standing(db: Session, zone: ZoneInfo) -> LogStatus:
    """Return how the log stands in this snapshot."""
    head, anchor = db.get_one(AuditHead, 1), anchored.standing(db)
    today = AuditEvent.ts >= midnight(datetime.now(zone).date(), zone)
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
        checkpoint=anchor.size,
        signed=anchor.signed,
        anchor=anchor.state(datetime.now(UTC)),
    )
