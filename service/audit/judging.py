"""Batches of entries, judged in tight loops.

This says "right" of a batch, or nothing. Of what it says nothing `service/audit/walking.py` looks
at each entry, which is slower, and finds what is wrong and where. So this must never say "right"
of what a walk would refuse, and never leave out what a walk would keep.
"""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.audit import entries, merkle, plain
from service.audit.log import detail_aad
from service.audit.pieces import Piece, Section
from service.audit.plain import Said
from service.audit.reading import read
from service.audit.stored import Batch, Detail

#: Opens the details of a key's id; None where the key was erased.
Cipher = Callable[[str], AESGCM | None]

#: Actions whose entries say something of other entries; a walk weighs them.
JUDGED = {
    "audit.purge": "purges",
    "audit.erase": "erasures",
    "audit.resume": "restores",
    "anchor.rekey": "",
}

_SCAN = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_NOTHING: list[tuple[str, str]] = []

#: What reading a body or detail that is none may raise.
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, StopIteration)


class _Doubtful(Exception):
    """Something that is wrong, or that only a walk can tell."""


def judge(
    batch: Batch, before: bytes, cipher: Cipher | None, sizes: frozenset[int]
) -> Piece | None:
    """Return a batch as a piece behind the chain `before`; None unless all of it is right.

    Without `cipher` details stay closed. At each of `sizes` the tree can be looked at.
    """
    try:
        return _judged(batch, before, cipher, sizes)
    except (_Doubtful, InvalidTag, *_UNREADABLE):
        return None


def _judged(batch: Batch, before: bytes, cipher: Cipher | None, sizes: frozenset[int]) -> Piece:
    events = batch.events
    first = events[0][0]
    numbers = range(first, first + len(events))
    if [event[0] for event in events] != list(numbers):
        raise _Doubtful
    bodies = [batch.bodies[seq] for seq in numbers]
    leaves = [sha256(b"\x00" + body).digest() for body in bodies]
    chain = _chained(before, leaves, events)
    commitments = _commitments(events, bodies)
    closed, joining, closing = _details(batch, commitments, cipher)
    intents, opened, ended = _phases(events)
    return Piece(
        first,
        before,
        chain,
        _sections(events, leaves, sizes),
        intents,
        opened,
        tuple(ended),
        tuple(closed),
        joining,
        closing,
    )


def _chained(chain: bytes, leaves: Sequence[bytes], events: Sequence[tuple[Any, ...]]) -> bytes:
    for leaf, event in zip(leaves, events, strict=True):
        chain = sha256(chain + leaf).digest()
        if event[-2] != leaf or event[-1] != chain:
            raise _Doubtful
    return chain


def _commitments(events: Sequence[tuple[Any, ...]], bodies: Sequence[bytes]) -> list[str | None]:
    """Compare every column with its body; return what the bodies commit to."""
    found = []
    for event, body in zip(events, bodies, strict=True):
        said = plain.said(body) or _read(body)
        if said[:-1] != event[:-2] or said[6] in JUDGED:
            raise _Doubtful
        found.append(said[-1])
    return found


def _read(body: bytes) -> Said:
    members = read(body)
    return (*entries.column_values(members), members.get("detail"))


def _details(
    batch: Batch, commitments: Sequence[str | None], cipher: Cipher | None
) -> tuple[list[tuple[int, int, int]], int | None, bool | None]:
    """Open details and compare; return runs of missing ones, and how they begin and end."""
    details, touches = batch.details, batch.touches
    closed: list[tuple[int, int, int]] = []
    joining = closing = None
    for seq, committed in enumerate(commitments, batch.events[0][0]):
        detail, touched = details.get(seq), touches.get(seq)
        if detail is None or committed is None:
            if detail is not None or touched:
                raise _Doubtful
            if committed is None:
                continue
        elif cipher is None:
            continue
        elif (opens := cipher(detail[2])) is not None:
            _opened(opens, detail, seq, committed, touched or _NOTHING)
            closing = False
            continue
        elif touched:
            raise _Doubtful
        if closing:
            closed[-1] = (closed[-1][0], seq, closed[-1][2] + 1)
        else:
            joining = seq if closing is None else joining
            closed.append((seq, seq, 1))
        closing = True
    return closed, joining, closing


def _opened(
    cipher: AESGCM, detail: Detail, seq: int, committed: str, touched: list[tuple[str, str]]
) -> None:
    salt, sealed, _ = detail
    text = cipher.decrypt(sealed[:12], sealed[12:], detail_aad(seq))
    if entries.commitment(salt, text) != committed:
        raise _Doubtful
    if touched or b'"touched"' in text:
        members, end = _SCAN(decoded := text.decode(), 0)
        listed = {(document, how) for document, how in members.get("touched", ())}
        if end != len(decoded) or listed != set(touched):
            raise _Doubtful


def _phases(events: Sequence[tuple[Any, ...]]) -> tuple[int, dict[int, str], list[int]]:
    """Return how many intents there are, those without an outcome, and outcomes of earlier ones."""
    intents, opened, ended = 0, dict[int, str](), list[int]()
    for event in events:
        phase = event[2]
        if phase == "intent":
            intents += 1
            opened[event[0]] = event[1]
        elif phase == "outcome" and opened.pop(event[3], None) is None:
            ended.append(event[3])
    return intents, opened, ended


def _sections(
    events: Sequence[tuple[Any, ...]], leaves: Sequence[bytes], sizes: frozenset[int]
) -> tuple[Section, ...]:
    first, last = events[0][0], events[-1][0]
    stops = sorted(sizes.intersection(range(first, last))) if sizes else []
    start, found = first - 1, []
    for stop in (*stops, last):
        nodes = tuple(
            merkle.subtree(leaves[at - first + 1 : at - first + 1 + wide])
            for at, wide in merkle.blocks(start, stop)
        )
        found.append(Section(stop, nodes, events[stop - first][1]))
        start = stop
    return tuple(found)
