"""The log's entries in their order, each compared with what its own body says.

Leaf, chain, tree and every query column are recomputed; stored values are only compared. What
`service/audit/judging.py` finds plain and right comes in whole pieces; all else entry by entry.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from service.audit import entries, merkle
from service.audit.judging import JUDGED, judge
from service.audit.log import START, chain_value, detail_aad
from service.audit.pieces import Piece
from service.audit.reading import read
from service.audit.stored import Row, batches
from service.audit.verdicts import Bad, Code

#: Opens the detail key of an id; None where it was erased.
DetailKey = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers that an entry names: from, to, and the beginning of a root where it names one."""

    seq: int
    ts: str
    start: int
    stop: int
    mark: str
    actor: str = ""


@dataclass(slots=True)
class Walk:
    """How far a walk has come, and what it has seen that can only be judged at its end."""

    seq: int = 0
    chain: bytes = START
    frontier: list[bytes] = field(default_factory=list)
    #: time of the last entry whose body is here
    ts: str = ""
    #: intents without an outcome so far, and when they were
    intents: int = 0
    open: dict[int, str] = field(default_factory=dict)
    #: where entries of the log, not yet looked at, say that bodies were purged
    claimed: tuple[tuple[int, int], ...] = ()
    #: runs of numbers without a body, with the root at their end and the time they claim; and of
    #: those whose detail is missing, with how many
    bare: list[tuple[int, int, bytes, str]] = field(default_factory=list)
    closed: list[tuple[int, int, int]] = field(default_factory=list)
    #: what entries say was purged, erased, lost by restoring
    purges: list[Span] = field(default_factory=list)
    erasures: list[Span] = field(default_factory=list)
    restores: list[Span] = field(default_factory=list)
    #: names of keys that an entry says signs from now on
    rekeyed: set[str] = field(default_factory=set)
    #: roots at the sizes that were asked for
    sizes: frozenset[int] = frozenset()
    roots: dict[int, bytes] = field(default_factory=dict)
    times: dict[int, str] = field(default_factory=dict)
    _ciphers: dict[str, AESGCM | None] = field(default_factory=dict)
    _closing: bool = False

    def __post_init__(self) -> None:
        """Know the root of what has not begun."""
        self._seen()

    @property
    def root(self) -> bytes:
        """Return the root so far."""
        return merkle.root(self.frontier)

    def take(self, row: Row, detail_key: DetailKey | None) -> None:
        """Check the next entry and go one further; raises `Bad`."""
        event, body, detail, touches = row
        leaf, members = self._leaf(event, body)
        if members is not None:
            self._detail(members, detail, touches, detail_key)
            self._follow(members)
        elif detail is not None or touches:
            raise Bad(Code.BODY, self.seq + 1, "a detail without the body that commits to it")
        self._grow(leaf, event[-1])
        if members is None:
            self._run_bare(event[1])

    def absorb(self, piece: Piece) -> bool:
        """Go on by a whole piece that was found right; False if it does not continue this walk."""
        if piece.first != self.seq + 1 or piece.before != self.chain:
            return False
        for section in piece.sections:
            for (at, wide), node in zip(
                merkle.blocks(self.seq, section.stop), section.nodes, strict=True
            ):
                self.frontier = merkle.extend(self.frontier, at // wide, node)
            self.seq, self.ts = section.stop, section.ts
            self._seen()
        self.chain = piece.chain
        self.intents += piece.intents
        for ref in piece.ended:
            self.open.pop(ref, None)
        self.open.update(piece.opened)
        for first, last, count in piece.closed:
            if first == piece.joining and self._closing:
                earlier, _, before = self.closed.pop()
                self.closed.append((earlier, last, before + count))
            else:
                self.closed.append((first, last, count))
        self._closing = self._closing if piece.closing is None else piece.closing
        return True

    def skip(self, seq: int, leaf: bytes, chain: bytes) -> None:
        """Go one further by a stored leaf, without looking at the body; raises `Bad`."""
        self._expect(seq)
        self._grow(leaf, chain)

    def _expect(self, seq: int) -> None:
        if seq != self.seq + 1:
            raise Bad(Code.GAP, self.seq + 1, "an entry is missing")

    def _grow(self, leaf: bytes, chain: bytes) -> None:
        if type(leaf) is not bytes:
            raise Bad(Code.BODY, self.seq + 1, "the leaf is not bytes")
        if chain_value(self.chain, leaf) != chain:
            raise Bad(Code.CHAIN, self.seq + 1, "the chain does not continue")
        self.chain = chain
        self.frontier = merkle.extend(self.frontier, self.seq, leaf)
        self.seq += 1
        self._seen()

    def _seen(self) -> None:
        if self.seq in self.sizes:
            self.roots[self.seq] = self.root
            self.times[self.seq] = self.ts

    def _leaf(
        self, event: tuple[Any, ...], body: bytes | None
    ) -> tuple[bytes, dict[str, Any] | None]:
        self._expect(event[0])
        expected = self.seq + 1
        if body is None:
            if not any(start <= expected <= stop for start, stop in self.claimed):
                raise Bad(Code.BODY, expected, "the body is missing")
            return event[-2], None
        if type(body) is not bytes:  # SQLite keeps what it is given
            raise Bad(Code.BODY, expected, "the body is not bytes")
        leaf = merkle.leaf_hash(body)
        if leaf != event[-2]:
            raise Bad(Code.BODY, expected, "the body does not give the stored leaf")
        try:
            members = read(body)
            values = entries.column_values(members)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Bad(Code.BODY, expected, "the body cannot be read") from error
        if values != event[:-2]:
            pairs = zip(entries.COLUMNS, values, event[:-2], strict=True)
            name = next(name for name, said, stored in pairs if said != stored)
            raise Bad(Code.BODY, expected, f"the column {name} differs from the body")
        return leaf, members

    def _detail(
        self,
        members: dict[str, Any],
        detail: tuple[bytes, bytes, str] | None,
        touches: list[tuple[str, str]],
        detail_key: DetailKey | None,
    ) -> None:
        seq = self.seq + 1
        if detail is None:
            if touches:
                raise Bad(Code.BODY, seq, "touched documents without a detail that lists them")
            if "detail" in members:
                self._close(seq)
            return
        salt, sealed, key_id = detail
        if "detail" not in members:
            raise Bad(Code.BODY, seq, "a detail that the body does not commit to")
        if detail_key is None:
            return
        cipher = self.cipher(key_id, detail_key)
        if cipher is not None:
            self._closing = False
            plain = _opened(cipher, sealed, seq)
            if type(salt) is not bytes or entries.commitment(salt, plain) != members["detail"]:
                raise Bad(Code.BODY, seq, "the detail is not the one committed to")
            _same_touches(plain, touches, seq)
        elif touches:
            # what an erased key sealed cannot be read, so nothing may claim to be listed there
            raise Bad(Code.BODY, seq, "touched documents whose list cannot be opened")
        else:
            self._close(seq)

    def cipher(self, key_id: str, detail_key: DetailKey) -> AESGCM | None:
        """Return what opens details under a key; None where that was erased."""
        if key_id not in self._ciphers:
            key = detail_key(key_id)
            self._ciphers[key_id] = AESGCM(key) if key else None
        return self._ciphers[key_id]

    def _follow(self, members: dict[str, Any]) -> None:
        phase = members["phase"]
        self.ts = members["ts"]
        if phase == "intent":
            self.intents += 1
            self.open[members["seq"]] = members["ts"]
        elif phase == "outcome":
            self.open.pop(members.get("ref", 0), None)
        if members["action"] in JUDGED and members.get("decision") == "allow":
            self._judge(members)

    def _judge(self, members: dict[str, Any]) -> None:
        part, subject = members.get("part") or {}, members.get("object") or {}
        mark = str(subject.get("id", ""))
        start, stop = part.get("from"), part.get("to")
        if members["action"] == "anchor.rekey":
            self.rekeyed.add(mark)
        elif isinstance(start, int) and isinstance(stop, int):
            who = str((members.get("actor") or {}).get("id", ""))
            span = Span(members["seq"], members["ts"], start, stop, mark, who)
            getattr(self, JUDGED[members["action"]]).append(span)

    def _close(self, seq: int) -> None:
        """Count a missing detail; a run ends where a detail is there."""
        if self._closing:
            first, _, count = self.closed.pop()
            self.closed.append((first, seq, count + 1))
        else:
            self.closed.append((seq, seq, 1))
        self._closing = True

    def _run_bare(self, ts: str) -> None:
        first = self.bare.pop()[0] if self.bare and self.bare[-1][1] == self.seq - 1 else self.seq
        self.bare.append((first, self.seq, self.root, ts))


def _opened(cipher: AESGCM, sealed: bytes, seq: int) -> bytes:
    try:
        return cipher.decrypt(sealed[:12], sealed[12:], detail_aad(seq))
    except (InvalidTag, ValueError, TypeError) as error:
        raise Bad(Code.BODY, seq, "the detail was changed or belongs elsewhere") from error


def _same_touches(plain: bytes, touches: list[tuple[str, str]], seq: int) -> None:
    if touches or b'"touched"' in plain:
        listed = {(t[0], t[1]) for t in json.loads(plain).get("touched", [])}
        if listed != set(touches):
            raise Bad(Code.BODY, seq, "the touched documents differ from the detail")


def onward(db: Session, walk: Walk, detail_key: DetailKey | None, *, last: int = 2**62) -> None:
    """Walk on up to `last` or the end of the log; raises `Bad`."""
    cipher = partial(walk.cipher, detail_key=detail_key) if detail_key else None
    for batch in batches(db, after=walk.seq, last=last):
        piece = judge(batch, walk.chain, cipher, walk.sizes)
        if piece is None or not walk.absorb(piece):
            for row in batch.rows():
                walk.take(row, detail_key)
