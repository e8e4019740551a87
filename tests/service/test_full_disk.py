"""The disk is full: a clear answer, nothing half done, and the work is done once there is room."""

import io
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from indexer import extraction, work
from service.audit.verify import Code
from service.errors import Unavailable
from service.models import Blob, Document, Job, Version
from tests.web.programs import Program, Programs
from tests.world import World

#: More than the largest file of a fresh archive's: whatever grows beyond it has no room.
LARGE = 3_000_000


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size in bytes: writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def rows(world: World) -> list[int]:
    with world.archive.db.read() as db:
        return [db.query(table).count() for table in (Document, Version, Blob, Job)]


def left_behind(world: World) -> list[Path]:
    data = world.archive.settings.data
    places = (data / "spool", data / "blobs" / ".incoming")
    return [path for place in places for path in place.rglob("*") if path.is_file()]


@pytest.fixture
def officer(programs: Programs) -> Program:
    return programs["service_officer"]


def send(officer: Program, customer: str, content: bytes):
    fields = {"kind": "minutes", "file": FileStorage(io.BytesIO(content), "纪要.txt")}
    # encoded here: the client would put a large form into a temporary file of its own
    boundary, body = encode_multipart(fields)
    path, form = f"/customers/{customer}/documents", f"multipart/form-data; boundary={boundary}"
    return officer.send("POST", path, data=body, content_type=form)


def test_an_upload_is_refused_in_words_and_leaves_nothing(world: World, officer: Program):
    customer = world.customer().id
    before = rows(world)
    with no_room_beyond(LARGE):
        answer = send(officer, customer, b"x" * 2 * LARGE)
    assert (answer.status_code, answer.json["part"]) == (503, "blobs")
    assert answer.headers["Retry-After"]
    assert answer.json["detail"] == "存储空间已满。"
    assert rows(world) == before
    assert left_behind(world) == []
    assert send(officer, customer, b"x" * 2 * LARGE).status_code == 201
    assert world.verify().code is Code.OK


def journal(world: World) -> int:
    """Return to where the database's journal and the database itself have grown."""
    data = world.archive.settings.data
    return max(path.stat().st_size for path in data.glob("archive.db*"))


def test_without_room_for_the_log_nothing_is_done_or_shown(world: World, officer: Program):
    customer = world.customer().id
    paper = world.document(customer, "焊接机器人")
    world.work()
    before = rows(world)
    with no_room_beyond(4096):
        answers: tuple[Any, ...] = (
            send(officer, customer, "谐波".encode()),
            officer.get(f"/documents/{paper.id}/content"),
            officer.get("/search?q=焊接"),
        )
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert answer.json["part"] in ("log", "database", "keystore")
            assert "焊接" not in answer.text
    assert rows(world) == before
    assert left_behind(world) == []
    assert send(officer, customer, "谐波".encode()).status_code == 201
    world.work()
    assert len(world.found("谐波", by="archivist")) == 1
    assert world.verify().code is Code.OK


def test_a_file_whose_text_has_no_room_is_read_again_later(world: World):
    paper = world.document(world.customer().id, "焊接机器人")
    taken = work.take(world.archive, "worker:1", ("extract",), 1, extraction.begin)
    read = [extraction.extract(world.archive, world.sandbox, one) for one in taken]
    with no_room_beyond(4096), pytest.raises(Unavailable):
        extraction.commit(world.archive, read)
    with world.archive.db.write() as db:
        job = db.query(Job).filter_by(kind="extract").one()
        assert job.state == "running"
        # the hold runs out
        job.held_until = job.created
    world.work()
    assert world.found("焊接机器人", by="archivist") == {paper.id}
    report = world.verify()
    assert (report.code, report.orphans) == (Code.OK, (taken[0].intent,))


def test_an_index_without_room_is_written_again_later(world: World):
    paper = world.document(world.customer().id, "焊接机器人 " + "谐波减速器 " * 400_000)
    with world.worker() as worker:
        worker.extract_waiting()
        with no_room_beyond(journal(world)), pytest.raises(Unavailable):
            worker.index_waiting()
        with world.archive.db.write() as db:
            job = db.query(Job).filter_by(kind="index").one()
            assert job.state in ("waiting", "running")
            job.due = job.created
            job.held_until = job.created if job.held_until else None
        worker.drain()
    assert world.found("焊接机器人", by="archivist") == {paper.id}
