"""Judging many entries at once says "right" of nothing that a walk entry by entry refuses."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.audit import entries, merkle, plain
from service.audit.judging import judge
from service.audit.log import START, chain_value, detail_aad
from service.audit.reading import read
from service.audit.stored import Batch
from service.audit.verdicts import Bad
from service.audit.walking import Walk

GOLDEN = Path(__file__).parents[1] / "golden"
KEY, ERASED = "kept", "erased"
SEALED = bytes(32)
HASH = "0" * 64
ID = "a" * 26


def members(**more: Any) -> dict[str, Any]:
    """Return what a body says that has everything a body may have."""
    return {
        "v": 1,
        "seq": 7,
        "ts": "2026-11-24T02:00:00.000Z",
        "phase": "outcome",
        "ref": 6,
        "actor": {"kind": "person", "id": ID, "dept": "sales", "roles": ["auditor", "sales"]},
        "via": "session",
        "sess": "0" * 32,
        "cause": 3,
        "action": "document.read",
        "verb": "read",
        "object": {"type": "document", "id": ID, "version": ID},
        "customer": ID,
        "categories": ["active", "ended"],
        "modules": ["basic"],
        "grade": "top",
        "part": {"from": 1, "to": 20},
        "purpose": "case",
        "decision": "allow",
        "rule": "document.read:sales",
        "policy": {"id": ID, "sha256": HASH},
        "result": {"bytes": 0, "complete": True, "count": 2, "error": "x", "ids_digest": HASH},
        "before": {"category": "active"},
        "after": {"category": "ended", "filing": "filed", "status": "done"},
        "detail": HASH,
        "app": "guidang/0.1.0",
    } | more


def bodies() -> list[bytes]:
    """Return bodies as the log has them."""
    golden = [path.read_bytes().strip() for path in sorted(GOLDEN.glob("log_*.json"))]
    whole = members()
    less = [entries.canonical({k: v for k, v in whole.items() if k != name}) for name in whole]
    return [*golden, entries.canonical(whole), *less]


def bodies_that_are_plain() -> list[bytes]:
    needed = {"actor", "action", "phase", "seq", "ts", "verb", "via"}
    return [body for body in bodies() if needed <= set(json.loads(body))]


# -- one body --------------------------------------------------------------------------------

TOKENS = (
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"\x00", b"\x7f", b"\xff"),
    *(b"-0", b"-1", b"0", b"1e3", b"1.0", b"01", b"9007199254740992", b"1" * 40, b"NaN", b"-"),
    *(b"null", b"true", b"false", b"[]", b"{}", b'""', b"[[", b"[" * 3000, b'"a":1', b'"a":1,'),
    *(rb"\u0061", rb"\ud800", rb"\/", b"\xef\xbb\xbf", "谐".encode(), b"\xed\xa0\x80", b"/"),
    *(b'"seq":1', b'"seq":1,', b',"via":"x"', b'"zz":1', b'"action":"x",', b'"ref":null,'),
)


def mutated(chance: random.Random, body: bytes) -> bytes:
    """Return a body with something done to it, at a place where it matters more often than not."""
    edges = [n for n, byte in enumerate(body) if byte in b'",:{}[]'] + [0, len(body)]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.choice(edges) + chance.choice((0, 0, 1))
        upto = at + chance.choice((0, 0, 0, 1, 1, 2, 5, 20))
        body = body[:at] + chance.choice((b"", chance.choice(TOKENS))) + body[upto:]
    return body


def shuffled(chance: random.Random, body: bytes) -> bytes:
    """Return a body with other values, another order, or other members."""
    said = list(json.loads(body).items())
    if chance.random() < 0.3:
        chance.shuffle(said)
    name = chance.randrange(len(said))
    odd: Any = chance.choice(
        (
            *(0, -1, 1.5, 2**53, 2**53 - 1, 10**15, 1e22, None, True, "", "\x7f", "谐", "null"),
            *(
                "a\\b",
                [],
                {},
                ["x", None],
                {"b": 1, "a": 2},
                {"from": 1, "zz": 2},
                [["x"]],
                {"": ""},
            ),
        )
    )
    said[name] = (chance.choice((said[name][0], "other", "")), odd)
    return json.dumps(
        dict(said), ensure_ascii=chance.random() < 0.2, separators=(",", ":"), allow_nan=False
    ).encode()


def attempts(count: int) -> Iterator[bytes]:
    """Yield so many bodies, most of them wrong."""
    chance = random.Random("bodies")
    whole = bodies()
    for _ in range(count):
        change = chance.choice((mutated, mutated, shuffled))
        yield change(chance, chance.choice(whole))


def slowly(body: bytes) -> tuple[Any, ...] | None:
    """Return what a body says, read as what it is; None where it is refused."""
    try:
        said = read(body)
        return (*entries.column_values(said), said.get("detail"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


@pytest.mark.parametrize("body", bodies_that_are_plain())
def test_a_body_of_the_log_is_plain_and_says_the_same_both_ways(body: bytes) -> None:
    assert plain.said(body) == slowly(body) is not None


def test_what_the_pattern_takes_is_what_a_reader_takes_and_says_the_same() -> None:
    taken = refused = 0
    for body in attempts(20_000):
        found = plain.said(body)
        if found is None:
            refused += 1
            continue
        assert found == slowly(body), body
        taken += 1
    assert taken > 500
    assert refused > 10_000


@pytest.mark.parametrize(
    "number", ["01", "00", "-0", "-1", "+1", "1.0", "1e0", "1E0", " 1", "1 ", "0x1", "1_0", "٣", ""]
)
def test_a_number_in_another_form_is_not_plain(number: str) -> None:
    whole = entries.canonical(members()).decode()
    places = list(re.finditer(r'(?<=":)[0-9]+', whole))
    assert len(places) == 8
    for place in places:
        body = f"{whole[: place.start()]}{number}{whole[place.end() :]}".encode()
        assert plain.said(body) is None


@pytest.mark.parametrize("number", [2**53, 10**15, 10**16, 10**40])
def test_a_number_that_not_every_reader_has_is_not_plain(number: int) -> None:
    assert (
        plain.said(json.dumps(members(v=number), sort_keys=True, separators=(",", ":")).encode())
        is None
    )


# -- whole batches ---------------------------------------------------------------------------


class Made:
    """A log made by chance: what each entry says, and rows that fit it."""

    def __init__(self, chance: random.Random, count: int) -> None:
        self.chance = chance
        self.rows: list[list[Any]] = []
        self.chain = START
        for seq in range(1, count + 1):
            self.add(seq)

    def add(self, seq: int) -> None:
        chance = self.chance
        more: dict[str, Any] = {"seq": seq, "ts": f"2026-11-24T02:00:00.{seq:03d}Z"}
        more["phase"] = chance.choice(("intent", "outcome", "outcome", "event"))
        more["ref"] = chance.randrange(1, seq + 2)
        if chance.random() < 0.05:
            more["action"] = chance.choice(("audit.erase", "anchor.rekey", "audit.purge"))
        detail, touched = None, [(ID, "listed"), (ID, "opened")][: chance.randrange(3)]
        said = members(**more)
        del said["detail"]
        if chance.random() < 0.8:
            detail = self._detail(seq, said, touched)
        if detail is None or detail[2] == ERASED:
            touched = []
        if chance.random() < 0.1:
            said["rule"] = "谐波"
        self.put(entries.canonical(said), detail, touched)

    def _detail(
        self, seq: int, said: dict[str, Any], touched: list[tuple[str, str]]
    ) -> tuple[bytes, bytes, str] | None:
        shown = {"touched": [list(t) for t in touched]} if touched else {}
        text = entries.canonical({"q": "谐"} | shown)
        salt, nonce = bytes([seq % 256]) * 32, seq.to_bytes(12, "big")
        said["detail"] = entries.commitment(salt, text)
        sealed = nonce + AESGCM(SEALED).encrypt(nonce, text, detail_aad(seq))
        key = self.chance.choice((KEY, KEY, KEY, ERASED))
        return (salt, sealed, key) if self.chance.random() < 0.7 else None

    def put(self, body: bytes, detail: Any, touched: list[tuple[str, str]]) -> None:
        leaf = merkle.leaf_hash(body)
        self.chain = chain_value(self.chain, leaf)
        event = (*entries.column_values(json.loads(body)), leaf, self.chain)
        self.rows.append([event, body, detail, touched])

    def hurt(self) -> None:
        """Do something to a row that an attacker might, and that they might have missed."""
        row = self.chance.choice(self.rows)
        other = self.chance.choice(self.rows)
        event = list(row[0])
        where = self.chance.randrange(len(event))
        event[where] = self.chance.choice((None, "x", 1, 0, b"x", other[0][where]))
        changes = [
            ("event", 0, tuple(event)),
            ("body", 1, self.chance.choice((other[1], b"", b"{}", "text", None))),
            ("body", 1, mutated(self.chance, row[1])),
            ("detail", 2, self.chance.choice((other[2], None, (b"", b"", KEY), ("s", "t", KEY)))),
            ("touched", 3, self.chance.choice((other[3], [], [("other", "listed")]))),
        ]
        _, place, value = self.chance.choice(changes)
        row[place] = value

    def batch(self, start: int, stop: int) -> Batch:
        """Return the rows from place `start` to `stop` as they are read."""
        rows = self.rows[start:stop]
        seqs = range(start + 1, stop + 1)
        return Batch(
            [event for event, *_ in rows],
            {n: r[1] for n, r in zip(seqs, rows, strict=True) if r[1] is not None},
            {n: r[2] for n, r in zip(seqs, rows, strict=True) if r[2] is not None},
            {n: r[3] for n, r in zip(seqs, rows, strict=True) if r[3]},
        )


def keys(key_id: str) -> bytes | None:
    return SEALED if key_id == KEY else None


def state(walk: Walk) -> dict[str, Any]:
    """Return everything that a walk knows."""
    return {f.name: getattr(walk, f.name) for f in fields(walk) if f.name != "_ciphers"}


def entry_by_entry(made: Made, sizes: frozenset[int], key: Any) -> tuple[Any, dict[str, Any]]:
    walk = Walk(sizes=sizes)
    try:
        for row in made.batch(0, len(made.rows)).rows():
            walk.take(row, key)
    except Bad as bad:
        return (bad.code, bad.seq, str(bad)), state(walk)
    return None, state(walk)


def in_pieces(
    made: Made, sizes: frozenset[int], key: Any, stops: Sequence[int]
) -> tuple[Any, dict[str, Any], int]:
    """Walk as verifying does; also return how many pieces were judged as a whole."""
    walk, whole = Walk(sizes=sizes), 0
    opens = (lambda key_id: walk.cipher(key_id, key)) if key else None
    try:
        for start, stop in zip((0, *stops), stops, strict=False):
            batch = made.batch(start, stop)
            piece = judge(batch, walk.chain, opens, sizes)
            if piece is not None and walk.absorb(piece):
                whole += 1
                continue
            for row in batch.rows():
                walk.take(row, key)
    except Bad as bad:
        return (bad.code, bad.seq, str(bad)), state(walk), whole
    return None, state(walk), whole


@pytest.mark.parametrize("key", [None, keys])
def test_pieces_and_single_entries_lead_to_the_same_verdict_and_the_same_walk(key: Any) -> None:
    whole = refused = 0
    for seed in range(250):
        chance = random.Random(seed)
        made = Made(chance, chance.randrange(1, 24))
        for _ in range(chance.choice((0, 0, 1, 2))):
            made.hurt()
        last = len(made.rows)
        sizes = frozenset(chance.sample(range(last + 2), min(3, last)))
        stops = sorted({*chance.sample(range(1, last + 1), min(4, last)), last})
        bad, slow = entry_by_entry(made, sizes, key)
        same, quick, judged = in_pieces(made, sizes, key, stops)
        assert (same, quick) == (bad, slow), seed
        whole += judged
        refused += bad is not None
    assert whole > 100
    assert refused > 50


def test_a_piece_that_continues_another_chain_is_not_taken() -> None:
    made = Made(random.Random("chain"), 3)
    behind_one = judge(made.batch(1, 3), made.rows[0][0][-1], None, frozenset())
    assert behind_one is not None
    walk = Walk()
    assert not walk.absorb(behind_one)
    walk.seq = 1
    assert not walk.absorb(behind_one)
    assert (walk.seq, walk.chain, walk.frontier) == (1, START, [])
