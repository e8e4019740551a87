"""One entry of the log with all that belongs to it; its sealed content only with a case number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import auditing, case_numbers
from service.archive import Call
from service.auditing import EventRow
from service.detail_keys import DetailKeys
from service.errors import NotFound
from service.models import AuditBody, AuditDetail, AuditEvent, AuditTouch
from service.permissions import Target

#: entries of one reading that a page shows, and documents under one entry
_MOST = 100
_MOST_SHOWN = 200

#: a number that no entry has, nor any body can name
_BEYOND = 2**53


@dataclass(frozen=True, slots=True)
class Shown:
    """A document that an entry showed to somebody, and how."""

    document: str
    how: str


@dataclass(frozen=True, slots=True)
class Part:
    """One entry of a group: its row, the members of its body, what the chain says of it."""

    row: EventRow
    body: Mapping[str, Any]
    leaf: str
    chain: str
    #: whether content was sealed with it, and whether it was erased since
    sealed: bool
    erased: bool
    shown: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryView:
    """An intent with its outcome, deliveries and further pieces; or one event alone."""

    seq: int
    parts: tuple[Part, ...]
    #: how many further entries belong to it that are not among the parts
    more: int
    #: the number of the last entry there is
    newest: int

    @property
    def sealed(self) -> bool:
        """Say whether there is anything to open."""
        return any(part.sealed for part in self.parts)


@dataclass(frozen=True, slots=True)
class Opened:
    """What was sealed with one entry."""

    seq: int
    members: Mapping[str, Any] = field(default_factory=dict)


def get(call: Call, seq: int) -> EntryView:
    """Return the group of entries that a number stands in; raises `NotFound`."""
    call.require(Target())
    found = group(call.db, seq)
    call.say(part={"from": seq, "to": seq})
    return found


def group(db: Session, seq: int) -> EntryView:
    """Return the entries around one number, for whom the caller has let through."""
    event = db.get(AuditEvent, seq) if 0 < seq < _BEYOND else None
    if event is None:
        raise NotFound
    first = event.ref or seq
    together = (AuditEvent.seq == first) | (AuditEvent.ref == first)
    rows = db.execute(
        select(AuditEvent, AuditBody.body)
        .outerjoin(AuditBody, AuditBody.seq == AuditEvent.seq)
        .where(together)
        .order_by(AuditEvent.seq)
        .limit(_MOST)
    ).all()
    count = db.scalar(select(func.count()).select_from(AuditEvent).where(together)) or 0
    newest = db.scalar(select(func.max(AuditEvent.seq))) or first
    return EntryView(first, _parts(db, [(e, b) for e, b in rows]), count - len(rows), newest)


def _parts(db: Session, rows: Sequence[tuple[AuditEvent, bytes | None]]) -> tuple[Part, ...]:
    numbers = [event.seq for event, _ in rows]
    sealed = set(db.scalars(select(AuditDetail.seq).where(AuditDetail.seq.in_(numbers))))
    touched: dict[int, list[Shown]] = {}
    found = db.execute(
        select(AuditTouch.seq, AuditTouch.document, AuditTouch.how)
        .where(AuditTouch.seq.in_(numbers))
        .order_by(AuditTouch.seq, AuditTouch.how, AuditTouch.document)
        .limit(_MOST_SHOWN)
    )
    for seq, document, how in found.tuples():
        touched.setdefault(seq, []).append(Shown(document, how))
    shown = auditing.rows_of(db, rows)
    parts = []
    for row, (event, stored) in zip(shown, rows, strict=True):
        body = auditing.members(stored)
        parts.append(
            Part(
                row=row,
                body=body,
                leaf=bytes(event.leaf).hex(),
                chain=bytes(event.chain).hex(),
                sealed=event.seq in sealed,
                erased="detail" in body and event.seq not in sealed,
                shown=tuple(touched.get(event.seq, ())),
            )
        )
    return tuple(parts)


def open_sealed(call: Call, seq: int, case: str) -> tuple[EntryView, tuple[Opened, ...]]:
    """Return an entry's group and what was sealed with it: for a case, for this once.

    The case number, as typed, is sealed with the intent of the call that opens.
    """
    call.require(Target())
    call.say(part={"from": seq, "to": seq}, purpose="case")
    case_numbers.checked(case)
    found = group(call.db, seq)
    numbers = [part.row.seq for part in found.parts if part.sealed]
    rows = call.db.scalars(
        select(AuditDetail).where(AuditDetail.seq.in_(numbers)).order_by(AuditDetail.seq)
    ).all()
    keys = DetailKeys(call.archive.keystore)
    opened = tuple(Opened(row.seq, keys.members(row.seq, row.ct, row.key)) for row in rows)
    call.returned(str(one.seq) for one in opened)
    return found, opened
