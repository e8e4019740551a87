"""When the log cannot be written nothing is done or shown: each row of the table of failures.

Also tests/service/test_call.py (intents, outcomes, denials, lock, deliveries), test_full_disk.py
(no room), tests/web/test_anchored.py (late, unreached and refusing anchors).
"""

import json
import os
import random
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from indexer.extract.sandbox import Sandbox
from service import orphans
from service.__main__ import main
from service.archive import Archive
from service.audit.entries import Subject
from service.audit.verify import Code
from service.codes import Department, Role
from service.errors import Unavailable
from service.models import AuditEvent, SignIn
from service.models.columns import instant_text
from service.permissions import Action, service_actor
from service.policy.rules import LogLimits
from service.settings import Settings
from tests.web.browsing import Portal
from tests.web.programs import Programs
from tests.world import World, embedded, password, policy_with

SEARCH = Subject("search")


@contextmanager
def refusing(world: World, phase: str) -> Iterator[None]:
    """Let the database take no entry of a phase, as a disk that fails just then."""
    with world.archive.db.write() as db:
        db.execute(
            text(
                f"CREATE TRIGGER no_{phase} BEFORE INSERT ON audit_event "
                f"WHEN NEW.phase = '{phase}' "
                "BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
            )
        )
    try:
        yield
    finally:
        with world.archive.db.write() as db:
            db.execute(text(f"DROP TRIGGER no_{phase}"))


def count(world: World, table: type) -> int:
    with world.archive.db.read() as db:
        return db.scalar(select(func.count()).select_from(table)) or 0


# -- intent, outcome, sign-in ----------------------------------------------------------------


@pytest.mark.parametrize("phase", ["intent", "outcome"])
def test_without_its_intent_or_outcome_an_answer_is_503_and_holds_nothing(
    world: World, programs: Programs, phase: str
) -> None:
    document = world.document(world.customer().id, "谐波减速器").id
    world.work()
    person = programs["service_officer"]
    assert "谐波" in person.get(f"/documents/{document}/content").text
    with refusing(world, phase):
        for path in ("/search?q=谐波", f"/documents/{document}", f"/documents/{document}/content"):
            answer = person.get(path)
            assert (answer.status_code, answer.get_json()["part"]) == (503, "log"), path
            assert "谐波" not in answer.text
    assert "谐波" in person.get(f"/documents/{document}/content").text
    assert world.verify().code is Code.OK


@contextmanager
def read_only(world: World) -> Iterator[None]:
    """Let the database be read and never written, as on a file system mounted that way.

    By the byte of its header that asks for a newer writer: SQLite's file format, 1.3.3.
    """
    file = world.archive.settings.data / "archive.db"

    def asks_for(writer: int) -> None:
        world.archive.close()  # the last connection takes what is in the journal into the file
        with file.open("r+b") as opened:
            opened.seek(18)
            opened.write(bytes([writer]))

    asks_for(3)
    assert not file.with_name("archive.db-wal").exists()
    try:
        yield
    finally:
        asks_for(2)


def test_a_database_that_can_only_be_read_gives_nothing_away(
    world: World, programs: Programs, portal: Portal
) -> None:
    document = world.document(world.customer().id, "谐波减速器").id
    world.work()
    program, person = programs["service_officer"], portal["service_officer"]
    before = count(world, AuditEvent)
    paths = ("/search?q=谐波", f"/documents/{document}", f"/documents/{document}/content")
    with read_only(world):
        assert count(world, AuditEvent) == before
        for path in paths:
            for answer in (program.get(path), person.get(path)):
                assert answer.status_code == 503, path
                assert "减速器" not in answer.text
        with pytest.raises(Unavailable) as no:
            cut_off(world)
        assert no.value.part == "log"
    assert count(world, AuditEvent) == before
    assert "谐波" in program.get(paths[-1]).text
    assert world.verify().code is Code.OK


def test_nobody_is_signed_in_without_an_entry(world: World, portal: Portal) -> None:
    before = count(world, SignIn)
    with refusing(world, "event"):
        for given in (password("sales"), "a wrong password"):
            answer = portal.stranger().send("/sign-in", login="sales", password=given)
            assert answer.status_code == 503
    assert count(world, SignIn) == before


def test_there_is_no_switch_that_lets_anybody_work_without_the_log() -> None:
    words = {word for f in fields(Settings) for word in f.name.split("_")}
    assert not words & {"audit", "log", "logging", "bypass", "emergency", "skip", "disable"}


# -- crashes ---------------------------------------------------------------------------------


def answer_until_killed(archive: Archive, pipe: int) -> None:
    """Read again and again; say each number once its answer could leave."""
    actor = service_actor("cli")
    try:
        while True:
            with archive.call(actor, Action.SEARCH_RUN, SEARCH, detail={"q": "x"}) as call:
                call.returned([])
            os.write(pipe, struct.pack("<q", call.event))
    finally:
        os._exit(1)


def killed(archive: Archive, after: int) -> list[int]:
    """Kill -9 a process that answers, when it has answered so often; return what it answered."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        answer_until_killed(archive, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read(8 * after)
        os.kill(child, signal.SIGKILL)
        said += pipe.read()
    os.waitpid(child, 0)
    whole = len(said) // 8
    return list(struct.unpack(f"<{whole}q", said[: whole * 8]))


@pytest.mark.parametrize("points", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_killed_at_many_points_no_answer_is_without_its_entries(world: World, points: int) -> None:
    archive, dice, answered = world.archive, random.Random(7), []
    archive.close()  # connections are not shared with a child; the next use opens them again
    for _ in range(points):
        answered += killed(archive, dice.randint(1, 3))
    report = world.verify()
    assert report.code is Code.OK, report.reason
    with archive.db.read() as db:
        ended = set(db.scalars(select(AuditEvent.ref).where(AuditEvent.phase == "outcome")))
    assert len(answered) == len(set(answered)) >= points
    assert set(answered) <= ended
    with archive.db.read() as db:
        found = orphans.find(db)
    assert tuple(o.seq for o in found) == report.orphans
    assert not set(report.orphans) & set(answered)


def cut_off(world: World) -> int:
    """Leave an intent without an outcome, as a crash does."""
    call = world.archive.call(world.actor("sales"), Action.SEARCH_RUN, SEARCH)
    call.__enter__()
    assert call.event is not None
    return call.event


def test_an_orphan_is_listed_and_alarms_after_five_minutes(world: World) -> None:
    assert orphans_of(world) == ()
    seq = cut_off(world)
    (one,) = found = orphans_of(world)
    assert (one.seq, one.action, one.actor) == (seq, "search.run", world.id("sales"))
    now, limits = datetime.now(UTC), LogLimits(orphan_minutes=5)
    assert orphans.cut_off(found, limits, now) == ()
    assert orphans.cut_off(found, limits, now + timedelta(minutes=6)) == found
    assert not orphans.too_many(found, 1)
    assert orphans.too_many(found * 5, 1000)
    with world.archive.db.read() as db:
        assert orphans.intents(db) == 1


def orphans_of(world: World) -> tuple[orphans.Orphan, ...]:
    with world.archive.db.read() as db:
        return orphans.find(db)


def test_the_command_lists_orphans_and_ends_with_19_once_one_is_old(world: World) -> None:
    data = world.archive.settings.data
    assert listed(data) == (0, [])
    seq = cut_off(world)
    assert listed(data) == (0, [seq])
    with world.archive.db.write() as db:
        db.execute(text("DROP TRIGGER audit_event_no_update"))
        old = "2026-01-01T00:00:00.000Z"
        db.execute(
            text("UPDATE audit_event SET ts = :old WHERE seq = :seq"), {"old": old, "seq": seq}
        )
    assert listed(data) == (19, [seq])


def test_the_command_goes_by_the_age_that_the_policy_in_force_says(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    texts = policy_with(
        tmp_path / "policy", "limits.toml", "orphan_minutes = 5", "orphan_minutes = 90"
    )
    settings = replace(embedded(tmp_path / "data"), policy_dir=texts)
    with World.opened(settings, sandbox) as world:
        world.person("sales", frozenset({Role.SALES}), Department.SALES)
        seq = cut_off(world)
        for minutes, code in ((80, 0), (100, 19)):
            told = instant_text(datetime.now(UTC) - timedelta(minutes=minutes))
            with world.archive.db.write() as db:
                db.execute(text("DROP TRIGGER IF EXISTS audit_event_no_update"))
                change = text("UPDATE audit_event SET ts = :ts WHERE seq = :seq")
                db.execute(change, {"ts": told, "seq": seq})
            assert listed(settings.data) == (code, [seq])


def listed(data: Path) -> tuple[int, list[int]]:
    words = ["audit", "orphans", "--json"]
    done = CliRunner().invoke(main, words, env={"GUIDANG_DATA": str(data)})
    return done.exit_code, [o["seq"] for o in json.loads(done.stdout)["orphans"]]


def test_a_log_that_is_away_is_told_as_that(world: World) -> None:
    with (
        refusing(world, "event"),
        pytest.raises(Unavailable) as no,
        world.archive.call(
            world.actor("archivist"), Action.CUSTOMER_EDIT, Subject("customer"), writes=True
        ),
    ):
        pass
    assert no.value.part == "log"
