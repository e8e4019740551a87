"""Many append at once, in threads and processes: no number is lost, given twice or left out."""

import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from service.archive import Archive
from service.audit.entries import Subject
from service.audit.verify import Code
from service.errors import Unavailable
from service.permissions import Action, service_actor
from tests.appending import entry
from tests.world import World

ROOT = Path(__file__).parents[2]


def read(archive: Archive, name: str) -> int:
    """Make one logged read; who does not get the turn within two seconds asks again."""
    while True:
        try:
            with archive.call(
                service_actor(name), Action.SEARCH_RUN, Subject("search"), detail={"q": "x"}
            ) as call:
                call.returned([])
        except Unavailable as busy:
            if busy.part != "log":
                raise
        else:
            assert call.event is not None
            return call.event


def started(world: World, name: str, *how: str) -> "subprocess.Popen[str]":
    data = str(world.archive.settings.data)
    command = [sys.executable, "-m", "tests.appending", data, name, *how]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def assert_gapless(world: World, numbers: list[int], before: int) -> None:
    assert len(set(numbers)) == len(numbers)
    report = world.verify()
    assert (report.code, report.first_bad) == (Code.OK, None), report.reason
    with closing(sqlite3.connect(world.archive.settings.data / "archive.db")) as db:
        stored = [n for (n,) in db.execute("SELECT seq FROM audit_event ORDER BY seq")]
    assert stored == list(range(1, report.events + 1))
    assert before < min(numbers)
    assert set(numbers) <= set(stored)


def test_eight_threads_read_without_a_gap_in_the_log(world: World) -> None:
    before = world.verify().events
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda n: [read(world.archive, f"thread-{n}") for _ in range(10)], range(8))
        numbers = [number for some in made for number in some]
    assert len(numbers) == 80
    assert_gapless(world, numbers, before)
    assert world.verify().orphans == ()


@pytest.mark.parametrize("count", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_processes_append_without_a_gap(world: World, count: int) -> None:
    before = world.verify().events
    running = [started(world, f"process-{n}", "2", "10") for n in range(count)]
    numbers = [read(world.archive, "here") for _ in range(10)]
    for process in running:
        said, _ = process.communicate()
        assert process.returncode == 0
        numbers += json.loads(said)
    assert len(numbers) == 10 + count * 20
    assert_gapless(world, numbers, before)


def test_a_process_that_dies_before_its_commit_leaves_a_whole_log(world: World) -> None:
    before = world.verify().events
    dying = started(world, "dying", "die")
    dying.communicate()
    assert dying.returncode == 9
    assert world.verify().events == before
    assert read(world.archive, "here") == before + 1
    assert world.verify().code is Code.OK


def test_entries_of_one_batch_are_numbered_in_their_order(world: World) -> None:
    before = world.verify().events
    with world.archive.ring() as ring, world.archive.db.write() as db:
        numbers = world.archive.append(db, [entry(f"n{n}") for n in range(130)], ring)
    assert numbers == list(range(before + 1, before + 131))
    report = world.verify()
    assert (report.code, report.events) == (Code.OK, before + 130)
