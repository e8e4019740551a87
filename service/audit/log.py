"""Append to the log: the only place that writes its tables."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import entries, merkle, statements
from service.audit.entries import Entry
from service.driver import Driver, Query
from service.models import AuditHead
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


def head_seq(db: Session) -> int:
    """Return the number of the last entry: the revision of a snapshot."""
    return int(db.execute(select(AuditHead.seq).where(AuditHead.id == 1)).scalar_one())


#: Asks for the head, and locks it: on PostgreSQL nobody else appends until the transaction ends.
LOCK: Query = statements.LOCK_HEAD


def append(
    driver: Driver, head: Sequence[Any] | None, batch: Sequence[Entry], month: MonthKey
) -> list[int]:
    """Append entries as the last statements of a writing transaction; return their numbers.

    `head` is what `LOCK` found in the same transaction; raises `LookupError` for nothing.
    """
    numbering = Numbering(head)
    numbers = [numbering.add(entry, month) for entry in batch]
    numbering.put(driver)
    return numbers


def chain_value(previous: bytes, leaf: bytes) -> bytes:
    """Return the next chain value: SHA-256(previous || leaf)."""
    return hashlib.sha256(previous + leaf).digest()


class Numbering:
    """Entries of one transaction as they get their numbers; each table is written once."""

    def __init__(self, head: Sequence[Any] | None) -> None:
        """Go on from what `LOCK` found; raises `LookupError` for nothing."""
        if head is None:
            message = "the log has no head"
            raise LookupError(message)
        self._seq: int
        self._chain: bytes
        self._seq, self._chain, packed = head
        self._frontier = merkle.unpack(packed)
        self._events: list[dict[str, Any]] = []
        self._bodies: list[dict[str, Any]] = []
        self._details: list[dict[str, Any]] = []
        self._touches: list[dict[str, Any]] = []

    def add(self, entry: Entry, month: MonthKey) -> int:
        """Take in an entry; return its number. What raises leaves nothing behind."""
        seq = self._seq + 1
        salt, sealed, committed = _detail(entry, seq, month)
        sess = entries.session_mark(month.key, entry.actor.sign_in) if entry.actor.sign_in else None
        ts = instant_text(datetime.now(UTC))
        body = entries.body(entry, seq=seq, ts=ts, sess=sess, detail=committed)
        leaf = merkle.leaf_hash(body)
        chain = chain_value(self._chain, leaf)
        row = entries.columns(entries.read(body))
        self._events.append(row | {"leaf": leaf, "chain": chain})
        self._bodies.append({"seq": seq, "body": body})
        if sealed is not None:
            self._details.append({"seq": seq, "salt": salt, "ct": sealed, "key": month.id})
        for document, how in dict.fromkeys(entry.touches):
            self._touches.append({"seq": seq, "document": document, "how": how})
        self._frontier = merkle.extend(self._frontier, self._seq, leaf)
        self._seq, self._chain = seq, chain
        return seq

    def put(self, driver: Driver) -> None:
        """Have what was taken in written, if anything was."""
        if not self._events:
            return
        driver.put(statements.EVENT, self._events)
        driver.put(statements.BODY, self._bodies)
        driver.put(statements.DETAIL, self._details)
        driver.put(statements.TOUCH, self._touches)
        moved = {
            "new_seq": self._seq,
            "new_chain": self._chain,
            "new_frontier": merkle.pack(self._frontier),
        }
        driver.put(statements.MOVE_HEAD, [moved])


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
