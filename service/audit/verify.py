"""Verify the log from its bodies alone, and name the first entry that is not as it was written.

Leaf, chain, root and every query column are recomputed; stored values are only compared.
Exit codes: AUDIT-AND-KEYS 3.3 of the design, listed in `Code`.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import entries, merkle
from service.audit.log import START, chain_value, detail_aad
from service.models import AuditBody, AuditDetail, AuditEvent, AuditHead, AuditTouch

#: Opens the detail key of an id; None where it was erased.
DetailKey = Callable[[str], bytes | None]

_BATCH = 2000


class Code(IntEnum):
    """What verification found; also the exit code of `guidang audit verify`."""

    OK = 0
    BODY = 10
    CHAIN = 11
    GAP = 12


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict: which code, the first bad number, how many entries, the root."""

    code: Code
    events: int
    root: str
    first_bad: int | None = None
    reason: str = ""
    orphans: tuple[int, ...] = ()


class _Bad(Exception):
    def __init__(self, code: Code, seq: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.seq = seq


@dataclass(slots=True)
class _State:
    seq: int = 0
    chain: bytes = START
    frontier: tuple[bytes, ...] = ()


def verify(
    db: Session, detail_key: DetailKey | None, *, progress: Callable[[int], None] | None = None
) -> Report:
    """Verify the whole log in one snapshot; without keys at hand details stay closed."""
    state = _State()
    open_intents: dict[int, str] = {}
    try:
        for event, body, detail, touches in _all(db):
            leaf, members = _entry(state, event, body)
            _detail(event["seq"], members, detail, touches, detail_key)
            _follow(open_intents, members)
            state.frontier = tuple(merkle.extend(state.frontier, state.seq, leaf))
            state.chain = chain_value(state.chain, leaf)
            state.seq += 1
            if progress and state.seq % _BATCH == 0:
                progress(state.seq)
        _head(db, state)
        _outside(db, state)
    except _Bad as bad:
        root = merkle.root(state.frontier).hex()
        return Report(bad.code, state.seq, root, bad.seq, str(bad))
    root = merkle.root(state.frontier).hex()
    return Report(Code.OK, state.seq, root, orphans=tuple(sorted(open_intents)))


class Watch:
    """Verification that goes on where it stopped: how far one process has seen the log hold."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._state = _State()
        self._turn = threading.Lock()

    def advance(self, db: Session, *, most: int = 5000) -> int:
        """Verify at most so many further entries; return the last number that holds."""
        with self._turn:
            state, last = self._state, self._state.seq + most
            for event, body, _, _ in _all(db, after=state.seq, last=last):
                try:
                    leaf, _ = _entry(state, event, body)
                except _Bad:
                    break
                state.chain = chain_value(state.chain, leaf)
                state.seq += 1
            return state.seq


_Row = tuple[dict[str, Any], bytes | None, tuple[bytes, bytes, str] | None, list[tuple[str, str]]]


def _all(db: Session, *, after: int = 0, last: int = 2**62) -> Iterator[_Row]:
    while after < last:
        events = (
            db.execute(
                select(AuditEvent.__table__)
                .where(AuditEvent.seq > after, AuditEvent.seq <= last)
                .order_by(AuditEvent.seq)
                .limit(_BATCH)
            )
            .mappings()
            .all()
        )
        if not events:
            return
        end = events[-1]["seq"]
        between = (AuditBody.seq > after) & (AuditBody.seq <= end)
        bodies = dict(
            db.execute(select(AuditBody.seq, AuditBody.body).where(between)).tuples().all()
        )
        details = {
            s: (salt, ct, key)
            for s, salt, ct, key in db.execute(
                select(AuditDetail.seq, AuditDetail.salt, AuditDetail.ct, AuditDetail.key).where(
                    AuditDetail.seq > after, AuditDetail.seq <= end
                )
            )
        }
        touches: dict[int, list[tuple[str, str]]] = {}
        for s, document, how in db.execute(
            select(AuditTouch.seq, AuditTouch.document, AuditTouch.how).where(
                AuditTouch.seq > after, AuditTouch.seq <= end
            )
        ):
            touches.setdefault(s, []).append((document, how))
        for event in events:
            seq = event["seq"]
            yield dict(event), bodies.get(seq), details.get(seq), touches.get(seq, [])
        after = end


def _entry(
    state: _State, event: dict[str, Any], body: bytes | None
) -> tuple[bytes, dict[str, Any]]:
    expected = state.seq + 1
    if event["seq"] != expected:
        raise _Bad(Code.GAP, expected, "an entry is missing")
    if body is None:
        raise _Bad(Code.BODY, expected, "the body is missing")
    leaf = merkle.leaf_hash(body)
    if leaf != event["leaf"]:
        raise _Bad(Code.BODY, expected, "the body does not give the stored leaf")
    try:
        members = entries.read(body)
        columns = entries.columns(members)
        canonical = entries.canonical(members)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _Bad(Code.BODY, expected, "the body cannot be read") from error
    if canonical != body:
        raise _Bad(Code.BODY, expected, "the body is not in canonical form")
    for name, value in columns.items():
        if event[name] != value:
            raise _Bad(Code.BODY, expected, f"the column {name} differs from the body")
    if chain_value(state.chain, leaf) != event["chain"]:
        raise _Bad(Code.CHAIN, expected, "the chain does not continue")
    return leaf, members


def _detail(
    seq: int,
    members: dict[str, Any],
    detail: tuple[bytes, bytes, str] | None,
    touches: list[tuple[str, str]],
    detail_key: DetailKey | None,
) -> None:
    if detail is None:
        if touches:
            raise _Bad(Code.BODY, seq, "touched documents without a detail that lists them")
        return
    salt, sealed, key_id = detail
    if "detail" not in members:
        raise _Bad(Code.BODY, seq, "a detail that the body does not commit to")
    if detail_key is None:
        return
    key = detail_key(key_id)
    if key is None:
        # what an erased key sealed cannot be read, so nothing may claim to be listed there
        if touches:
            raise _Bad(Code.BODY, seq, "touched documents whose list cannot be opened")
        return
    try:
        plain = AESGCM(key).decrypt(sealed[:12], sealed[12:], detail_aad(seq))
    except (InvalidTag, ValueError) as error:
        raise _Bad(Code.BODY, seq, "the detail was changed or belongs elsewhere") from error
    if entries.commitment(salt, plain) != members["detail"]:
        raise _Bad(Code.BODY, seq, "the detail is not the one committed to")
    listed = {(t[0], t[1]) for t in json.loads(plain).get("touched", [])}
    if listed != set(touches):
        raise _Bad(Code.BODY, seq, "the touched documents differ from the detail")


def _follow(open_intents: dict[int, str], members: dict[str, Any]) -> None:
    if members["phase"] == "intent":
        open_intents[members["seq"]] = members["action"]
    elif members["phase"] == "outcome":
        open_intents.pop(members.get("ref", 0), None)


def _head(db: Session, state: _State) -> None:
    head = db.get(AuditHead, 1)
    if head is not None and head.seq > state.seq and head.chain != state.chain:
        raise _Bad(Code.GAP, state.seq + 1, "the log is shorter than its head says")
    if head is None or head.chain != state.chain or head.seq != state.seq:
        raise _Bad(Code.CHAIN, state.seq, "the head does not fit the log")
    if merkle.unpack(head.frontier) != list(state.frontier):
        raise _Bad(Code.CHAIN, state.seq, "the head's tree does not fit the log")


def _outside(db: Session, state: _State) -> None:
    """Find rows that the pages would show but no number of the log covers."""
    for table in (AuditEvent, AuditBody, AuditDetail, AuditTouch):
        outside = (table.seq < 1) | (table.seq > state.seq)
        found = db.scalars(select(table.seq).where(outside).order_by(table.seq).limit(1)).first()
        if found is not None:
            raise _Bad(Code.GAP, found, "rows outside the numbers of the log")
