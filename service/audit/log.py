"""Append to the log: the only place that writes its tables."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from service.audit import entries, merkle
from service.audit.entries import Entry
from service.models import AuditBody, AuditDetail, AuditEvent, AuditHead, AuditTouch
from service.models.columns import instant_text

START = bytes(32)


@dataclass(frozen=True, slots=True)
class MonthKey:
    """The key that seals this month's details, and its id in the keystore."""

    id: str
    key: bytes


def detail_aad(seq: int) -> bytes:
    """Return what binds a sealed detail to its entry's number."""
    return f"guidang.detail.v1|{seq}".encode()


_HEAD = cast("Table", AuditHead.__table__)
_EVENT = cast("Table", AuditEvent.__table__)
_BODY = cast("Table", AuditBody.__table__)
_DETAIL = cast("Table", AuditDetail.__table__)
_TOUCH = cast("Table", AuditTouch.__table__)
_SELECT_HEAD = select(_HEAD.c.seq, _HEAD.c.chain, _HEAD.c.frontier).where(_HEAD.c.id == 1)


def head_seq(db: Session) -> int:
    """Return the number of the last entry: the revision of a snapshot."""
    return int(db.execute(select(_HEAD.c.seq).where(_HEAD.c.id == 1)).scalar_one())


def append(db: Session, batch: Sequence[Entry], month: MonthKey) -> list[int]:
    """Append entries as the last statements of a writing transaction; return their numbers.

    Locks the head row: on PostgreSQL nobody else appends until this transaction ends.
    """
    statement = (
        _SELECT_HEAD if db.get_bind().dialect.name == "sqlite" else _SELECT_HEAD.with_for_update()
    )
    seq, chain, packed = db.execute(statement).one()
    frontier = merkle.unpack(packed)
    numbers = []
    for entry in batch:
        leaf = _write(db, entry, seq + 1, chain, month)
        chain = chain_value(chain, leaf)
        frontier = merkle.extend(frontier, seq, leaf)
        seq += 1
        numbers.append(seq)
    db.execute(
        update(_HEAD)
        .where(_HEAD.c.id == 1)
        .values(seq=seq, chain=chain, frontier=merkle.pack(frontier))
    )
    return numbers


def chain_value(previous: bytes, leaf: bytes) -> bytes:
    """Return the next chain value: SHA-256(previous || leaf)."""
    return hashlib.sha256(previous + leaf).digest()


def _write(db: Session, entry: Entry, seq: int, chain: bytes, month: MonthKey) -> bytes:
    salt, sealed, committed = _detail(entry, seq, month)
    sess = entries.session_mark(month.key, entry.actor.sign_in) if entry.actor.sign_in else None
    ts = instant_text(datetime.now(UTC))
    body = entries.body(entry, seq=seq, ts=ts, sess=sess, detail=committed)
    leaf = merkle.leaf_hash(body)
    row: dict[str, Any] = entries.columns(entries.read(body))
    row["leaf"] = leaf
    row["chain"] = chain_value(chain, leaf)
    db.execute(insert(_EVENT).values(row))
    db.execute(insert(_BODY).values(seq=seq, body=body))
    if sealed is not None:
        db.execute(insert(_DETAIL).values(seq=seq, salt=salt, ct=sealed, key=month.id))
    touches = [{"seq": seq, "document": d, "how": how} for d, how in dict.fromkeys(entry.touches)]
    if touches:
        db.execute(insert(_TOUCH), touches)
    return leaf


def _detail(entry: Entry, seq: int, month: MonthKey) -> tuple[bytes, bytes | None, str | None]:
    members = entries.sealable(entry.detail or {})
    if entry.touches:
        members["touched"] = [list(t) for t in dict.fromkeys(entry.touches)]
    if not members:
        return b"", None, None
    plain = entries.canonical(members)
    salt = os.urandom(32)
    nonce = os.urandom(12)
    sealed = nonce + AESGCM(month.key).encrypt(nonce, plain, detail_aad(seq))
    return salt, sealed, entries.commitment(salt, plain)
