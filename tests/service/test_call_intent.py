"""Nothing goes out to engine or store before its intent is committed (E26)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.rebuild import rebuild
from service import filing, finding, originals, texts
from service.audit.entries import Subject
from service.audit.log import head_seq
from service.documents import DocumentView
from service.errors import Hidden
from service.originals import Wanted
from service.permissions import Action
from service.segments import SEGMENT_BYTES
from tests.recording import Note, Recorder, recording
from tests.world import World

TEXT = "谐波减速器的回差在第三轴上"


def furnish(world: World) -> DocumentView:
    made = world.document(world.customer().id, TEXT)
    world.work()
    return made


@pytest.fixture
def document(furnished: tuple[Path, DocumentView]) -> DocumentView:
    return furnished[1]


def head(world: World) -> int:
    with world.archive.db.read() as db:
        return head_seq(db)


def noted(world: World, act: Callable[[], object]) -> tuple[int, Recorder]:
    before = head(world)
    with recording(world.archive) as recorder:
        act()
    return before, recorder


def assert_intended(notes: list[Note], action: Action, *, since: int) -> None:
    assert notes
    for note in notes:
        assert (note.action, note.writing) == (str(action), False), note
        assert since < note.intent <= note.head, note


def test_a_search_asks_the_engine_after_its_intent_and_before_its_outcome(
    world: World, document: DocumentView
) -> None:
    before, recorder = noted(world, lambda: world.found("谐波", by="service_officer"))
    assert recorder.calls() == ["engine.search"]
    assert_intended(recorder.notes, Action.SEARCH_RUN, since=before)
    assert not recorder.notes[0].answered


def test_every_step_of_a_long_question_belongs_to_the_same_intent(
    world: World, document: DocumentView
) -> None:
    question = "库卡焊接机器人维护保养合同付款方式"
    before, recorder = noted(world, lambda: world.search(question, by="service_officer"))
    assert len(recorder.notes) > 1
    assert_intended(recorder.notes, Action.SEARCH_RUN, since=before)
    assert {n.intent for n in recorder.notes} == {before + 1}


def test_the_home_page_asks_the_engine_after_its_intent(
    world: World, document: DocumentView
) -> None:
    def home() -> None:
        with world.archive.call(world.actor("sales"), Action.HOME_READ, Subject("home")) as call:
            finding.home(call)

    before, recorder = noted(world, home)
    assert_intended(recorder.notes, Action.HOME_READ, since=before)


def test_a_text_is_read_without_store_and_engine(world: World, document: DocumentView) -> None:
    subject = Subject("document", document.id)

    def read() -> None:
        with world.archive.call(
            world.actor("service_officer"), Action.DOCUMENT_TEXT, subject
        ) as call:
            assert TEXT in texts.read(call, document.id).pages[0].text

    _, recorder = noted(world, read)
    assert recorder.notes == []


def test_an_original_is_opened_after_its_intent_and_leaves_after_its_outcome(
    world: World,
) -> None:
    large = (TEXT.encode() + b"\n") * (3 * SEGMENT_BYTES // 40)
    document = world.document(world.customer().id, large)
    actor, subject = world.actor("service_officer"), Subject("document", document.id)

    def download() -> None:
        with world.archive.call(actor, Action.DOCUMENT_ORIGINAL, subject) as call:
            original = originals.fetch(call, document.id)
        answered = head(world)
        assert b"".join(original.chunks()) == large
        assert head(world) == answered + 1

    before, recorder = noted(world, download)
    assert set(recorder.calls()) == {"blobs.open"}
    assert_intended(recorder.notes, Action.DOCUMENT_ORIGINAL, since=before)
    assert not recorder.notes[0].answered


def test_a_further_range_is_in_the_log_before_its_bytes_leave(
    world: World, document: DocumentView
) -> None:
    actor, subject = world.actor("service_officer"), Subject("document", document.id)
    with world.archive.call(actor, Action.DOCUMENT_ORIGINAL, subject) as call:
        originals.fetch(call, document.id)
    opened = call.event

    def piece() -> None:
        reading = originals.reading_of(world.archive, actor, document.id, None)
        assert reading == opened
        with world.archive.call(
            actor, Action.DOCUMENT_ORIGINAL, subject, reading=reading
        ) as further:
            original = originals.fetch(further, document.id, wanted=Wanted(3, 8))
        logged = head(world)
        assert b"".join(original.chunks()) == TEXT.encode()[3:9]
        assert head(world) == logged

    before, recorder = noted(world, piece)
    assert head(world) == before + 1
    assert_intended(recorder.notes, Action.DOCUMENT_ORIGINAL, since=(opened or 0) - 1)


def test_an_upload_reaches_the_store_after_its_intent_and_outside_any_write(
    world: World,
) -> None:
    customer = world.customer()
    before, recorder = noted(world, lambda: world.document(customer.id, TEXT))
    assert recorder.calls() == ["blobs.put"]
    assert_intended(recorder.notes, Action.DOCUMENT_ADD, since=before)
    assert not recorder.notes[0].answered


def test_a_newer_version_reaches_the_store_after_its_intent(
    world: World, document: DocumentView
) -> None:
    before, recorder = noted(world, lambda: world.version(document.id, "第二版"))
    assert recorder.calls() == ["blobs.put"]
    assert_intended(recorder.notes, Action.DOCUMENT_ADD_VERSION, since=before)


def test_the_worker_reads_and_indexes_after_its_intents(world: World) -> None:
    world.document(world.customer().id, TEXT)

    before, recorder = noted(world, world.work)
    # what a start prepares and counts touches nothing that anybody filed
    notes = [n for n in recorder.notes if n.call not in ("blobs.prepare", "engine.status")]
    reads = [n for n in notes if n.call.startswith("blobs.")]
    writes = [n for n in notes if n.call.startswith("engine.")]
    assert_intended(reads, Action.DOCUMENT_EXTRACT, since=before)
    assert_intended(writes, Action.DOCUMENT_INDEX, since=before)
    assert {n.call for n in writes} == {"engine.apply", "engine.refresh"}
    assert not any(n.answered for n in notes)


def test_a_rebuild_touches_the_engine_after_its_intent(
    world: World, document: DocumentView
) -> None:
    before, recorder = noted(world, lambda: rebuild(world.archive, lambda _done, _total: None))
    assert "engine.swap" in recorder.calls()
    assert_intended(recorder.notes, Action.INDEX_REBUILD, since=before)


def test_changes_of_rows_ask_neither_engine_nor_store(world: World, document: DocumentView) -> None:
    customer = document.customer.id

    def change() -> None:
        world.file(document.id)
        world.move(customer, "active")
        with world.archive.call(
            world.actor("archivist"), Action.DOCUMENT_FILE, Subject("document", document.id)
        ) as call:
            filing.to_file(call)

    _, recorder = noted(world, change)
    assert recorder.notes == []


def test_a_refused_reader_moves_neither_engine_nor_store(
    world: World, document: DocumentView
) -> None:
    subject = Subject("document", document.id)

    def refused() -> None:
        for use in (
            lambda c: texts.read(c, document.id),
            lambda c: originals.fetch(c, document.id),
        ):
            with (
                pytest.raises(Hidden),
                world.archive.call(world.actor("sales2"), Action.DOCUMENT_TEXT, subject) as call,
            ):
                use(call)

    _, recorder = noted(world, refused)
    assert recorder.notes == []


def test_what_nobody_may_add_is_not_stored(world: World) -> None:
    customer = world.customer()

    def refused() -> None:
        with pytest.raises(Hidden):
            world.document(customer.id, TEXT, by="system_admin")

    _, recorder = noted(world, refused)
    assert recorder.notes == []
