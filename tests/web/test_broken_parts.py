"""One part fails as nobody expected: it is logged and shown as away, and the rest goes on."""

import os
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from indexer import measuring
from service import probing, upkeep
from service.blobs.s3 import S3
from service.models import Job, Lease
from tests.live.process import free_port
from tests.world import World


@pytest.fixture
def odd_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails as no disk should."""

    def fail(_path: object) -> None:
        raise RuntimeError("statvfs")

    monkeypatch.setattr(os, "statvfs", fail)


def refuse(world: World, table: str, when: str = "1") -> None:
    """Have the database refuse rows of a table, as it would not by itself."""
    with world.archive.db.write() as db:
        for what in ("INSERT", "UPDATE"):
            db.execute(
                text(
                    f"CREATE TRIGGER odd_{what} BEFORE {what} ON {table} WHEN {when} "
                    "BEGIN SELECT RAISE(ABORT, 'odd'); END"
                )
            )


def allow(world: World) -> None:
    with world.archive.db.write() as db:
        for what in ("INSERT", "UPDATE"):
            db.execute(text(f"DROP TRIGGER odd_{what}"))


def readings(world: World) -> set[str]:
    with world.archive.db.read() as db:
        return {name for name in probing.readings(db) if ":" not in name}


def seen(world: World) -> bool:
    with world.archive.db.read() as db:
        return probing.last_seen(probing.readings(db), "worker") is not None


@pytest.mark.usefixtures("odd_disk")
def test_a_part_that_fails_oddly_is_not_ready_and_logged_by_its_name(programs):
    with capture_logs() as lines:
        answer = programs.client.get("/readyz")
    assert answer.status_code == 503
    parts = answer.json["parts"]
    assert parts.pop("blobs") == "unavailable"
    assert set(parts.values()) == {"ok"}
    (line,) = [each for each in lines if each["event"] == "part_broken"]
    assert (line["part"], line["log_level"]) == ("blobs", "error")


@pytest.mark.usefixtures("odd_disk")
def test_the_status_page_says_that_it_is_away_and_stays(portal):
    page = portal["system_admin"].html("/status")
    assert "文件存储没有应答。" in page
    assert "数据库没有应答" not in page


def test_work_of_a_lane_nobody_knows_does_not_take_the_status_page_away(portal, world):
    with world.archive.db.write() as db:
        now = datetime.now(UTC)
        one = {"kind": "extract", "subject": "x", "lane": 7, "state": "waiting", "due": now}
        db.add(Job(id="odd", created=now, finished=None, **one))
    with capture_logs() as lines:
        page = portal["system_admin"].html("/status")
    assert "数据库没有应答。" in page
    assert "文件存储没有应答" not in page
    assert ("part_broken", "database") in [(each["event"], each.get("part")) for each in lines]


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"drift": 1}'])
def test_measurements_that_cannot_be_read_count_as_not_taken(portal, programs, world, body):
    measuring.measure(world.archive)
    with world.archive.db.write() as db:
        db.execute(text("UPDATE probe SET body = :body"), {"body": body})
    page = portal["system_admin"].html("/status")
    assert "索引与记录偏差：尚未测量" in page
    assert "数据库没有应答" not in page
    assert programs.client.get("/metrics").status_code == 200
    measuring.measure(world.archive)
    assert "尚未测量" not in portal["system_admin"].html("/status")


def test_figures_that_cannot_be_added_up_do_not_hide_that_a_process_lives(world, programs):
    programs["archivist"].get("/me")
    refuse(world, "figure")
    with capture_logs() as lines:
        assert upkeep.go_round(world.archive, "worker")
    assert "upkeep_failed" in [each["event"] for each in lines]
    assert seen(world)
    assert programs.client.get("/metrics").status_code == 200


def test_a_sign_of_life_that_cannot_be_written_does_not_end_the_rounds(world):
    refuse(world, "probe")
    assert upkeep.go_round(world.archive, "worker")
    assert not seen(world)
    allow(world)
    assert upkeep.go_round(world.archive, "worker")
    assert seen(world)


def test_what_cannot_be_measured_is_logged_and_the_rest_is_measured(world):
    refuse(world, "probe", "NEW.name = 'index'")
    with capture_logs() as lines:
        assert measuring.measure_if_due(world.archive, "worker:1")
    (line,) = [each for each in lines if each["event"] == "measuring_failed"]
    assert (line["what"], line["log_level"]) == ("index", "error")
    assert readings(world) == {"keystore", "storage", "unusual"}


def test_measuring_that_failed_gives_its_turn_back_and_is_tried_again(world):
    refuse(world, "probe")
    measuring.measure_if_due(world.archive, "worker:1")
    with world.archive.db.read() as db:
        assert db.query(Lease).filter_by(name="measure").count() == 0
    allow(world)
    assert measuring.measure_if_due(world.archive, "worker:2")
    assert readings(world) == {"index", "keystore", "storage", "unusual"}


def test_a_server_that_does_not_tell_its_version_leaves_it_out_and_is_measured(portal, world):
    nobody = f"http://127.0.0.1:{free_port()}"
    store = S3(nobody, "originals", access_key="a" * 20, secret_key="s" * 40)
    before, world.archive.blobs = world.archive.blobs, store
    measuring.measure(world.archive)
    world.archive.blobs = before
    assert readings(world) == {"index", "keystore", "storage", "unusual"}
    page = portal["system_admin"].html("/status")
    versions = page.split('id="t-versions"')[1].split("</dl>")[0]
    assert "SQLite" in versions
    assert "tantivy" in versions
    assert "<dt>S3</dt>" not in versions
