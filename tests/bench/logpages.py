"""The pages of the log over a million entries: every filter, alone and some together.

The entries are written past the archive, as raw rows; the verifier says that they are whole.
"""

import json
import logging
import random
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import psycopg
import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from indexer.extract.sandbox import Sandbox
from service import appending, log_questions, sealed_words
from service.archive import Archive
from service.audit import entries, merkle
from service.audit.entries import Subject
from service.audit.log import chain_value, detail_aad
from service.audit.verify import Code, verify
from service.models import AuditHead
from service.models.columns import instant_text
from service.permissions import Action
from tests.bench.corpus import Corpus
from tests.bench.figures import Figure, p50, p95
from tests.bench.stack import Stacks
from tests.live.machine import say
from tests.web.browsing import Person, Portal
from tests.world import QUICK, World

EVENTS = 1_000_000
_PEOPLE, _CUSTOMERS, _DOCUMENTS = 200, 3000, 60_000
_BATCH = 50_000
_LAPS = 12
_REACH = 300.0
_WORDS_REACH = 50_000

_DEPARTMENTS = ("customer_service", "sales", "technical", "finance", "legal", "management")
_GRADES = ("general", "confidential", "secret", "top")
_CATEGORIES = ("potential", "intended", "active", "ended")
_ACTIONS = (
    *(("search.run", "read"),) * 5,
    *(("document.read", "read"),) * 3,
    ("document.original", "use"),
    ("customer.read", "read"),
)
_WANTED_WORD = "谐波减速器第九轴"

_COLUMNS = {
    "audit_event": "seq ts phase ref actor dept action verb object_type object customer category "
    "grade decision leaf chain",
    "audit_body": "seq body",
    "audit_detail": "seq salt ct key",
    "audit_touch": "seq document how",
}


def _id(kind: str, number: int) -> str:
    """Return an id of a thing that is not there."""
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    chance = random.Random(f"{kind} {number}")
    return "".join(chance.choice(letters) for _ in range(25)) + "a"


class _Log:
    """Makes entries in pairs, as looking does: an intent with a sealed query, and its outcome."""

    def __init__(self, archive: Archive, count: int) -> None:
        self._archive, self._count = archive, count
        self._chance = random.Random("log")
        with archive.db.read() as db:
            head = db.get_one(AuditHead, 1)
            self._seq, self._chain = head.seq, bytes(head.chain)
            self._frontier = merkle.unpack(head.frontier)
            policy = archive.policies.current(db)
        with archive.ring() as ring:
            self._month = appending.month_key(ring)
        self._policy = {"id": policy.id, "sha256": policy.sha256}
        self._people = [_id("person", n) for n in range(_PEOPLE)]
        self._customers = [_id("customer", n) for n in range(_CUSTOMERS)]
        self._documents = [_id("document", n) for n in range(_DOCUMENTS)]
        self._cipher = AESGCM(self._month.key)
        self._from = datetime.now(UTC) - timedelta(days=180)
        self._step = timedelta(days=180) / count

    @property
    def seq(self) -> int:
        return self._seq

    def batches(self) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
        """Yield the rows of some tens of thousands of entries at a time."""
        last = self._seq + self._count
        while self._seq < last:
            rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _COLUMNS}
            for _ in range(min(_BATCH, last - self._seq) // 2):
                self._pair(rows)
            yield rows

    def head(self) -> tuple[int, bytes, bytes]:
        """Return the head row after all that was made."""
        return self._seq, self._chain, merkle.pack(self._frontier)

    def _pair(self, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        chance = self._chance
        number = chance.randrange(_PEOPLE)
        dept = _DEPARTMENTS[number % len(_DEPARTMENTS)]
        action, verb = chance.choice(_ACTIONS)
        common: dict[str, Any] = {
            "v": 1,
            "actor": {"kind": "person", "id": self._people[number], "dept": dept, "roles": [dept]},
            "via": "session",
            "action": action,
            "verb": verb,
            "policy": self._policy,
            "app": entries.APP,
        }
        if action == "search.run":
            common["object"] = {"type": "search"}
        else:
            common["object"] = {"type": action.split(".")[0], "id": chance.choice(self._documents)}
            common["customer"] = chance.choice(self._customers)
            common["categories"] = [chance.choice(_CATEGORIES)]
            common["grade"] = chance.choice(_GRADES)
        intent = self._seq + 1
        rare = intent % 50_000 < 2
        q = _WANTED_WORD if rare else f"机器人 {number} 焊接 {intent % 977}"
        self._add(rows, common | {"phase": "intent"}, {"q": q, "ip": "192.0.2.7"}, ())
        touched = [(chance.choice(self._documents), "listed"), (self._documents[number], "snippet")]
        ended = {
            "phase": "outcome",
            "ref": intent,
            "decision": "deny" if chance.random() < 0.01 else "allow",
            "rule": f"{action}:{dept}",
            "result": {"count": 2},
        }
        self._add(rows, common | ended, {"touched": touched}, touched)

    def _add(
        self,
        rows: dict[str, list[tuple[Any, ...]]],
        members: dict[str, Any],
        detail: dict[str, Any],
        touched: Any,
    ) -> None:
        self._seq += 1
        seq, salt = self._seq, secrets.token_bytes(32)
        plain = entries.canonical(detail)
        nonce = secrets.token_bytes(12)
        sealed = nonce + self._cipher.encrypt(nonce, plain, detail_aad(seq))
        members = members | {
            "seq": seq,
            "ts": instant_text(self._from + self._step * seq),
            "detail": entries.commitment(salt, plain),
        }
        body = entries.canonical(members)
        leaf = merkle.leaf_hash(body)
        self._chain = chain_value(self._chain, leaf)
        self._frontier = merkle.extend(self._frontier, seq - 1, leaf)
        row = entries.columns(json.loads(body)) | {"leaf": leaf, "chain": self._chain}
        rows["audit_event"].append(tuple(row[n] for n in _COLUMNS["audit_event"].split()))
        rows["audit_body"].append((seq, body))
        rows["audit_detail"].append((seq, salt, sealed, self._month.id))
        rows["audit_touch"] += [(seq, document, how) for document, how in dict.fromkeys(touched)]


def write(archive: Archive, count: int) -> None:
    """Write entries past the archive, and have the verifier look at them."""
    made = _Log(archive, count)
    put = _copied if not archive.db.sqlite else _inserted
    put(archive, made)
    with archive.db.read() as db:
        report = verify(db, archive.keystore.detail_key)
    if report.code is not Code.OK:
        raise RuntimeError(str(report))


def _inserted(archive: Archive, made: _Log) -> None:
    connection = archive.db._writer.raw_connection()
    cursor = connection.cursor()
    for rows in made.batches():
        cursor.execute("BEGIN IMMEDIATE")
        for table, names in _COLUMNS.items():
            columns = names.split()
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            cursor.executemany(statement, rows[table])
        cursor.execute("UPDATE audit_head SET seq = ?, chain = ?, frontier = ?", made.head())
        connection.commit()
        say(f"{made.seq:,} entries")
    cursor.close()
    connection.close()


def _copied(archive: Archive, made: _Log) -> None:
    url = archive.settings.database_owner.replace("+psycopg", "")
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for rows in made.batches():
            for table, names in _COLUMNS.items():
                into = f"COPY {table} ({', '.join(names.split())}) FROM STDIN"
                with cursor.copy(into) as copy:
                    for row in rows[table]:
                        copy.write_row(row)
            cursor.execute("UPDATE audit_head SET seq = %s, chain = %s, frontier = %s", made.head())
            connection.commit()
            say(f"{made.seq:,} entries")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def logpage(stacks: Stacks) -> list[Figure]:
    """Open the page of the log with each filter, and look for words in what is sealed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    count = round(EVENTS * min(1.0, stacks.scale)) // 2 * 2
    with Sandbox(children=1) as sandbox:

        def load(archive: Archive, _: Corpus) -> None:
            archive.hasher = QUICK
            World(archive, sandbox).people()
            write(archive, count)

        with stacks.scratch(Corpus(0), load) as stack:
            stack.archive.hasher = QUICK
            world = World(stack.archive, sandbox)
            auditor = Portal.of(world)["auditor"]
            figures = [_page(auditor, name, query) for name, query in _questions().items()]
            return [*figures, _words(world)]


def _questions() -> dict[str, str]:
    day = f"{datetime.now(UTC) - timedelta(days=90):%Y-%m-%d}"
    week = f"{datetime.now(UTC) - timedelta(days=97):%Y-%m-%d}"
    person, document = _id("person", 7), _id("document", 7)
    alone = {
        "nothing": "",
        "a day": f"from={day}&to={day}",
        "half of all days": f"to={day}",
        "person": f"actor={person}",
        "nobody": "actor=nobody-of-that-name",
        "department": "dept=sales",
        "action": "action=search.run",
        "verb": "verb=use",
        "customer": f"customer={_id('customer', 7)}",
        "document": f"document={document}",
        "category": "category=ended",
        "grade": "grade=top",
        "decision": "decision=deny",
        "entry": "seq=500001",
    }
    together = {
        "person, week": f"actor={person}&from={week}&to={day}",
        "department, denied": "dept=sales&decision=deny",
        "action, grade, category": "action=document.original&grade=top&category=ended",
        "department, action, half of all days": f"dept=legal&action=document.read&to={day}",
        "person, denied, an older page": f"actor={person}&decision=deny&newer=300000",
        "department, verb of nothing": "dept=sales&verb=destroy",
    }
    return alone | {f"together: {name}": query for name, query in together.items()}


def _page(person: Person, name: str, query: str) -> Figure:
    seconds = []
    for lap in range(_LAPS + 1):
        started = perf_counter()
        person.html(f"/log?{query}")
        if lap:
            seconds.append(perf_counter() - started)
    note = f"p50 {p50(seconds):.0f}"
    return Figure(f"log page p95, {name}", p95(seconds), _REACH, note)


def _words(world: World) -> Figure:
    """Look for a word in every sealed detail, piece by piece as the page does."""
    actor = world.actor("auditor")
    found = looked = pieces = 0
    below = newest = None
    started = perf_counter()
    while pieces == 0 or below is not None:
        with world.archive.call(actor, Action.AUDIT_OPEN, Subject("audit")) as call:
            wanted = log_questions.Wanted()
            piece = sealed_words.look(call, wanted, _WANTED_WORD, "bench-case", below, newest)
        pieces, found, looked = pieces + 1, found + len(piece.items), looked + piece.looked
        below, newest = piece.below, piece.newest
    rate = looked / (perf_counter() - started)
    note = f"{found} found in {looked:,} entries, {pieces} pieces"
    return Figure("words in sealed details", rate, _WORDS_REACH, note, unit="/s", least=True)
