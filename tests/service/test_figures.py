"""Figures of all processes add up in the database; what takes long is measured by a worker."""

import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from indexer import measuring
from service import figures, probing, queues, upkeep
from service.errors import Unavailable
from service.jobs import Lane
from service.keystore.store import Mirror
from service.models import Job, Probe
from service.search import open_engine
from tests.live.process import free_port
from tests.world import World

DONE = ("guidang_jobs_total", '{"kind": "extract", "state": "done"}')


def summed(world: World, key: figures.Key = DONE) -> float:
    with world.archive.db.read() as db:
        return figures.sums(db).get(key, 0)


def measured(world: World) -> dict[str, probing.Reading]:
    with world.archive.db.read() as db:
        return dict(probing.readings(db))


def test_what_a_process_counts_is_added_once_to_the_sums_of_all(world):
    figures.add_up(world.archive.db)
    before = summed(world)
    world.document(world.customer().id, "焊接机器人")
    world.work()
    for _ in range(2):
        figures.add_up(world.archive.db)
    assert summed(world) == before + 1
    # another process, which counts from zero
    with world.archive.db.write() as db:
        db.execute(text("UPDATE figure SET value = value + 4 WHERE labels LIKE '%extract%done%'"))
    assert summed(world) == before + 5


def test_what_could_not_be_added_is_added_later(world):
    figures.add_up(world.archive.db)
    figures.JOBS.labels("extract", "done").inc()
    before = summed(world)
    rename(world, "figure", "elsewhere")
    with pytest.raises(Unavailable):
        figures.add_up(world.archive.db)
    rename(world, "elsewhere", "figure")
    figures.add_up(world.archive.db)
    assert summed(world) == before + 1


def rename(world: World, table: str, to: str) -> None:
    with world.archive.db.write() as db:
        db.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))


def test_a_file_that_was_read_has_its_time_counted(world):
    figures.add_up(world.archive.db)
    key = ("guidang_extraction_seconds_count", '{"result": "read"}')
    before = summed(world, key)
    world.document(world.customer().id, "焊接机器人")
    world.work()
    figures.add_up(world.archive.db)
    assert summed(world, key) == before + 1


def test_the_worker_compares_index_and_database_and_counts_what_is_stored(world):
    world.document(world.customer().id, "焊接机器人")
    world.work()
    assert measuring.measure_if_due(world.archive, "worker:1")
    found = measured(world)
    index = found[probing.INDEX].body
    assert (index["drift"], index["documents"], index["indexed"]) == (0, 1, 1)
    assert index["categories"]["intended"] == {"documents": 1, "indexed": 1}
    storage = found[probing.STORAGE].body
    assert storage["objects"] == 1
    assert min(storage[name] for name in ("bytes", "database", "index")) > 0
    keys = found[probing.KEYSTORE].body
    assert keys["mirror"] == Mirror.AGREES
    assert keys["keys"] > 2
    assert datetime.fromisoformat(keys["newest"]) <= datetime.now(UTC)


def test_differences_are_measured_with_their_ids(world):
    paper = world.document(world.customer().id, "焊接机器人")
    world.work()
    with world.archive.db.write() as db:
        db.execute(text("UPDATE document SET shown = NULL"))
    measuring.measure(world.archive)
    index = measured(world)[probing.INDEX].body
    assert (index["drift"], index["surplus"], index["ids"]) == (1, 1, [paper.id])


def test_it_is_measured_again_after_a_while_and_by_one_worker_at_a_time(world):
    assert measuring.measure_if_due(world.archive, "worker:1")
    assert not measuring.measure_if_due(world.archive, "worker:2")
    ages(world, timedelta(seconds=measuring.EVERY + 1))
    assert measuring.measure_if_due(world.archive, "worker:2")
    # taken an hour ahead: the clock was set back since
    ages(world, timedelta(hours=-1))
    assert measuring.measure_if_due(world.archive, "worker:1")


def ages(world: World, by: timedelta) -> None:
    with world.archive.db.write() as db:
        for row in db.query(Probe):
            row.taken -= by


def test_what_is_away_keeps_its_last_result(world):
    measuring.measure(world.archive)
    ages(world, timedelta(minutes=20))
    before = measured(world)
    nobody = f"http://127.0.0.1:{free_port()}"
    world.archive.engine = open_engine(nobody, turns=world.archive.turns, web="web:x")
    assert measuring.measure_if_due(world.archive, "worker:1")
    found = measured(world)
    assert found[probing.INDEX] == before[probing.INDEX]
    assert found[probing.STORAGE].taken > before[probing.STORAGE].taken


def test_an_index_of_another_version_is_said_to_be_unusable(world):
    shutil.rmtree(world.archive.settings.data / "index")
    measuring.measure(world.archive)
    body = measured(world)[probing.INDEX].body
    assert body["unusable"] is True
    assert "ids" not in body


def test_a_process_shows_that_it_lives_and_is_forgotten_after_a_day(world):
    with world.archive.db.write() as db:
        db.add(Probe(name="worker:gone", taken=datetime.now(UTC) - timedelta(days=2), body="{}"))
    assert upkeep.go_round(world.archive, "worker")
    found = measured(world)
    assert "worker:gone" not in found
    seen = probing.last_seen(found, "worker")
    assert seen
    assert seen.age(datetime.now(UTC)) < 60
    assert seen.body["version"]
    assert probing.last_seen(found, "web") is None


def test_a_queue_has_its_age_its_pace_and_what_was_given_up(world):
    customer = world.customer().id
    for n in range(3):
        world.document(customer, f"第{n}份")
    world.work()
    world.document(customer, "等待")
    now = datetime.now(UTC)
    with world.archive.db.write() as db:
        db.execute(update(Job).where(Job.state == "waiting").values(created=now - HOUR / 4))
        done = update(Job).where(Job.state == "done", Job.kind == "extract")
        db.execute(done.values(started=now - timedelta(seconds=62), finished=now - MINUTE))
        failed = update(Job).where(Job.state == "done", Job.kind == "index")
        db.execute(failed.values(state="failed", finished=now - 2 * HOUR))
    with world.archive.db.read() as db:
        found = {(q.stage, q.lane): q for q in queues.standing(db)}
    extract, index = (found[stage, Lane.INTERACTIVE] for stage in ("extract", "index"))
    assert (extract.waiting, extract.ended, extract.trend[-1]) == (1, 3, 3)
    assert extract.oldest == pytest.approx(900, abs=30)
    assert extract.median == extract.slowest == pytest.approx(2.0)
    assert (index.failed, index.ended, index.oldest) == (3, 0, None)
    assert found["extract", Lane.BULK].waiting == 0


HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def test_marks_tell_how_long_the_index_has_not_known(world):
    customer = world.customer()
    world.document(customer.id, "焊接机器人")
    world.work()
    with world.archive.db.read() as db:
        assert queues.marks(db) == queues.Marks(0, None)
    world.move(customer.id, "active")
    with world.archive.db.read() as db:
        found = queues.marks(db)
    assert found.count == 1
    assert found.oldest is not None
    assert found.oldest < 60


def test_a_process_ends_when_another_version_has_migrated_the_database(world):
    with world.archive.db.write() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    asked = []
    upkeep.keep(world.archive, "web", every=0.01, outdated=lambda: asked.append("end"))
    for thread in [t for t in threading.enumerate() if t.name == "upkeep"]:
        thread.join(10)
    assert asked == ["end"]
