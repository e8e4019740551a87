"""The worker: what becomes of uploads, the index kept and rebuilt."""

import io
import sqlite3
from collections.abc import Iterable

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from indexer.rebuild import rebuild
from indexer.reconcile import drift
from service import jobs
from service.audit.entries import Subject
from service.codes import Processing
from service.documents import DocumentView, get
from service.filing import retry
from service.keystore import KeyMissing
from service.permissions import Action
from service.search.port import Removal
from tests.indexer import sheets
from tests.world import World


def read(world: World, document: str, *, by: str = "service_officer") -> DocumentView:
    subject = Subject("document", document)
    with world.archive.call(world.actor(by), Action.DOCUMENT_READ, subject) as call:
        return get(call, document)


def nobody(_done: int, _total: int) -> None:
    """Nobody looks how far it is."""


def pairs(world: World) -> Iterable[tuple[str, str, str, int]]:
    return world.archive.engine.pairs()


def encrypted_pdf() -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, encrypt=StandardEncryption("secret", canPrint=0))
    canvas.drawString(72, 720, "sealed")
    canvas.save()
    return file.getvalue()


def test_an_encrypted_pdf_fails_with_its_reason_and_keeps_its_original(world: World) -> None:
    customer = world.customer()
    data = encrypted_pdf()
    document = world.document(customer.id, data, file_name="补充协议二.pdf")
    other = world.document(customer.id, "旁边的文件照常可检索")
    world.work()
    failed = read(world, document.id)
    assert (failed.version.processing, failed.version.error) == (Processing.FAILED, "password")
    assert world.original(document.id, "service_officer") == data
    assert world.found("照常可检索", by="service_officer") == {other.id}


def test_a_workbook_is_found_by_what_its_cells_show(world: World) -> None:
    customer = world.customer()
    new = world.document(customer.id, sheets.by_library(), file_name="报价.xlsx")
    old = world.document(customer.id, sheets.old_by_library(), file_name="对账.xls")
    world.work()
    assert world.found("15.3%", by="service_officer") == {new.id}
    assert world.found('"2025年3月9日"', by="service_officer") == {new.id}
    assert world.found("最低八五折", by="service_officer") == {new.id}
    assert world.found("1,234.50 KR210", by="service_officer") == {old.id}


def test_locked_and_broken_workbooks_fail_with_their_reason_and_keep_their_originals(
    world: World,
) -> None:
    customer = world.customer()
    whole = sheets.old_by_library()
    files = {
        "锁.xlsx": (sheets.locked(), "password"),
        "锁.xls": (sheets.old_and_locked(), "password"),
        "坏.xls": (whole[:512] + bytes(1024) + whole[1536:], "damaged"),
    }
    made = {n: world.document(customer.id, data, file_name=n) for n, (data, _) in files.items()}
    world.work()
    for name, (data, reason) in files.items():
        version = read(world, made[name].id).version
        assert (version.processing, version.error) == (Processing.FAILED, reason), name
        assert world.original(made[name].id, "service_officer") == data


def test_a_failed_document_can_be_read_again(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, encrypted_pdf(), file_name="a.pdf")
    world.work()
    subject = Subject("document", document.id)
    officer = world.actor("service_officer")
    with world.archive.call(officer, Action.DOCUMENT_RETRY, subject) as call:
        again = retry(call, document.id)
    assert again.version.processing is Processing.STORED
    world.work()
    assert read(world, document.id).version.processing is Processing.FAILED


def test_a_file_nobody_can_read_is_found_by_its_title(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, b"AC1032\x00\x01\x02\x03" * 40, file_name="布置图A1.dwg")
    world.work()
    assert read(world, document.id).version.processing is Processing.PROPERTIES_ONLY
    assert world.found("布置图", by="service_officer") == {document.id}


def test_every_document_is_in_the_index_once_nothing_waits(world: World) -> None:
    customer = world.customer()
    for n in range(5):
        world.document(customer.id, f"第{n}份纪要")
    world.work()
    found = drift(world.archive)
    assert (found.drift, found.documents, found.indexed, found.marks) == (0, 5, 5, 0)


def test_drift_names_what_is_missing_and_what_is_too_much(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, "纪要")
    world.work()
    with world.archive.db.read() as db:
        rev = 2**40
        assert db is not None
    gone = Removal(document.id, customer.category, rev)
    world.archive.engine.apply([], [gone])
    world.archive.engine.refresh()
    found = drift(world.archive)
    assert (found.drift, found.missing) == (1, (document.id,))


def test_a_rebuild_brings_back_what_the_index_lost(world: World) -> None:
    customer = world.customer()
    documents = {world.document(customer.id, f"减速机第{n}次保养").id for n in range(4)}
    world.work()
    before = drift(world.archive).generation
    removals = [Removal(d, customer.category, 2**40) for d in documents]
    world.archive.engine.apply([], removals)
    world.archive.engine.refresh()
    assert world.found("减速机", by="service_officer") == set()
    assert rebuild(world.archive, nobody) == 4
    assert world.found("减速机", by="service_officer") == documents
    after = drift(world.archive)
    assert after.drift == 0
    assert after.generation != before


def test_several_processes_build_the_index_that_one_builds(world: World) -> None:
    customer = world.customer()
    documents = {world.document(customer.id, f"减速机第{n}次保养").id for n in range(3)}
    world.work()
    rebuild(world.archive, nobody, processes=1)
    alone = sorted((uid, category, version) for uid, category, version, _ in pairs(world))
    assert rebuild(world.archive, nobody, processes=2) == 3
    assert sorted((u, c, v) for u, c, v, _ in pairs(world)) == alone
    assert world.found("减速机", by="service_officer") == documents
    assert world.found("保养", by="auditor") == set()


def test_what_a_process_cannot_open_ends_the_rebuild_with_its_reason(world: World) -> None:
    document = world.document(world.customer().id, "减速机保养")
    world.work()
    before = drift(world.archive).generation
    url = world.archive.settings.data / "keystore.db"
    with sqlite3.connect(url) as keys:
        keys.execute("DELETE FROM key WHERE subject = ?", (document.versions[0].id,))
    with pytest.raises(KeyMissing):
        rebuild(world.archive, nobody, processes=2)
    after = drift(world.archive)
    assert (after.generation, after.drift) == (before, 0)


def test_work_queued_during_a_rebuild_is_done_afterwards(world: World) -> None:
    customer = world.customer()
    first = world.document(customer.id, "弧焊工作站")
    world.work()
    second = None

    def meanwhile(_done: int, _total: int) -> None:
        nonlocal second
        if second is None:
            second = world.document(customer.id, "弧焊机器人")

    rebuild(world.archive, meanwhile)
    world.work()
    assert second is not None
    assert world.found("弧焊", by="service_officer") == {first.id, second.id}
    assert drift(world.archive).drift == 0


def test_only_one_process_writes_the_index_at_a_time(world: World) -> None:
    with world.archive.db.write() as db:
        assert jobs.lease(db, "index", "somebody else", 60)
    customer = world.customer()
    world.document(customer.id, "纪要")
    with world.worker() as worker:
        worker.extract_waiting()
        assert worker.index_waiting() == 0
    with world.archive.db.write() as db:
        jobs.release(db, "index", "somebody else")
    world.work()
    assert len(world.found("纪要", by="service_officer")) == 1


def test_a_job_of_a_dead_worker_is_taken_again(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, "纪要")
    with world.archive.db.write() as db:
        taken = jobs.take(db, "dead", ["extract"])
        assert len(taken) == 1
    with world.worker() as worker:
        assert worker.extract_waiting() == 0
    with world.archive.db.write() as db:
        db.connection().exec_driver_sql("UPDATE job SET held_until = '2020-01-01T00:00:00.000Z'")
    world.work()
    assert world.found("纪要", by="service_officer") == {document.id}


@pytest.mark.parametrize("size", [0, 1])
def test_tiny_files_are_refused_or_read_as_they_are(world: World, size: int) -> None:
    from service.errors import Invalid

    customer = world.customer()
    if size == 0:
        with pytest.raises(Invalid):
            world.document(customer.id, b"")
        return
    document = world.document(customer.id, "零")
    world.work()
    assert world.found("零", by="service_officer") == {document.id}


def test_a_document_is_called_searchable_only_once_the_index_holds_it(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, "减速机")
    with world.worker() as worker:
        worker.extract_waiting()
        assert read(world, document.id).version.processing is Processing.EXTRACTING
        worker.index_waiting()
    assert read(world, document.id).version.processing is Processing.SEARCHABLE
    assert world.found("减速机", by="service_officer") == {document.id}
