"""Entries that wait at the same moment are committed together; each is answered for itself."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from service import backlog
from service.audit.entries import Entry
from service.audit.verify import Code
from service.errors import Unavailable
from service.models import Reading
from tests.appending import entry
from tests.backlogs import crowd, head, named
from tests.service.test_log_concurrency import ROOT
from tests.world import World

KEPT = insert(Reading)


def row(key: str) -> dict[str, Any]:
    return {
        "id": key * 26,
        "person": "p" * 26,
        "version": "v" * 26,
        "seq": 1,
        "opened": datetime.now(UTC),
    }


def assert_whole(world: World, events: int) -> None:
    report = world.verify()
    assert (report.code, report.events) == (Code.OK, events), report.reason


def test_what_waits_while_another_writes_is_committed_at_once_and_nobody_told_before(
    world: World,
) -> None:
    before, came, seen = head(world), list[Future[int]](), list[int]()

    def looking(_: Sequence[Any] | None) -> Entry:
        assert not any(other.done() for other in came)
        seen.append(head(world))
        return entry("looking")

    with crowd(world) as people:
        with people.writing() as first:
            came += [people.wait(looking) for _ in range(7)]
        assert first.result() == before + 1
        assert [one.result() for one in came] == list(range(before + 2, before + 9))
    assert seen == [before + 1] * 7
    assert_whole(world, before + 8)


def test_an_entry_that_cannot_be_written_fails_by_itself(world: World) -> None:
    before = head(world)

    def failing(_: Sequence[Any] | None) -> Entry:
        raise LookupError

    def null(_: Sequence[Any] | None) -> Entry:
        return replace(entry("null"), part={"page": None})

    with crowd(world) as people:
        with people.writing():
            good = [people.wait(named("one"), (KEPT, row("a")))]
            bad = [people.wait(failing), people.wait(null, (KEPT, row("b")))]
            good += [people.wait(named("two"))]
        assert [one.result() for one in good] == [before + 2, before + 3]
        assert [type(one.exception()) for one in bad] == [LookupError, ValueError]
    assert_whole(world, before + 3)
    with world.archive.db.read() as db:
        assert [r.id for r in db.query(Reading)] == ["a" * 26]


def test_what_the_database_refuses_of_one_is_refused_to_that_one_alone(world: World) -> None:
    before = head(world)
    with crowd(world) as people:
        with people.writing():
            good = [people.wait(named("one"), (KEPT, row("a")))]
            same = [people.wait(named("same"), (KEPT, row("b"))) for _ in range(2)]
            good += [people.wait(named("two"))]
        numbers = [one.result() for one in good]
        (refused,) = filter(None, (one.exception() for one in same))
    assert isinstance(refused, IntegrityError)
    assert before + 1 not in numbers
    assert_whole(world, before + 4)


def test_while_the_log_takes_nothing_all_who_wait_are_refused_and_later_ones_are_not(
    world: World,
) -> None:
    before = head(world)
    with crowd(world) as people:
        with world.archive.db.write() as db:
            db.execute(text("ALTER TABLE audit_body RENAME TO gone"))
        with people.writing() as first:
            lost = [first, *(people.wait(named("lost")) for _ in range(7))]
        assert {type(one.exception()) for one in lost} == {Unavailable}
        with world.archive.db.write() as db:
            db.execute(text("ALTER TABLE gone RENAME TO audit_body"))
        assert people.come(named("after")).result() == before + 1
    assert_whole(world, before + 1)


def test_who_waits_too_long_is_refused_and_leaves_no_entry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = head(world)
    with crowd(world) as people:
        with people.writing() as first:
            monkeypatch.setattr(backlog, "WRITE_WAIT", 0.05)
            assert isinstance(people.wait(named("late")).exception(), Unavailable)
        assert first.result() == before + 1
        with world.archive.db.write():
            assert isinstance(people.come(named("late")).exception(), Unavailable)
        monkeypatch.undo()
        assert people.come(named("after")).result() == before + 2
    assert_whole(world, before + 2)


def test_a_thread_that_is_ended_while_it_writes_for_others_leaves_them_refused(
    world: World,
) -> None:
    before = head(world)

    def ended(_: Sequence[Any] | None) -> Entry:
        raise SystemExit

    with crowd(world) as people:
        with people.writing():
            leading = people.wait(ended)
            others = [people.wait(named("other")) for _ in range(3)]
        assert isinstance(leading.exception(), SystemExit)
        assert {type(one.exception()) for one in others} == {Unavailable}
        assert people.come(named("after")).result() == before + 2
    assert_whole(world, before + 2)


@pytest.mark.parametrize("told", [1, 60])
def test_a_process_that_is_killed_has_told_only_what_is_in_the_log(world: World, told: int) -> None:
    before = head(world)
    command = [sys.executable, "-m", "tests.appending", str(world.archive.settings.data)]
    with subprocess.Popen(
        [*command, "killed", "8", "go-on"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        numbers = [int(running.stdout.readline()) for _ in range(told)]
        running.kill()
        numbers += [int(line) for line in running.stdout if line.endswith("\n")]
    assert len(set(numbers)) == len(numbers)
    report = world.verify()
    assert report.code is Code.OK, report.reason
    assert before < min(numbers) <= max(numbers) <= report.events
