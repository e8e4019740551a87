"""The log on PostgreSQL: eight processes append without a gap, and only the owner takes away."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import bindparam, func, select, update

from service import erasing
from service.audit import entries, log, merkle
from service.audit.second import Second
from service.audit.verify import FLOOR, Code, verify
from service.errors import Unavailable
from service.models import AuditEvent, Person
from service.opening import open_archive
from service.settings import Settings, SettingsError
from tests.appending import append as append_one
from tests.appending import entry
from tests.backlogs import crowd, head, named
from tests.live.asking import postgres
from tests.live.together import processes
from tests.live.world import Home
from tests.service import test_backlog as together
from tests.service.test_erasing import MONTH, NOW, both
from tests.world import World

pytestmark = pytest.mark.live


@pytest.fixture
def world(half: World) -> World:
    return half


def appending(settings: Settings) -> None:
    """Append a hundred entries in four threads."""
    archive = open_archive(settings)
    with archive.ring() as ring:
        now = f"{datetime.now(UTC):%Y-%m}"
        month = log.MonthKey(ring.audit_month_id(now), ring.audit_month(now))
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(append_one, archive.backlog, month, "process") for _ in range(100)]
    assert len({one.result() for one in made}) == 100
    archive.close()


def test_eight_processes_append_without_a_gap(world: World) -> None:
    before = world.verify().events
    assert processes(8, appending, world.archive.settings) == [0] * 8
    report = world.verify()
    assert (report.code, report.events) == (Code.OK, before + 800)
    with world.archive.db.read() as db:
        edges = select(func.min(AuditEvent.seq), func.max(AuditEvent.seq), func.count())
        assert db.execute(edges).one() == (1, before + 800, before + 800)


@pytest.mark.parametrize(
    "behaves",
    [
        together.test_what_waits_while_another_writes_is_committed_at_once_and_nobody_told_before,
        together.test_an_entry_that_cannot_be_written_fails_by_itself,
        together.test_what_the_database_refuses_of_one_is_refused_to_that_one_alone,
        together.test_a_thread_that_is_ended_while_it_writes_for_others_leaves_them_refused,
    ],
)
def test_what_waits_together_goes_together(world: World, behaves: Callable[[World], None]) -> None:
    behaves(world)


def test_a_row_that_somebody_else_holds_keeps_nobody_else_from_the_log(
    world: World, place: Home
) -> None:
    before = head(world)
    held = update(Person).where(Person.login == bindparam("who")).values(name="?")
    with (
        postgres(place.url("archive")) as owner,
        crowd(world) as people,
        owner.transaction(),
    ):
        owner.execute("SELECT * FROM person WHERE login = 'sales' FOR UPDATE")
        with people.writing():
            good = [people.wait(named("one"))]
            stuck = people.wait(named("stuck"), (held, {"who": "sales"}))
            good += [people.wait(named("two"))]
        assert {one.result() for one in good} == {before + 2, before + 3}
        assert isinstance(stuck.exception(), Unavailable)
    report = world.verify()
    assert (report.code, report.events) == (Code.OK, before + 3), report.reason


def test_a_second_process_verifies_in_the_same_snapshot(world: World) -> None:
    db, before = world.archive.db, world.verify().events
    second = Second(world.archive.settings.database_url, wide=4)
    try:
        with db.read() as session:
            second.join(db, session)
            appending(world.archive.settings)
            report = verify(session, world.archive.keystore.detail_key, second=second)
    finally:
        second.close()
    assert (report.code, report.events) == (Code.OK, before)
    assert second.alive
    assert second.judged > 1


def test_a_month_of_details_goes_by_the_owner_alone(world: World) -> None:
    with world.archive.ring() as ring:
        month = log.MonthKey(ring.audit_month_id(MONTH), ring.audit_month(MONTH))
    found = replace(entry("finder"), touches=(("a" * 26, "listed"),))
    with world.archive.db.brief() as driver:
        (head,) = driver.ask(log.LOCK)
        log.append(driver, head, [found] * 7, month)
    with erasing.confirmed(world.archive, both(world)) as people:
        done = erasing.erase_details(world.archive, people, MONTH, "到期", now=NOW)
    report = world.verify()
    assert (report.code, done.count, report.erased) == (Code.OK, 7, 7), report.reason


@contextmanager
def unguarded(place: Home) -> Iterator["psycopg.Connection[Any]"]:
    with postgres(place.url("archive")) as owner:
        tables = ("audit_event", "audit_body")
        for table in tables:
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only".encode())
        yield owner
        for table in tables:
            owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only".encode())


def age(place: Home, days: int) -> int:
    """Let every entry be from long ago; return the last number."""
    chain, frontier, seq = log.START, list[bytes](), 0
    with unguarded(place) as owner:
        for seq, body in owner.execute("SELECT seq, body FROM audit_body ORDER BY seq").fetchall():
            members = json.loads(body)
            then = datetime.fromisoformat(members["ts"]) - timedelta(days=days)
            old = entries.canonical(members | {"ts": f"{then:%Y-%m-%dT%H:%M:%S}.000Z"})
            leaf = merkle.leaf_hash(old)
            chain, frontier = log.chain_value(chain, leaf), merkle.extend(frontier, seq - 1, leaf)
            owner.execute("UPDATE audit_body SET body = %s WHERE seq = %s", (old, seq))
            owner.execute(
                "UPDATE audit_event SET ts = %s, leaf = %s, chain = %s WHERE seq = %s",
                (json.loads(old)["ts"], leaf, chain, seq),
            )
        owner.execute(
            "UPDATE audit_head SET chain = %s, frontier = %s", (chain, merkle.pack(frontier))
        )
    return seq


def test_old_bodies_go_by_the_owner_and_the_guards_stand_again(world: World, place: Home) -> None:
    last = age(place, 1200)
    with erasing.confirmed(world.archive, both(world)) as people:
        done = erasing.purge(world.archive, people, FLOOR, "到期", now=datetime.now(UTC))
    report = world.verify()
    assert (report.code, done.count, report.purged) == (Code.OK, last, last), report.reason
    with (
        postgres(place.url("archive")) as owner,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        owner.execute("DELETE FROM audit_body")


def test_without_the_owners_address_nothing_goes(world: World, place: Home) -> None:
    age(place, 1200)
    world.archive.settings = replace(world.archive.settings, database_owner="")
    with (
        erasing.confirmed(world.archive, both(world)) as people,
        pytest.raises(SettingsError, match="GUIDANG_DATABASE_OWNER"),
    ):
        erasing.purge(world.archive, people, FLOOR, "到期", now=datetime.now(UTC))
    with world.archive.db.read() as db:
        said = select(func.count()).where(AuditEvent.action == "audit.purge")
        assert db.scalar(said) == 0
    report = world.verify()
    assert (report.code, report.purged) == (Code.OK, 0)
