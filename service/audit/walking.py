"""The log's rows in their order, each compared with what its own body says.

Leaf, chain, tree and every query column are recomputed; stored values are only compared. A
million entries are walked in one go, so that this is written for speed: plain cursors, one pass.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from service.audit import entries, merkle
from service.audit.log import START, chain_value, detail_aad
from service.audit.verdicts import Bad, Code

#: Opens the detail key of an id; None where it was erased.
DetailKey = Callable[[str], bytes | None]

#: Rows that are held in memory at once.
BATCH = 5000

_EXACT = 2**53

#: An entry's columns with leaf and chain; its body; salt, sealed detail and key; what it touched.
Row = tuple[tuple[Any, ...], bytes | None, tuple[bytes, bytes, str] | None, list[tuple[str, str]]]


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

    def skip(self, seq: int, leaf: bytes, chain: bytes) -> None:
        """Go one further by a stored leaf, without looking at the body; raises `Bad`."""
        self._expect(seq)
        self._grow(leaf, chain)

    def _expect(self, seq: int) -> None:
        if seq != self.seq + 1:
            raise Bad(Code.GAP, self.seq + 1, "an entry is missing")

    def _grow(self, leaf: bytes, chain: bytes) -> None:
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
        cipher = self._cipher(key_id, detail_key)
        if cipher is not None:
            self._closing = False
            plain = _opened(cipher, sealed, seq)
            if entries.commitment(salt, plain) != members["detail"]:
                raise Bad(Code.BODY, seq, "the detail is not the one committed to")
            _same_touches(plain, touches, seq)
        elif touches:
            # what an erased key sealed cannot be read, so nothing may claim to be listed there
            raise Bad(Code.BODY, seq, "touched documents whose list cannot be opened")
        else:
            self._close(seq)

    def _cipher(self, key_id: str, detail_key: DetailKey) -> AESGCM | None:
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
        if members["action"] in _JUDGED and members.get("decision") == "allow":
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
            getattr(self, _JUDGED[members["action"]]).append(span)

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
    except (InvalidTag, ValueError) as error:
        raise Bad(Code.BODY, seq, "the detail was changed or belongs elsewhere") from error


def _same_touches(plain: bytes, touches: list[tuple[str, str]], seq: int) -> None:
    if touches or b'"touched"' in plain:
        listed = {(t[0], t[1]) for t in json.loads(plain).get("touched", [])}
        if listed != set(touches):
            raise Bad(Code.BODY, seq, "the touched documents differ from the detail")


#: Actions whose entries say something of other entries, and where a walk keeps that.
_JUDGED = {
    "audit.purge": "purges",
    "audit.erase": "erasures",
    "audit.resume": "restores",
    "anchor.rekey": "",
}


def read(body: bytes) -> dict[str, Any]:
    """Return the members of a body that is in its one canonical form; raises `ValueError`."""
    if body.isascii() and b"null" not in body:
        text = body.decode("ascii")
        try:
            members, end = _SCAN(text, 0)
        except StopIteration as error:
            raise ValueError("not JSON") from error
        same = isinstance(members, dict) and end == len(text) and _encoded(members) == text
    else:
        members = entries.read(body)
        same = entries.canonical(members) == body
    if not same:
        message = "not in canonical form"
        raise ValueError(message)
    return members  # type: ignore[no-any-return]


def _exact(digits: str) -> int:
    number = int(digits)
    if not -_EXACT < number < _EXACT:
        message = "a number that not every reader of JSON has"
        raise ValueError(message)
    return number


def _refuse(text: str) -> float:
    message = f"{text} in a log entry"
    raise ValueError(message)


# what the library's own `decode` and `encode` do around these takes as long as they themselves
_SCAN = json.JSONDecoder(  # type: ignore[attr-defined]
    parse_int=_exact, parse_float=_refuse, parse_constant=_refuse
).scan_once


def _encoder() -> Callable[[dict[str, Any]], str]:
    """Return the encoder of the canonical form, made once where the interpreter has it in C."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return entries.ENCODER.encode
    escaped = json.encoder.encode_basestring
    once = make(None, _refuse, escaped, None, ":", ",", True, False, False)  # noqa: FBT003 - C's
    return lambda members: "".join(once(members, 0))


_encoded = _encoder()


def rows(db: Session, *, after: int = 0, last: int = 2**62) -> Iterator[Row]:
    """Give every entry behind `after` up to `last` with all that hangs on it."""
    names = ", ".join(f'"{name}"' for name in entries.COLUMNS)
    while after < last:
        events = _all(
            db,
            f"SELECT {names}, leaf, chain FROM audit_event "  # noqa: S608 - names and numbers
            f"WHERE seq > {after:d} AND seq <= {last:d} ORDER BY seq LIMIT {BATCH}",
        )
        if not events:
            return
        between = f"seq > {after:d} AND seq <= {events[-1][0]:d}"
        bodies = dict(_all(db, f"SELECT seq, body FROM audit_body WHERE {between}"))  # noqa: S608
        details = {
            row[0]: row[1:]
            for row in _all(db, f"SELECT seq, salt, ct, key FROM audit_detail WHERE {between}")  # noqa: S608
        }
        touches: dict[int, list[tuple[str, str]]] = {}
        for seq, document, how in _all(
            db,
            f"SELECT seq, document, how FROM audit_touch WHERE {between}",  # noqa: S608
        ):
            touches.setdefault(seq, []).append((document, how))
        for event in events:
            seq = event[0]
            yield event, bodies.get(seq), details.get(seq), touches.get(seq, _NOTHING)
        after = events[-1][0]


_NOTHING: list[tuple[str, str]] = []


def leaves(db: Session, *, after: int = 0, last: int = 2**62) -> Iterator[tuple[int, bytes, bytes]]:
    """Give number, leaf and chain of every entry behind `after` up to `last`, as stored."""
    while after < last:
        found = _all(
            db,
            "SELECT seq, leaf, chain FROM audit_event "  # noqa: S608 - numbers
            f"WHERE seq > {after:d} AND seq <= {last:d} ORDER BY seq LIMIT {BATCH}",
        )
        if not found:
            return
        yield from found
        after = found[-1][0]


def claimed(db: Session) -> tuple[tuple[int, int], ...]:
    """Return what entries say was purged; a walk that comes by them looks whether they hold."""
    found = _all(
        db,
        "SELECT b.body FROM audit_event e JOIN audit_body b ON b.seq = e.seq "
        "WHERE e.action = 'audit.purge' AND e.decision = 'allow'",
    )
    parts = []
    for (body,) in found:
        try:
            part = entries.read(body).get("part") or {}
            parts.append((int(part["from"]), int(part["to"])))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # whoever wrote that wrote no purge
    return tuple(parts)


def _all(db: Session, statement: str) -> list[Any]:
    """Run a statement of names and numbers; return its rows as the driver gives them."""
    connection = db.connection()
    with closing(connection.exec_driver_sql(statement)) as result:
        try:
            return list(result.cursor.fetchall())
        except connection.dialect.loaded_dbapi.Error as error:
            raise DBAPIError("read the log", None, error, hide_parameters=True) from error
