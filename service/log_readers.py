"""Who saw a document, and what somebody looked at: from the log's index of what was shown.

The index goes when its month's details are erased; entries and their counts stay.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from service import accounts, auditing
from service.archive import Call
from service.auditing import EventRow
from service.errors import NotFound
from service.models import AuditBody, AuditEvent, AuditTouch, Customer, Document
from service.permissions import Target

#: rows of the latest looks, and documents of one person, that a page shows
_LATEST = 100
_MOST = 200

#: Pieces of one reading count as one look.
_READING = func.coalesce(AuditEvent.ref, AuditEvent.seq)


@dataclass(slots=True)
class Counted:
    """How often something was shown, by how, and the first and last time."""

    first: datetime
    last: datetime
    times: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """One person and what they saw of a document."""

    id: str
    name: str
    dept: str | None
    counted: Counted | None
    refused: int


@dataclass(frozen=True, slots=True)
class Look:
    """One time a document was shown to somebody."""

    seq: int
    ts: datetime
    actor: str | None
    name: str
    action: str
    how: str


@dataclass(frozen=True, slots=True)
class Readers:
    """Who saw a document: per person, and the latest looks."""

    document: str
    customer: str | None
    customer_number: str | None
    grade: str | None
    people: tuple[Reader, ...]
    latest: tuple[Look, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One document and how somebody saw it."""

    document: str
    customer_number: str | None
    grade: str | None
    counted: Counted


@dataclass(frozen=True, slots=True)
class Looked:
    """What somebody looked at: documents, actions, refusals."""

    id: str
    name: str
    dept: str | None
    documents: tuple[Seen, ...]
    actions: tuple[tuple[str, int], ...]
    denials: tuple[EventRow, ...]
    denied: int


def readers(call: Call, document: str) -> Readers:
    """Return who saw a document; raises `NotFound` for one that no entry speaks of."""
    call.require(Target())
    db = call.db
    row = db.execute(
        select(Document.customer, Document.grade, Customer.number)
        .join(Customer, Customer.id == Document.customer)
        .where(Document.id == document)
    ).first()
    counted = _counted(db, document)
    refused = _refused(db, document)
    if row is None and not counted and not refused:
        raise NotFound
    customer, grade, number = row or (None, None, None)
    if customer:
        call.about(customer=customer)
    known = accounts.names_and_departments(db, {*counted, *refused})
    people = [
        Reader(who, *known.get(who, (who, None)), counted.get(who), refused.get(who, 0))
        for who in {*counted, *refused}
    ]
    people.sort(key=lambda one: (one.counted is None, -_last(one.counted), one.name))
    latest = _latest(db, document)
    call.returned(one.id for one in people)
    return Readers(document, customer, number, grade, tuple(people), latest)


def _last(counted: Counted | None) -> float:
    return counted.last.timestamp() if counted else 0.0


def _counted(db: Session, document: str) -> dict[str, Counted]:
    rows = db.execute(
        select(
            AuditEvent.actor,
            AuditTouch.how,
            func.count(distinct(_READING)),
            func.min(AuditEvent.ts),
            func.max(AuditEvent.ts),
        )
        .join(AuditTouch, AuditTouch.seq == AuditEvent.seq)
        .where(AuditTouch.document == document, AuditEvent.actor.is_not(None))
        .group_by(AuditEvent.actor, AuditTouch.how)
    )
    return _by_first((str(actor), *rest) for actor, *rest in rows)


def _by_first(rows: Iterable[tuple[object, ...]]) -> dict[str, Counted]:
    found: dict[str, Counted] = {}
    for key, how, count, first, last in rows:
        begun, ended = datetime.fromisoformat(str(first)), datetime.fromisoformat(str(last))
        one = found.setdefault(str(key), Counted(begun, ended))
        one.times[str(how)] = int(str(count))
        one.first, one.last = min(one.first, begun), max(one.last, ended)
    return found


def _refused(db: Session, document: str) -> dict[str, int]:
    rows = db.execute(
        select(AuditEvent.actor, func.count())
        .where(
            AuditEvent.object == document,
            AuditEvent.decision == "deny",
            AuditEvent.actor.is_not(None),
        )
        .group_by(AuditEvent.actor)
    )
    return {str(actor): count for actor, count in rows}


def _latest(db: Session, document: str) -> tuple[Look, ...]:
    rows = db.execute(
        select(AuditEvent, AuditTouch.how)
        .join(AuditTouch, AuditTouch.seq == AuditEvent.seq)
        .where(AuditTouch.document == document)
        .order_by(AuditTouch.seq.desc(), AuditTouch.how)
        .limit(_LATEST)
    ).all()
    names = accounts.names(db, {e.actor for e, _ in rows if e.actor})
    return tuple(
        Look(
            event.ref or event.seq,
            datetime.fromisoformat(event.ts),
            event.actor,
            names.get(event.actor or "", event.actor or ""),
            event.action,
            how,
        )
        for event, how in rows
    )


def looked(call: Call, person: str) -> Looked:
    """Return what somebody looked at; raises `NotFound` for who is not known."""
    call.require(Target())
    db = call.db
    known = accounts.names_and_departments(db, {person}).get(person)
    if known is None:
        raise NotFound
    documents = _documents(db, person)
    actions = db.execute(
        select(AuditEvent.action, func.count(distinct(_READING)))
        .where(AuditEvent.actor == person)
        .group_by(AuditEvent.action)
        .order_by(func.count(distinct(_READING)).desc(), AuditEvent.action)
    ).all()
    denied = (AuditEvent.actor == person, AuditEvent.decision == "deny")
    rows = db.execute(
        select(AuditEvent, AuditBody.body)
        .outerjoin(AuditBody, AuditBody.seq == AuditEvent.seq)
        .where(*denied)
        .order_by(AuditEvent.seq.desc())
        .limit(_LATEST)
    ).all()
    total = db.scalar(select(func.count()).select_from(AuditEvent).where(*denied)) or 0
    call.returned(one.document for one in documents)
    return Looked(
        person,
        *known,
        documents,
        tuple((action, count) for action, count in actions),
        auditing.rows_of(db, [(e, b) for e, b in rows]),
        total,
    )


def _documents(db: Session, person: str) -> tuple[Seen, ...]:
    rows = db.execute(
        select(
            AuditTouch.document,
            AuditTouch.how,
            func.count(distinct(_READING)),
            func.min(AuditEvent.ts),
            func.max(AuditEvent.ts),
        )
        .join(AuditTouch, AuditTouch.seq == AuditEvent.seq)
        .where(AuditEvent.actor == person)
        .group_by(AuditTouch.document, AuditTouch.how)
    )
    counted = _by_first(tuple(row) for row in rows)
    newest = sorted(counted, key=lambda one: counted[one].last, reverse=True)[:_MOST]
    of = db.execute(
        select(Document.id, Customer.number, Document.grade)
        .join(Customer, Customer.id == Document.customer)
        .where(Document.id.in_(newest))
    )
    known = {document: (number, str(grade)) for document, number, grade in of}
    found = []
    for one in newest:
        number, grade = known.get(one, (None, None))
        found.append(Seen(one, number, grade, counted[one]))
    return tuple(found)
