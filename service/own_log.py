"""A person's own history: what they searched for, in their own words, and what they opened.

Nothing is told of the thing that the person may not see today: neither of what was refused nor of
what has left their sight. Its number in the log stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from service import inside, looking
from service.archive import Call
from service.auditing import members
from service.codes import Decision
from service.crypto import Place, unseal_value
from service.detail_keys import DetailKeys
from service.directory import cursor_of, offset_of
from service.documents import SEALED_AS, TAKEN_BACK
from service.log_questions import Wanted as EventsWanted
from service.log_questions import days
from service.models import (
    AuditBody,
    AuditDetail,
    AuditEvent,
    Customer,
    CustomerView,
    Document,
    Version,
)
from service.permissions import Target


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the person's own entries to list."""

    day_from: date | None = None
    day_to: date | None = None
    action: str = ""
    seq: int | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """A document or client that the person may see today, by its name."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One thing the person did. `q`: the words they searched for."""

    seq: int
    ts: datetime
    action: str
    decision: str | None
    count: int | None
    q: str = ""
    thing: Thing | None = None
    #: whether its page was looked at, and what the action names was not done
    looked: bool = False


@dataclass(frozen=True, slots=True)
class OwnPage:
    """What the person did, latest first, and how much in all."""

    items: tuple[OwnRow, ...]
    total: int
    next_cursor: str | None


def history(call: Call, wanted: Wanted) -> OwnPage:
    """List what the person who calls did; nobody else's entries are ever among them."""
    call.require(Target())
    db = call.db
    where = _conditions(call, wanted)
    total = db.scalar(select(func.count()).select_from(AuditEvent).where(*where)) or 0
    before = offset_of(wanted.cursor)
    rows = db.scalars(
        select(AuditEvent)
        .where(*where, AuditEvent.seq < before if before else true())
        .order_by(AuditEvent.seq.desc())
        .limit(wanted.limit + 1)
    ).all()
    more, rows = len(rows) > wanted.limit, rows[: wanted.limit]
    ended = _outcomes(db, rows)
    words = _words(call, rows)
    things = _things(call, [e for e in rows if _allowed(e, ended)])
    items = tuple(_row(e, ended, words, things) for e in rows)
    call.returned(str(item.seq) for item in items)
    return OwnPage(items, total, cursor_of(items[-1].seq) if more else None)


def _conditions(call: Call, wanted: Wanted) -> list[ColumnElement[bool]]:
    zone = ZoneInfo(call.archive.settings.timezone)
    asked = EventsWanted(day_from=wanted.day_from, day_to=wanted.day_to)
    found = [
        *days(call.db, zone, asked),
        AuditEvent.actor == call.actor.person,
        AuditEvent.ref.is_(None),
    ]
    if wanted.action:
        found.append(AuditEvent.action == wanted.action)
    if wanted.seq is not None:
        found.append(AuditEvent.seq == wanted.seq)
    return found


def _outcomes(db: Session, rows: Sequence[AuditEvent]) -> dict[int, tuple[str | None, int | None]]:
    """Return how entries ended: the decision, and how many things were returned."""
    numbers = [event.seq for event in rows]
    found = db.execute(
        select(AuditEvent, AuditBody.body)
        .outerjoin(AuditBody, AuditBody.seq == AuditEvent.seq)
        .where(AuditEvent.ref.in_(numbers), AuditEvent.phase == "outcome")
    )
    ended: dict[int, tuple[str | None, int | None]] = {}
    for event, body in found:
        result = members(body).get("result")
        count = result.get("count") if isinstance(result, dict) else None
        ended[event.ref] = (event.decision, count if isinstance(count, int) else None)
    return ended


def _allowed(event: AuditEvent, ended: dict[int, tuple[str | None, int | None]]) -> bool:
    return (event.decision or ended.get(event.seq, (None, None))[0]) == str(Decision.ALLOW)


def _words(call: Call, rows: Sequence[AuditEvent]) -> dict[int, str]:
    numbers = [event.seq for event in rows]
    keys = DetailKeys(call.archive.keystore)
    found = {}
    for row in call.db.scalars(select(AuditDetail).where(AuditDetail.seq.in_(numbers))):
        q = keys.members(row.seq, row.ct, row.key).get("q")
        if isinstance(q, str) and q:
            found[row.seq] = q[:200]
    return found


def _things(call: Call, rows: Sequence[AuditEvent]) -> dict[str, Thing]:
    documents = {e.object for e in rows if e.object_type == "document" and e.object}
    customers = {e.object for e in rows if e.object_type == "customer" and e.object}
    return _documents(call, documents) | _customers(call, customers)


def _documents(call: Call, ids: set[str]) -> dict[str, Thing]:
    there = select(Version.document).where(
        Version.document.in_(ids), Version.filing.not_in([str(f) for f in TAKEN_BACK])
    )
    rows = call.db.scalars(
        select(Document)
        .join(Customer, Customer.id == Document.customer)
        .where(Document.id.in_(there), inside.documents(call.scopes))
    ).all()
    for row in rows:
        call.touched(row.id, "listed")
    return {row.id: Thing("document", row.id, _title(call, row)) for row in rows}


def _title(call: Call, row: Document) -> str:
    key = call.ring.field(row.customer, SEALED_AS)
    return unseal_value(key, row.title_ct, Place(row.id, row.customer, "title"))


def _customers(call: Call, ids: set[str]) -> dict[str, Thing]:
    rows = call.db.execute(
        select(Customer.id, CustomerView.name)
        .join(CustomerView, CustomerView.customer == Customer.id)
        .where(Customer.id.in_(ids), inside.customers(call.customer_scopes))
    )
    return {customer: Thing("customer", customer, name) for customer, name in rows}


def _row(
    event: AuditEvent,
    ended: dict[int, tuple[str | None, int | None]],
    words: dict[int, str],
    things: dict[str, Thing],
) -> OwnRow:
    decision, count = ended.get(event.seq, (None, None))
    shown = _allowed(event, ended)
    return OwnRow(
        seq=event.seq,
        ts=datetime.fromisoformat(event.ts),
        action=event.action,
        decision=event.decision or decision,
        count=count,
        q=words.get(event.seq, ""),
        thing=things.get(event.object or "") if shown else None,
        looked=looking.only(event.action, event.phase, "person", event.object),
    )
