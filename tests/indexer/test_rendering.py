"""The worker draws pages: the first ones by itself, others for who waits, each once."""

import io
from datetime import UTC, datetime
from functools import partial

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from indexer import work
from service import jobs, layouts, number_places, page_images, texts
from service.audit.verify import Code
from service.blobs.names import object_name
from service.driver import Driver
from service.errors import Unavailable
from service.jobs import Lane
from service.models import AuditEvent, Blob, Job, PageLayout, Rendering, Version
from service.streams import DecryptingReader, blob_aad
from tests.indexer import ofds, pdfs

LINES = "甲方：苏州焊接机器人有限公司\n更换减速机一台"


def uploaded(world, content, file_name="维修记录.pdf"):
    """Upload a document that nothing was done with yet; return its version."""
    document = world.document(world.customer().id, content, file_name=file_name).id
    return world.shown(document, "service_officer").version.id


def rows(world, statement):
    with world.archive.db.read() as db:
        return db.execute(statement).all()


def images(world, version):
    """Return (role, page) of what lies in the store, opened under the version's key."""
    found = {}
    with world.archive.db.read() as db, world.archive.ring() as ring:
        wanted = select(Blob).where(Blob.version == version, Blob.role != "original")
        for blob in db.scalars(wanted):
            reader = DecryptingReader(
                partial(world.archive.blobs.open, object_name(blob.id)),
                ring.version(version),
                blob_aad(blob.id, blob.role),
                blob.stored_size,
            )
            found[blob.role, blob.n] = Image.open(io.BytesIO(reader.read())).size
    return found


def made(world, version):
    with world.archive.db.read() as db:
        return page_images.made(db, version)


def unknown(world):
    """Return how many objects of the store no row knows."""
    known = {object_name(row.id) for row in rows(world, select(Blob.id))}
    return sum(stored.name not in known for stored in world.archive.blobs.list())


def ask(world, version, no):
    with world.archive.db.write() as db, Driver.joined(db.connection()) as driver:
        driver.put(page_images.QUEUE_ONCE, [page_images.wanted(version, no, cause=1)])


def test_pages_of_an_upload_are_drawn_and_their_lines_found(world):
    version = uploaded(world, pdfs.written([LINES, "第二页"]))
    world.work()
    sizes = {"page": (910, 1287), "thumb": (207, 292)}
    assert images(world, version) == {(r, n): s for r, s in sizes.items() for n in (1, 2)}
    assert made(world, version) == page_images.Made(2, frozenset({1, 2}), {})
    with world.archive.db.read() as db, world.archive.ring() as ring:
        page = page_images.sheet(db, version, 2)
        assert page
        assert page_images.text_of(db, ring, version, page) == "第二页"
        lines = layouts.lines(db, ring, page.text, 2) or []
        assert [(line.start, line.end) for line in lines] == [(0, 3)]


def test_the_first_twenty_pages_are_drawn_and_no_more(world):
    version = uploaded(world, pdfs.thousands(23))
    world.work()
    assert made(world, version) == page_images.Made(23, frozenset(range(1, 21)), {})
    ask(world, version, 22)
    world.work()
    assert made(world, version).images == frozenset(range(1, 21)) | {22}
    assert len(rows(world, select(PageLayout.no))) == 21


def test_personal_numbers_get_their_boxes_on_pages_that_are_not_drawn_too(world):
    pages = ["联系人 13879720083\n电话 13879720091", *["正文"] * 21, "手机 13879720083"]
    version = uploaded(world, pdfs.written(pages))
    world.work()
    with world.archive.db.read() as db:
        text = texts.newest_id(db, version)
        assert text
        found = number_places.of_text(db, text)
    assert [(place.kind, place.page) for place in found] == [("tel", 1), ("tel", 1), ("tel", 23)]
    boxes = [place.boxes for place in found]
    assert [len(quads or ()) for quads in boxes] == [1, 1, 1]
    (first,), (second,), (last,) = (quads or () for quads in boxes)
    assert first[1] < first[5] <= second[1] < second[5]
    assert 50 < last[0] < last[2] < 300
    assert len({place.token for place in found}) == 2


def test_a_page_that_is_drawn_or_asked_for_already_is_not_drawn_again(world):
    version = uploaded(world, pdfs.thousands(23))
    world.work()
    for _ in range(3):
        ask(world, version, 21)
    assert rows(world, select(func.count()).where(Job.kind == "render_page")) == [(1,)]
    world.work()
    before = rows(world, select(Blob.id).order_by(Blob.id))
    ask(world, version, 21)
    ask(world, version, 1)
    world.work()
    assert rows(world, select(Blob.id).order_by(Blob.id)) == before


def test_two_workers_that_draw_the_same_page_leave_one_image_and_nothing_unknown(world):
    version = uploaded(world, pdfs.written([LINES]))
    world.work()
    with world.archive.ring() as ring:
        rows_ = page_images.store(
            world.archive.blobs, ring, version, 1, [("page", b"x"), ("thumb", b"y")]
        )
    before = images(world, version)
    with world.archive.db.write() as db:
        surplus = page_images.put(db, rows_)
    assert sorted(surplus) == sorted(row["id"] for row in rows_)
    assert images(world, version) == before


def test_who_comes_second_takes_back_what_they_stored(world, monkeypatch):
    version = uploaded(world, pdfs.written([LINES]))
    world.work()
    nothing = page_images.Made(None, frozenset(), {})
    monkeypatch.setattr(page_images, "made", lambda _db, _version: nothing)
    ask(world, version, 1)
    world.work()
    monkeypatch.undo()
    assert unknown(world) == 0
    assert made(world, version).images == {1}


def test_what_a_crash_left_between_blob_and_row_hinders_nobody(world, monkeypatch):
    version = uploaded(world, pdfs.written([LINES]))

    def dies(*_):
        raise RuntimeError("killed")

    monkeypatch.setattr(work, "finish", dies)
    with world.worker() as worker:
        worker.extract_waiting()
        with world.archive.db.write() as db:
            db.execute(update(Job).where(Job.kind == "index").values(state="done"))
        with pytest.raises(RuntimeError):
            worker.render_waiting()
    monkeypatch.undo()
    assert images(world, version) == {}
    assert unknown(world) == 2
    with world.archive.db.write() as db:
        lapsed = datetime.now(UTC) - jobs.HOLD
        db.execute(update(Job).where(Job.kind == "render").values(held_until=lapsed))
    world.work()
    assert set(images(world, version)) == {("page", 1), ("thumb", 1)}


def test_what_somebody_waits_for_is_drawn_before_imports_are_read(world):
    version = uploaded(world, pdfs.thousands(22))
    world.work()
    uploaded(world, pdfs.written(["还没有读"]), "别的.pdf")
    ask(world, version, 22)
    with world.worker() as worker:
        assert worker.render_waiting() == 1
        assert 22 in made(world, version).images
        assert worker.render_waiting() == 0


def test_nothing_is_drawn_for_nobody_while_files_wait_to_be_read(world):
    uploaded(world, pdfs.written([LINES]))
    with world.worker() as worker:
        worker.extract_waiting()
        assert worker.render_waiting() == 0
        worker.index_waiting()
        assert worker.render_waiting() == 1
    lanes = rows(world, select(Job.lane).where(Job.kind == "render"))
    assert lanes == [(int(Lane.BULK),)]


def test_pictures_are_drawn(world):
    target = io.BytesIO()
    Image.new("RGB", (800, 600), "white").save(target, "PNG")
    version = uploaded(world, target.getvalue(), "照片.png")
    world.work()
    assert images(world, version)["page", 1] == (800, 600)
    assert made(world, version).pages == 1


def test_pages_of_an_ofd_are_drawn_and_their_lines_found(world):
    content = ofds.ofd(ofds.line("电子发票", 10), ofds.line("第二页", 20))
    version = uploaded(world, content, "发票.ofd")
    world.work()
    assert set(images(world, version)) == {(role, n) for role in ("page", "thumb") for n in (1, 2)}
    with world.archive.db.read() as db, world.archive.ring() as ring:
        page = page_images.sheet(db, version, 1)
        assert page
        (line,) = layouts.lines(db, ring, page.text, 1) or []
        assert (line.start, line.end) == (0, 4)


def test_a_text_has_no_pages_to_draw(world):
    version = uploaded(world, "只有文字", "纪要.txt")
    world.work()
    assert images(world, version) == {}
    assert rows(world, select(Job.id).where(Job.kind == "render")) == []
    ask(world, version, 1)
    world.work()
    assert images(world, version) == {}


def test_why_a_page_cannot_be_drawn_is_kept(world):
    version = uploaded(world, pdfs.written([LINES]))
    world.work()
    ask(world, version, 7)
    world.work()
    assert made(world, version).error(7) == "no_page"
    assert made(world, version).error(1) is None


def test_a_locked_file_is_said_to_be_locked_on_every_page(world):
    version = uploaded(world, pdfs.written([LINES], password="secret"))
    world.work()
    ask(world, version, 1)
    world.work()
    assert [made(world, version).error(no) for no in (1, 2)] == ["password"] * 2
    (entry,) = rows(
        world,
        select(AuditEvent.decision).where(
            AuditEvent.action == "document.render", AuditEvent.phase == "outcome"
        ),
    )
    assert entry.decision == "fail"


def test_a_store_that_is_away_costs_no_attempt(world, monkeypatch):
    version = uploaded(world, pdfs.written([LINES]))
    with world.worker() as worker:
        worker.extract_waiting()
        worker.index_waiting()

        def away(*_):
            raise Unavailable("blobs")

        monkeypatch.setattr(type(world.archive.blobs), "put", away)
        assert worker.render_waiting() == 1
        monkeypatch.undo()
        with world.archive.db.write() as db:
            job = db.scalars(select(Job).where(Job.kind == "render")).one()
            assert (job.state, job.attempts) == ("waiting", 0)
            job.due = job.created
        assert worker.render_waiting() == 1
    assert made(world, version).images == {1}


def test_drawing_is_in_the_log_and_the_log_is_whole(world):
    uploaded(world, pdfs.written([LINES]))
    world.work()
    found = rows(
        world,
        select(AuditEvent.phase, AuditEvent.object_type, AuditEvent.decision)
        .where(AuditEvent.action == "document.render")
        .order_by(AuditEvent.seq),
    )
    assert [tuple(row) for row in found] == [
        ("intent", "version", None),
        ("outcome", "document", "allow"),
    ]
    assert world.verify().code is Code.OK


def test_a_withdrawn_version_keeps_its_images(world):
    version = uploaded(world, pdfs.written([LINES]))
    world.work()
    with world.archive.db.read() as db:
        document = db.get_one(Version, version).document
    world.withdraw(document, "service_officer")
    world.work()
    assert set(images(world, version)) == {("page", 1), ("thumb", 1)}
    assert rows(world, select(Rendering.no)) == [(0,)]
