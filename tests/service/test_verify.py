"""What somebody with the whole database in hands can do to the log, and what verifying says."""

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from indexer.extract.sandbox import Sandbox
from service.audit import entries, merkle
from service.audit.entries import Subject
from service.audit.log import START, chain_value
from service.audit.second import Second
from service.audit.verify import Code, Report, verify
from service.db import Database
from service.errors import Denied
from service.keystore import Keystore, read_root_key
from service.permissions import Action
from tests.world import World, embedded

COLUMNS = (
    *("ts", "phase", "ref", "actor", "dept", "action", "verb", "object_type", "object"),
    *("customer", "category", "grade", "decision"),
)


@dataclass(frozen=True, slots=True)
class Written:
    """A log that was written by real use, and numbers in it worth attacking."""

    data: Path
    #: an intent with a sealed detail, and its outcome, which lists touched documents
    intent: int
    outcome: int
    last: int


@pytest.fixture(scope="module")
def written(template: Path, tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Written:
    data = tmp_path_factory.mktemp("written") / "data"
    shutil.copytree(template, data)
    with World.opened(embedded(data), sandbox) as world:
        customer = world.customer(filed=True)
        document = world.document(customer.id, "谐波减速器的回差在第三轴上")
        world.work()
        actor = world.actor("service_officer")
        with world.archive.call(
            actor, Action.SEARCH_RUN, Subject("search"), detail={"q": "谐波"}
        ) as call:
            call.touched(document.id, "snippet")
            call.touched(document.id, "listed")
        with (
            pytest.raises(Denied),
            world.archive.call(actor, Action.AUDIT_READ, Subject("audit")) as refused,
        ):
            refused.require()
        world.move(customer.id, "active")
        report = world.verify()
    assert report.code is Code.OK
    assert call.event is not None
    return Written(data, call.event, call.event + 1, report.events)


@pytest.fixture(scope="module")
def keystore(written: Written) -> Iterator[Keystore]:
    opened = Keystore.open(
        f"sqlite:///{written.data / 'keystore.db'}",
        read_root_key(written.data / "keys" / "root.key"),
    )
    yield opened
    opened.close()


@dataclass(frozen=True, slots=True)
class Log:
    """A copy of the written log to attack and verify."""

    path: Path
    keystore: Keystore
    written: Written

    @contextmanager
    def attacked(self) -> Iterator[sqlite3.Connection]:
        """Give a connection of somebody who may do everything; the triggers are gone first."""
        with closing(sqlite3.connect(self.path)) as db, db:
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                db.execute(f"DROP TRIGGER {name}")
            yield db

    def run(self, sql: str, *values: object) -> None:
        """Do one thing to the log."""
        with self.attacked() as db:
            assert db.execute(sql, values).rowcount > 0

    def verify(self, key: Callable[[str], bytes | None] | None = None, *, start: int = 1) -> Report:
        """Verify it."""
        database = Database(f"sqlite:///{self.path}")
        try:
            with database.read() as db:
                return verify(db, key or self.keystore.detail_key, start=start)
        finally:
            database.close()

    def verdict(self) -> tuple[int, int | None]:
        """Return the exit code and the first bad number."""
        report = self.verify()
        return int(report.code), report.first_bad


@pytest.fixture
def log(written: Written, keystore: Keystore, tmp_path: Path) -> Log:
    path = tmp_path / "archive.db"
    shutil.copy(written.data / "archive.db", path)
    return Log(path, keystore, written)


def body_of(db: sqlite3.Connection, seq: int) -> bytes:
    (body,) = db.execute("SELECT body FROM audit_body WHERE seq = ?", (seq,)).fetchone()
    return bytes(body)


def put_body(db: sqlite3.Connection, seq: int, body: bytes) -> None:
    db.execute("UPDATE audit_body SET body = ? WHERE seq = ?", (body, seq))


def follow(db: sqlite3.Connection) -> None:
    """Recompute leaves, chain and head from the bodies, as a patient forger would."""
    chain, frontier, seq = START, list[bytes](), 0
    for seq, body in db.execute("SELECT seq, body FROM audit_body ORDER BY seq").fetchall():
        leaf = merkle.leaf_hash(bytes(body))
        chain = chain_value(chain, leaf)
        frontier = merkle.extend(frontier, seq - 1, leaf)
        db.execute("UPDATE audit_event SET leaf = ?, chain = ? WHERE seq = ?", (leaf, chain, seq))
    db.execute(
        "UPDATE audit_head SET seq = ?, chain = ?, frontier = ?",
        (seq, chain, merkle.pack(frontier)),
    )


# -- untouched -------------------------------------------------------------------------------


def test_a_log_as_it_was_written_verifies(log: Log) -> None:
    report = log.verify()
    assert (report.code, report.first_bad, report.events) == (Code.OK, None, log.written.last)
    with log.attacked() as db:
        leaves = [
            bytes(leaf) for (leaf,) in db.execute("SELECT leaf FROM audit_event ORDER BY seq")
        ]
    frontier: list[bytes] = []
    for size, leaf in enumerate(leaves):
        frontier = merkle.extend(frontier, size, leaf)
    assert report.root == merkle.root(frontier).hex()
    assert report.orphans == ()


def test_an_empty_log_verifies(log: Log) -> None:
    with log.attacked() as db:
        for table in ("touch", "detail", "body", "event"):
            db.execute(f"DELETE FROM audit_{table}")
        db.execute("UPDATE audit_head SET seq = 0, chain = ?, frontier = ''", (START,))
    report = log.verify()
    assert (report.code, report.events) == (Code.OK, 0)
    assert report.root == merkle.EMPTY_ROOT.hex()


@pytest.mark.parametrize("table", ["audit_event", "audit_body"])
@pytest.mark.parametrize("attempt", ["UPDATE {} SET seq = seq + 1000", "DELETE FROM {}"])
def test_the_database_refuses_to_change_the_log_while_its_guards_stand(
    log: Log, table: str, attempt: str
) -> None:
    with closing(sqlite3.connect(log.path)) as db, pytest.raises(sqlite3.IntegrityError) as no:
        db.execute(attempt.format(table))
    assert "append-only" in str(no.value)
    assert log.verdict() == (0, None)


def test_the_number_is_the_order_even_when_the_clock_went_back(log: Log) -> None:
    last = log.written.last
    with log.attacked() as db:
        early = json.loads(body_of(db, last)) | {"ts": "2001-01-01T00:00:00.000Z"}
        put_body(db, last, entries.canonical(early))
        db.execute("UPDATE audit_event SET ts = ? WHERE seq = ?", (early["ts"], last))
        follow(db)
    assert log.verdict() == (0, None)


# -- bodies, leaves, chain -------------------------------------------------------------------


def test_an_edited_body_is_found(log: Log) -> None:
    n = log.written.outcome
    with log.attacked() as db:
        put_body(db, n, body_of(db, n).replace(b'"allow"', b'"deny"'))
    assert log.verdict() == (10, n)


def test_an_edited_body_is_found_though_its_leaf_was_made_to_fit(log: Log) -> None:
    n = log.written.outcome
    with log.attacked() as db:
        forged = body_of(db, n).replace(b'"allow"', b'"deny"')
        put_body(db, n, forged)
        db.execute(
            "UPDATE audit_event SET leaf = ?, decision = 'deny' WHERE seq = ?",
            (merkle.leaf_hash(forged), n),
        )
    assert log.verdict() == (11, n)


@pytest.mark.parametrize(
    "forged",
    [b"", b"{", b"[]", b'"a"', b"\xff", b'{"v":1}', b'{"seq":1,"actor":"x"}', b"{}"],
)
def test_bytes_that_are_no_entry_are_found_though_everything_else_fits(
    log: Log, forged: bytes
) -> None:
    n = log.written.outcome
    with log.attacked() as db:
        put_body(db, n, forged)
        follow(db)
    assert log.verdict() == (10, n)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_body SET body = CAST(body AS TEXT) WHERE seq = ?",
        "UPDATE audit_event SET leaf = 'x' WHERE seq = ?",
        "UPDATE audit_detail SET salt = 'x' WHERE seq = ?",
        "UPDATE audit_detail SET ct = 'x' WHERE seq = ?",
    ],
)
def test_text_where_bytes_belong_is_found(log: Log, change: str) -> None:
    log.run(change, log.written.outcome)
    assert log.verdict() == (10, log.written.outcome)


def test_text_where_a_chain_value_belongs_is_found(log: Log) -> None:
    log.run("UPDATE audit_event SET chain = 'x' WHERE seq = ?", log.written.outcome)
    assert log.verdict() == (11, log.written.outcome)


def test_a_leaf_of_text_is_found_though_the_entry_is_not_looked_into(log: Log) -> None:
    log.run("UPDATE audit_event SET leaf = 'x' WHERE seq = ?", log.written.outcome)
    report = log.verify(start=log.written.last)
    assert (report.code, report.first_bad) == (Code.BODY, log.written.outcome)


def test_a_body_with_a_member_said_twice_is_found(log: Log) -> None:
    n = log.written.outcome
    with log.attacked() as db:
        put_body(db, n, body_of(db, n).replace(b'{"action"', b'{"action":"x","action"', 1))
        follow(db)
    assert log.verdict() == (10, n)


def test_an_edited_leaf_is_found(log: Log) -> None:
    log.run("UPDATE audit_event SET leaf = zeroblob(32) WHERE seq = ?", log.written.outcome)
    assert log.verdict() == (10, log.written.outcome)


def test_an_edited_chain_value_is_found(log: Log) -> None:
    log.run("UPDATE audit_event SET chain = zeroblob(32) WHERE seq = ?", log.written.outcome)
    assert log.verdict() == (11, log.written.outcome)


@pytest.mark.parametrize("value", [None, "x", 7])
@pytest.mark.parametrize("column", COLUMNS)
def test_an_edited_query_column_is_found(log: Log, column: str, value: object) -> None:
    n = log.written.last
    with log.attacked() as db:
        for rule in ("ts", "phase", "action", "verb"):
            if column == rule and value is None:
                value = ""
        stored = db.execute(f"SELECT {column} FROM audit_event WHERE seq = ?", (n,)).fetchone()
        if stored == (value,):
            value = "y"
        db.execute(f"UPDATE audit_event SET {column} = ? WHERE seq = ?", (value, n))
    assert log.verdict() == (10, n)


def test_a_missing_body_is_found(log: Log) -> None:
    log.run("DELETE FROM audit_body WHERE seq = ?", log.written.intent)
    assert log.verdict() == (10, log.written.intent)


# -- rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 7])
def test_a_deleted_row_is_named(log: Log, n: int) -> None:
    with log.attacked() as db:
        for table in ("touch", "detail", "body", "event"):
            db.execute(f"DELETE FROM audit_{table} WHERE seq = ?", (n,))
    assert log.verdict() == (12, n)


def test_a_deleted_row_is_named_though_its_body_stayed(log: Log) -> None:
    log.run("DELETE FROM audit_event WHERE seq = 7")
    assert log.verdict() == (12, 7)


def test_two_swapped_rows_are_found(log: Log) -> None:
    with log.attacked() as db:
        for table in ("event", "body"):
            for was, becomes in ((5, -1), (6, 5), (-1, 6)):
                db.execute(f"UPDATE audit_{table} SET seq = ? WHERE seq = ?", (becomes, was))
    assert log.verdict() == (10, 5)


def test_two_swapped_bodies_are_found(log: Log) -> None:
    with log.attacked() as db:
        five, six = body_of(db, 5), body_of(db, 6)
        put_body(db, 5, six)
        put_body(db, 6, five)
    assert log.verdict() == (10, 5)


def test_a_deleted_row_is_found_though_all_later_ones_moved_up(log: Log) -> None:
    with log.attacked() as db:
        for table in ("touch", "detail", "body", "event"):
            db.execute(f"DELETE FROM audit_{table} WHERE seq = 7")
            for n in range(8, log.written.last + 1):
                db.execute(f"UPDATE audit_{table} SET seq = ? WHERE seq = ?", (n - 1, n))
        follow(db)
    assert log.verdict() == (10, 7)


@pytest.mark.parametrize("tables", [("touch", "detail", "body", "event"), ("event",)])
def test_a_cut_tail_is_found_by_the_head(log: Log, tables: tuple[str, ...]) -> None:
    first_cut = log.written.last - 2
    with log.attacked() as db:
        for table in tables:
            db.execute(f"DELETE FROM audit_{table} WHERE seq >= ?", (first_cut,))
    assert log.verdict() == (12, first_cut)


def test_a_log_emptied_under_its_head_is_cut_from_the_first(log: Log) -> None:
    with log.attacked() as db:
        for table in ("touch", "detail", "body", "event"):
            db.execute(f"DELETE FROM audit_{table}")
    assert log.verdict() == (12, 1)


@pytest.mark.parametrize("n", [0, -3])
def test_a_row_before_the_first_number_is_found(log: Log, n: int) -> None:
    with log.attacked() as db:
        db.execute(
            f"INSERT INTO audit_event (seq, {', '.join(COLUMNS)}, leaf, chain) "
            f"SELECT {n}, {', '.join(COLUMNS)}, leaf, chain "
            "FROM audit_event WHERE seq = 1"
        )
    assert log.verdict() == (12, n)


@pytest.mark.parametrize("table", ["audit_body", "audit_detail", "audit_touch"])
@pytest.mark.parametrize("n", [0, 100_000])
def test_rows_outside_the_log_are_found(log: Log, table: str, n: int) -> None:
    rest = {
        "audit_body": "x'00'",
        "audit_detail": "x'00', x'00', 'k'",
        "audit_touch": "'d', 'listed'",
    }
    log.run(f"INSERT INTO {table} VALUES (?, {rest[table]})", n)
    assert log.verdict() == (12, n)


def test_an_entry_added_without_the_head_is_found(log: Log) -> None:
    n = log.written.last + 1
    with log.attacked() as db:
        forged = entries.canonical(json.loads(body_of(db, n - 1)) | {"seq": n})
        leaf = merkle.leaf_hash(forged)
        (chain,) = db.execute("SELECT chain FROM audit_event WHERE seq = ?", (n - 1,)).fetchone()
        db.execute(
            f"INSERT INTO audit_event (seq, {', '.join(COLUMNS)}, leaf, chain) "
            f"SELECT ?, {', '.join(COLUMNS)}, ?, ? "
            "FROM audit_event WHERE seq = ?",
            (n, leaf, chain_value(bytes(chain), leaf), n - 1),
        )
        db.execute("INSERT INTO audit_body VALUES (?, ?)", (n, forged))
    assert log.verdict() == (11, n)


# -- the head --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_head SET chain = zeroblob(32)",
        "UPDATE audit_head SET frontier = zeroblob(64)",
        "UPDATE audit_head SET frontier = ''",
        "UPDATE audit_head SET seq = seq + 1",
        "UPDATE audit_head SET seq = seq - 1",
        "UPDATE audit_head SET seq = 'x'",
        "UPDATE audit_head SET frontier = 'x'",
        "UPDATE audit_head SET seq = 0, chain = zeroblob(32), frontier = ''",
        "DELETE FROM audit_head",
    ],
)
def test_a_changed_head_is_found(log: Log, change: str) -> None:
    log.run(change)
    assert log.verdict() == (11, log.written.last)


# -- details and touched documents -----------------------------------------------------------


def test_swapped_details_are_found(log: Log) -> None:
    with log.attacked() as db:
        first, second = (
            n for (n,) in db.execute("SELECT seq FROM audit_detail ORDER BY seq LIMIT 2")
        )
        for was, becomes in ((first, -1), (second, first), (-1, second)):
            db.execute("UPDATE audit_detail SET seq = ? WHERE seq = ?", (becomes, was))
    assert log.verdict() == (10, first)


@pytest.mark.parametrize("change", ["salt = zeroblob(32)", "ct = zeroblob(60)", "ct = x''"])
def test_a_changed_detail_is_found(log: Log, change: str) -> None:
    log.run(f"UPDATE audit_detail SET {change} WHERE seq = ?", log.written.intent)
    assert log.verdict() == (10, log.written.intent)


def test_a_detail_that_nobody_committed_to_is_found(log: Log) -> None:
    bare = log.written.last
    with log.attacked() as db:
        (bare,) = db.execute(
            "SELECT max(seq) FROM audit_event WHERE seq NOT IN (SELECT seq FROM audit_detail)"
        ).fetchone()
        db.execute(
            "INSERT INTO audit_detail SELECT ?, salt, ct, key FROM audit_detail LIMIT 1", (bare,)
        )
    assert log.verdict() == (10, bare)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_touch WHERE how = 'listed' AND seq = ?",
        "DELETE FROM audit_touch WHERE seq = ?",
        "UPDATE audit_touch SET how = 'opened' WHERE how = 'listed' AND seq = ?",
        "UPDATE audit_touch SET document = 'other' WHERE how = 'listed' AND seq = ?",
        "INSERT INTO audit_touch SELECT seq, 'other', 'listed' FROM audit_event WHERE seq = ?",
        "DELETE FROM audit_detail WHERE seq = ?",
    ],
)
def test_hidden_added_and_changed_touch_rows_are_found(log: Log, change: str) -> None:
    log.run(change, log.written.outcome)
    assert log.verdict() == (10, log.written.outcome)


def test_touch_rows_hung_on_another_entry_are_found(log: Log) -> None:
    log.run("INSERT INTO audit_touch VALUES (?, 'other', 'opened')", log.written.intent)
    assert log.verdict() == (10, log.written.intent)


def test_touch_rows_are_found_behind_a_key_that_never_was(log: Log) -> None:
    with log.attacked() as db:
        n = (log.written.outcome,)
        db.execute("UPDATE audit_detail SET key = 'nokey' WHERE seq = ?", n)
        db.execute("INSERT INTO audit_touch SELECT ?, 'other', 'opened'", n)
    assert log.verdict() == (10, log.written.outcome)


def test_erased_details_leave_a_log_that_verifies(log: Log) -> None:
    with log.attacked() as db:
        for table in ("detail", "touch"):
            db.execute(f"DELETE FROM audit_{table} WHERE seq = ?", (log.written.outcome,))
    assert log.verdict() == (0, None)
    with log.attacked() as db:
        db.execute("DELETE FROM audit_touch")
        db.execute("DELETE FROM audit_detail")
    assert log.verdict() == (0, None)


def test_details_whose_key_was_erased_leave_a_log_that_verifies(log: Log) -> None:
    log.run("DELETE FROM audit_touch")
    report = log.verify(lambda _key: None)
    assert (report.code, report.first_bad) == (Code.OK, None)


def test_where_no_keys_are_at_hand_the_rest_is_verified(log: Log) -> None:
    database = Database(f"sqlite:///{log.path}")
    with database.read() as db:
        assert verify(db, None).code is Code.OK
    log.run("UPDATE audit_event SET actor = 'x' WHERE seq = 9")
    with database.read() as db:
        report = verify(db, None)
    database.close()
    assert (report.code, report.first_bad) == (Code.BODY, 9)


# -- the first bad entry ---------------------------------------------------------------------


def test_of_several_wrongs_the_first_is_named(log: Log) -> None:
    log.run("UPDATE audit_event SET actor = 'x' WHERE seq IN (9, 11)")
    log.run("UPDATE audit_event SET chain = zeroblob(32) WHERE seq = 10")
    log.run("DELETE FROM audit_head")
    assert log.verdict() == (10, 9)


def test_an_intent_without_its_outcome_is_reported(log: Log) -> None:
    with log.attacked() as db:
        n = log.written.last
        members = json.loads(body_of(db, log.written.intent)) | {"seq": n + 1}
        members.pop("detail")
        body = entries.canonical(members)
        db.execute("INSERT INTO audit_body VALUES (?, ?)", (n + 1, body))
        db.execute(
            f"INSERT INTO audit_event (seq, {', '.join(COLUMNS)}, leaf, chain) "
            f"SELECT ?, {', '.join(COLUMNS)}, leaf, chain "
            "FROM audit_event WHERE seq = ?",
            (n + 1, log.written.intent),
        )
        follow(db)
    report = log.verify()
    assert (report.code, report.orphans) == (Code.OK, (n + 1,))


# -- a second process ------------------------------------------------------------------------


def shared(log: Log, done: Callable[[Second], object] = bool) -> tuple[Report, Second]:
    """Verify with a second process, a few entries at a time; `done` once both have begun."""
    database = Database(f"sqlite:///{log.path}")
    second = Second(database.url, wide=4)
    try:
        with database.read() as db:
            second.join(database, db)
            done(second)
            return verify(db, log.keystore.detail_key, second=second), second
    finally:
        second.close()
        database.close()


def test_a_second_process_shares_the_work_and_changes_nothing_of_the_verdict(log: Log) -> None:
    report, second = shared(log)
    assert report == log.verify()
    assert second.judged > 1
    assert second.alive


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_event SET actor = 'x' WHERE seq IN (13, 21)",
        "DELETE FROM audit_event WHERE seq > 13",
        *(
            pytest.param(change, marks=pytest.mark.slow)
            for change in (
                "UPDATE audit_event SET chain = zeroblob(32) WHERE seq IN (12, 19)",
                "UPDATE audit_body SET body = CAST(body AS TEXT) WHERE seq = 16",
                "DELETE FROM audit_body WHERE seq = 17",
                "UPDATE audit_head SET seq = 4611686018427387904",
                "UPDATE audit_detail SET ct = x'00' WHERE seq > 9",
            )
        ),
    ],
)
def test_what_two_processes_find_is_what_one_finds(log: Log, change: str) -> None:
    log.run(change)
    report, second = shared(log)
    assert report == log.verify()
    assert report.code is not Code.OK
    assert second.alive


def test_a_second_process_that_dies_leaves_the_verdict_to_the_first(log: Log) -> None:
    log.run("UPDATE audit_event SET actor = 'x' WHERE seq = 22")

    def kill(second: Second) -> None:
        os.kill(second.pid, signal.SIGKILL)

    report, second = shared(log, kill)
    assert report == log.verify()
    assert (report.code, report.first_bad, second.judged) == (Code.BODY, 22, 0)


def test_both_processes_see_the_moment_in_which_verifying_began(log: Log) -> None:
    def change(_: Second) -> None:
        log.run("UPDATE audit_event SET actor = 'x' WHERE seq > 4")

    report, second = shared(log, change)
    assert report.code is Code.OK
    assert second.judged > 1
    assert log.verdict() == (10, 5)


def test_while_somebody_writes_too_long_one_process_verifies_alone(log: Log) -> None:
    with closing(sqlite3.connect(log.path)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        report, second = shared(log)
    assert report == log.verify()
    assert not second.alive
