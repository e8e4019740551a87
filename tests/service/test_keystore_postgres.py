"""The keystore on PostgreSQL does what it does on SQLite, and names itself when it is away."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, insert, make_url, text

from service.errors import Unavailable
from service.ids import new_id
from service.keystore import KeyExists, KeyMissing, Keystore, Mirror, RootKey, WrongRootKey
from service.keystore.rows import KeyRow, Kind, keys
from tests.live.control import gone

pytestmark = pytest.mark.live

ROOT = RootKey(bytes(range(32)))


@contextmanager
def database() -> Iterator[str]:
    """Give the URL of a database of its own."""
    server = make_url(os.environ["GUIDANG_TEST_PG_KEYS"])
    name = f"keys_{new_id()}"
    address = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield server.set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}"')


@pytest.fixture
def primary() -> Iterator[str]:
    with database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def mirror(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path}/mirror.db"
        else:
            yield stack.enter_context(database())


@pytest.fixture
def keystore(primary: str, mirror: str) -> Iterator[Keystore]:
    with closing(Keystore.open(primary, ROOT, mirror_url=mirror)) as opened:
        yield opened


def test_keys_come_back_after_a_restart_and_from_the_mirror(primary, mirror, keystore):
    customer, version = new_id(), new_id()
    with keystore.ring() as ring:
        made = ring.create_customer(customer), ring.create_version(version, customer, new_id())
        with pytest.raises(KeyExists):
            ring.create_customer(customer)
        with pytest.raises(KeyMissing):
            ring.version(new_id())
    assert keystore.state().mirror is Mirror.AGREES
    for url in (primary, mirror):
        again = Keystore.open(url, ROOT)
        with closing(again), again.ring() as ring:
            assert (ring.customer(customer), ring.version(version)) == made
        with pytest.raises(WrongRootKey):
            Keystore.open(url, RootKey(bytes(32)))


def test_the_keys_of_a_page_are_found_without_reading_every_key(primary, keystore):
    customer = new_id()
    with keystore.ring() as ring:
        ring.create_customer(customer)
        (parent,) = keystore.find(Kind.CUSTOMER, [customer])
    made = [KeyRow(Kind.VERSION, new_id(), 1, parent=parent.id) for _ in range(5_000)]
    with keystore._primary.write() as connection:
        rows = [{**row.values(), "wrapped": bytes(60)} for row in made]
        connection.execute(insert(keys), rows)
    with keystore._primary.write() as connection:
        connection.execute(text("ANALYZE"))
    statements = []

    def explained(connection, cursor, statement, parameters, _context, _many):
        cursor.execute(f"EXPLAIN {statement}", parameters)
        statements.append("\n".join(line for (line,) in cursor.fetchall()))

    engine = keystore._primary._engine
    event.listen(engine, "before_cursor_execute", explained)
    assert len(keystore.find_versions(row.subject for row in made[:20])) == 21
    assert len(keystore.find_with_tokens(Kind.VERSION, made[0].subject)) == 1
    event.remove(engine, "before_cursor_execute", explained)
    assert len(statements) == 2
    assert "Seq Scan" not in "".join(statements)


def test_a_moved_document_keeps_its_key(keystore):
    old, new, version = new_id(), new_id(), new_id()
    with keystore.ring() as ring:
        ring.create_customer(old)
        ring.create_customer(new)
        key = ring.create_version(version, old, new_id())
        ring.rewrap_version(version, new)
    with keystore.ring() as ring:
        assert ring.version(version) == key
    assert keystore.state().mirror is Mirror.AGREES


def test_two_processes_that_need_a_first_key_at_once_get_the_same(primary, mirror, keystore):
    with closing(Keystore.open(primary, ROOT, mirror_url=mirror)) as other:
        start = threading.Barrier(8)

        def first_use(store: Keystore) -> tuple[bytes, bytes]:
            start.wait()
            with store.ring() as ring:
                return ring.blind("tel"), ring.audit_month("2026-12")

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(first_use, [keystore, other] * 4))) == 1
    assert keystore.state().mirror is Mirror.AGREES


def test_processes_that_start_together_make_one_keystore(primary, mirror):
    start = threading.Barrier(4)

    def open_one(_number: int) -> str:
        start.wait()
        with closing(Keystore.open(primary, ROOT, mirror_url=mirror)) as opened:
            return opened.instance

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(open_one, range(4)))) == 1


def test_a_page_of_titles_costs_one_query(keystore):
    customers, versions = [new_id() for _ in range(20)], [new_id() for _ in range(20)]
    with keystore.ring() as ring:
        for customer, version in zip(customers, versions, strict=True):
            ring.create_customer(customer)
            ring.create_version(version, customer, new_id())
    asked: list[str] = []
    event.listen(
        keystore._primary._engine,
        "before_cursor_execute",
        lambda _c, _u, statement, *_: asked.append(statement),
    )
    with keystore.ring() as ring:
        ring.prefetch(customers=customers, versions=versions)
        for customer, version in zip(customers, versions, strict=True):
            assert len(ring.customer(customer)) == len(ring.version(version))
    assert len(asked) == 1


def test_a_mirror_on_a_server_that_is_not_there_stops_the_start(primary):
    with pytest.raises(Unavailable) as refusal:
        Keystore.open(primary, ROOT, mirror_url="postgresql+psycopg://x:y@127.0.0.1:9/none")
    assert refusal.value.part == "keystore"


@pytest.mark.outage
def test_a_keystore_that_went_away_is_unavailable_and_comes_back(keystore):
    customer = new_id()
    with keystore.ring() as ring:
        key = ring.create_customer(customer)
    with gone("postgres"):
        with keystore.ring() as ring, pytest.raises(Unavailable):
            ring.customer(customer)
        with keystore.ring() as ring, pytest.raises(Unavailable):
            ring.create_customer(new_id())
        with pytest.raises(Unavailable):
            keystore.check()
    with keystore.ring() as ring:
        assert ring.customer(customer) == key
        ring.create_customer(new_id())
    assert keystore.state().mirror is Mirror.AGREES
