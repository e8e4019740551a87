"""One entry of the log with all that belongs to it; its sealed content only with a case number."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import auditing
from service.archive import Call
from service.audit.log import detail_aad
from service.auditing import EventRow
from service.crypto import NONCE_BYTES
from service.errors import Invalid, NotFound
from service.models import AuditBody, AuditDetail, AuditEvent, AuditTouch
from service.permissions import Target

#: entries of one reading that a page shows, and documents under one entry
_MOST = 100
_MOST_SHOWN = 200

_SHORTEST, _LONGEST = 4, 60


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
    call.say(part={"from": seq, "to": seq})
    return group(call.db, seq)


def group(db: Session, seq: int) -> EntryView:
    """Return the entries around one number, for whom the caller has let through."""
    event = db.get(AuditEvent, seq)
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


def case_number(text: str) -> str:
    """Return a case number as it is logged; raises `Invalid` for what is none."""
    case = text.strip()
    if not case:
        raise Invalid("Say under which case this is opened.", fields={"case": "required"})
    if len(case) < _SHORTEST:
        raise Invalid("Say under which case this is opened.", fields={"case": "too_short"})
    if len(case) > _LONGEST:
        raise Invalid("Say under which case this is opened.", fields={"case": "too_long"})
    if any(unicodedata.category(sign).startswith("C") for sign in case):
        raise Invalid("Say under which case this is opened.", fields={"case": "format"})
    return case


def open_sealed(call: Call, seq: int, case: str) -> tuple[EntryView, tuple[Opened, ...]]:
    """Return an entry's group and what was sealed with it: for a case, for this once.

    The case number, as typed, is sealed with the intent of the call that opens.
    """
    call.require(Target())
    call.say(part={"from": seq, "to": seq}, purpose="case")
    case_number(case)
    found = group(call.db, seq)
    numbers = [part.row.seq for part in found.parts if part.sealed]
    rows = call.db.scalars(
        select(AuditDetail).where(AuditDetail.seq.in_(numbers)).order_by(AuditDetail.seq)
    ).all()
    keys = Keys(call)
    opened = tuple(Opened(row.seq, keys.members(row.seq, row.ct, row.key)) for row in rows)
    call.returned(str(one.seq) for one in opened)
    return found, opened


class Keys:
    """Opens sealed details of entries; each month's key is fetched once."""

    def __init__(self, call: Call) -> None:
        """Know where the keys are; none is fetched yet."""
        self._keystore = call.archive.keystore
        self._known: dict[str, AESGCM | None] = {}

    def text(self, seq: int, ct: bytes, key_id: str) -> bytes:
        """Return what was sealed, as it was written; nothing where the key is gone."""
        if key_id not in self._known:
            key = self._keystore.detail_key(key_id)
            self._known[key_id] = AESGCM(key) if key else None
        cipher = self._known[key_id]
        if cipher is None:
            return b"{}"
        try:
            return cipher.decrypt(ct[:NONCE_BYTES], ct[NONCE_BYTES:], detail_aad(seq))
        except (InvalidTag, ValueError):
            return b"{}"

    def members(self, seq: int, ct: bytes, key_id: str) -> dict[str, Any]:
        """Return the members of what was sealed."""
        found = json.loads(self.text(seq, ct, key_id))
        return found if isinstance(found, dict) else {}
