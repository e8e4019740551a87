"""A batch of files: every file comes once, the sums add up, and others see nothing of it."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest

from service import customers
from service.archive import Call
from service.audit.entries import Subject
from service.errors import Conflict, Denied, NotFound, Unavailable
from service.imports import batches, bringing, choices, sums
from service.imports.batches import New, Source
from service.imports.items import Announced, Item, ItemState
from service.imports.sums import Sums, Tally
from service.intake import Upload
from service.models import Document, ImportBatch, ImportItem, Version
from service.permissions import Action
from service.spool import spool
from tests.service.test_viruses import EICAR
from tests.world import World

FILES = {"合同/主合同.txt": "减速机采购", "合同/附件.txt": "供货范围", "纪要.txt": "更换后恢复"}


def made(world: World, files: dict[str, str], *, by: str = "service_officer") -> str:
    """Make a batch for a new customer, of minutes."""
    customer = world.customer()
    wanted = [Announced(name, len(text.encode())) for name, text in files.items()]
    new = New(Source.PORTAL, customer.id, "minutes", files=wanted)
    with world.archive.call(
        world.actor(by), Action.IMPORT_RUN, Subject("import"), writes=True
    ) as call:
        return batches.create(call, new).id


@contextmanager
def upload(world: World, text: str) -> Iterator[Callable[[Call], Upload]]:
    settings = world.archive.settings
    source = io.BytesIO(text.encode())
    with spool(settings.data / "spool", settings.upload_limit, source) as spooled:
        yield lambda _call: Upload(spooled, "x.txt")


def send(world: World, batch: str, n: int, text: str, *, by: str = "service_officer") -> Item:
    with upload(world, text) as take:
        return bringing.bring(world.archive, world.actor(by), batch, n, take)


def sums_of(world: World, batch: str) -> Sums:
    with world.archive.db.read() as db:
        return sums.of(db, [batch])[batch]


def documents(world: World) -> int:
    with world.archive.db.read() as db:
        return db.query(Document).count()


def state(world: World, batch: str) -> str:
    with world.archive.db.read() as db:
        return str(db.get_one(ImportBatch, batch).state)


def change(world: World, what: Callable[[Call], object], *, by: str = "service_officer") -> object:
    subject = Subject("import")
    with world.archive.call(world.actor(by), Action.IMPORT_RUN, subject, writes=True) as call:
        return what(call)


def test_every_file_becomes_a_document_and_the_sums_agree(world: World) -> None:
    batch = made(world, FILES)
    for n, text in enumerate(FILES.values(), 1):
        assert send(world, batch, n, text).state is ItemState.RECEIVED
    world.work()
    found = sums_of(world, batch)
    size = sum(len(text.encode()) for text in FILES.values())
    assert found.agrees
    assert found.expected == found.received == Tally(3, size)
    assert found.searchable == 3
    assert state(world, batch) == "done"
    assert len(world.found("减速机采购", by="service_officer")) == 1


def test_a_file_sent_twice_at_once_becomes_one_document(world: World) -> None:
    batch = made(world, {"甲.txt": "同时寄来"})
    start = Barrier(2)

    def bring(_: int) -> Item:
        start.wait()
        return send(world, batch, 1, "同时寄来")

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(bring, range(2)))
    assert documents(world) == 1
    assert {item.document for item in told} == {told[0].document}
    assert sums_of(world, batch).received.files == 1


def test_the_same_content_under_the_same_name_is_stored_once(world: World) -> None:
    batch = made(world, {"甲/说明.txt": "内容", "乙/说明.txt": "内容", "丙/另名.txt": "内容"})
    told = [send(world, batch, n, "内容") for n in (1, 2, 3)]
    assert [item.state for item in told] == ["received", "duplicate", "received"]
    assert told[1].document == told[0].document
    assert documents(world) == 2
    assert sums_of(world, batch).agrees


@pytest.mark.parametrize(
    ("name", "announced", "sent", "error"),
    [
        ("空.txt", "", "", "empty"),
        ("a.exe", "MZ" + "\0" * 100, "MZ" + "\0" * 100, "unsupported"),
        ("病毒.txt", EICAR.decode(), EICAR.decode(), "virus"),
        ("大.txt", "大" * 500_000, "大" * 500_000, "too_large"),
        ("别的.txt", "说好的", "另一份内容", "other_size"),
    ],
)
def test_what_is_not_taken_fails_with_a_reason_and_can_be_tried_again(
    world: World, name: str, announced: str, sent: str, error: str
) -> None:
    batch = made(world, {name: announced, "好.txt": "好"})
    limit = 1024 * 1024
    settings = world.archive.settings

    def take(_call: Call) -> Upload:
        return Upload(spool(settings.data / "spool", limit, io.BytesIO(sent.encode())), name)

    told = bringing.bring(world.archive, world.actor("service_officer"), batch, 1, take)
    assert (told.state, told.error, told.tries) == ("failed", error, 1)
    send(world, batch, 2, "好")
    found = sums_of(world, batch)
    assert found.agrees
    assert (found.failed.files, found.received.files, documents(world)) == (1, 1, 1)
    assert state(world, batch) == "done"
    assert change(world, lambda call: choices.retry(call, batch)) == 1
    assert (state(world, batch), sums_of(world, batch).left.files) == ("open", 1)


def test_a_stopped_batch_takes_nothing_until_it_goes_on(world: World) -> None:
    batch = made(world, FILES)
    texts = list(FILES.values())
    send(world, batch, 1, texts[0])
    change(world, lambda call: batches.stop(call, batch))
    with pytest.raises(Conflict):
        send(world, batch, 2, texts[1])
    assert sums_of(world, batch).left.files == 2
    change(world, lambda call: batches.resume(call, batch))
    for n in (1, 2, 3):
        send(world, batch, n, texts[n - 1])
    assert (documents(world), sums_of(world, batch).received.files) == (3, 3)


def test_what_is_cut_off_between_blob_and_rows_is_still_expected(world: World) -> None:
    batch = made(world, {"甲.txt": "断在中间"})
    with world.archive.db.write() as db:  # nothing more can be settled
        db.connection().exec_driver_sql(
            "CREATE TRIGGER cut BEFORE UPDATE ON import_item BEGIN SELECT RAISE(FAIL, 'cut'); END"
        )
    with pytest.raises(Exception, match="cut"):
        send(world, batch, 1, "断在中间")
    with world.archive.db.write() as db:
        db.connection().exec_driver_sql("DROP TRIGGER cut")
    assert (documents(world), sums_of(world, batch).left.files) == (0, 1)
    assert send(world, batch, 1, "断在中间").state is ItemState.RECEIVED
    assert documents(world) == 1


def test_a_part_that_is_away_fails_no_file(world: World) -> None:
    batch = made(world, {"甲.txt": "稍后再来"})

    def away(_call: Call) -> Upload:
        raise Unavailable("blobs")

    with pytest.raises(Unavailable):
        bringing.bring(world.archive, world.actor("service_officer"), batch, 1, away)
    assert sums_of(world, batch).left.files == 1


def test_another_person_learns_nothing_of_a_batch(world: World) -> None:
    batch = made(world, FILES, by="sales")
    for by in ("sales2", "service_officer", "finance", "system_admin"):
        with pytest.raises(NotFound):
            send(world, batch, 1, "x", by=by)
        with pytest.raises(NotFound):
            change(world, lambda call: batches.stop(call, batch), by=by)
    for by in ("archivist", "service_manager"):  # who oversee it look, and change nothing
        with pytest.raises(Denied):
            change(world, lambda call: batches.stop(call, batch), by=by)
    assert sums_of(world, batch).left.files == 3


def test_who_oversees_sees_no_batch_with_a_file_they_may_not_see(world: World) -> None:
    batch = made(world, FILES, by="archivist")

    def look(call: Call) -> str:
        return batches.find(call, call.db, batch).id

    assert change(world, look, by="service_manager") == batch
    with world.archive.db.write() as db:
        db.query(ImportItem).filter_by(ordinal=1).update({"grade": "top"})
    with pytest.raises(NotFound):
        change(world, look, by="service_manager")


def test_who_lost_the_right_brings_nothing_more(world: World) -> None:
    batch = made(world, FILES, by="sales")
    send(world, batch, 1, "减速机采购", by="sales")
    with world.archive.db.read() as db:
        customer = db.get_one(ImportBatch, batch).customer
    assert customer
    subject = Subject("customer", customer)
    with world.archive.call(world.actor("archivist"), Action.CUSTOMER_EDIT, subject) as call:
        rev = customers.get(call, customer).rev
        customers.edit(call, customer, if_match=rev, owner=world.id("sales2"))
    told = send(world, batch, 2, "供货范围", by="sales")
    assert (told.state, told.error) == ("failed", "no_customer")
    assert documents(world) == 1


def test_a_file_left_out_is_skipped_and_what_it_became_is_withdrawn(world: World) -> None:
    batch = made(world, FILES)
    sent = send(world, batch, 1, "减速机采购")
    world.work()
    person = world.actor("service_officer")
    choices.skip(world.archive, person, batch, 1, "不需要")
    choices.skip(world.archive, person, batch, 2, "不需要")
    with pytest.raises(Conflict):
        choices.skip(world.archive, person, batch, 2, "不需要")
    found = sums_of(world, batch)
    assert found.agrees
    assert (found.skipped.files, found.left.files) == (2, 1)
    world.work()
    assert world.found("减速机采购", by="service_officer") == set()
    assert sent.document


def test_what_is_left_out_is_the_version_that_came_and_no_newer_one(world: World) -> None:
    batch = made(world, {"甲.txt": "第一版", "乙.txt": "同一内容"})
    person = world.actor("service_officer")
    first = send(world, batch, 1, "第一版").document
    assert first
    world.version(first, "第二版", by="service_officer")
    choices.skip(world.archive, person, batch, 1, "不需要")
    assert [filed(world, first, no) for no in (1, 2)] == ["withdrawn", "submitted"]


def test_what_could_not_be_read_is_read_again_some_at_a_time_and_for_its_maker_alone(
    world: World,
) -> None:
    torn = {f"{n}.pdf": f"%PDF-1.7 {n}" for n in "甲乙丙"}
    batch = made(world, torn)
    for n, text in enumerate(torn.values(), 1):
        send(world, batch, n, text)
    world.work()
    assert sums_of(world, batch).unreadable == 3
    for login, refusal in (("archivist", Denied), ("sales2", NotFound)):
        with pytest.raises(refusal):
            choices.read_again(world.archive, world.actor(login), batch)
    assert sums_of(world, batch).unreadable == 3
    person = world.actor("service_officer")
    assert choices.read_again(world.archive, person, batch, most=2) == 2
    assert (sums_of(world, batch).unreadable, sums_of(world, batch).reading) == (1, 2)


def filed(world: World, document: str, no: int) -> str:
    with world.archive.db.read() as db:
        return str(db.query(Version).filter_by(document=document, no=no).one().filing)


def test_what_was_left_out_may_be_imported_again(world: World) -> None:
    batch = made(world, {"甲.txt": "误删的"})
    send(world, batch, 1, "误删的")
    world.work()
    choices.skip(world.archive, world.actor("service_officer"), batch, 1, "误会")
    with world.archive.db.read() as db:
        customer = db.get_one(ImportBatch, batch).customer
    new = New(Source.PORTAL, customer, "minutes", files=[Announced("甲.txt", 9)])
    again = str(change(world, lambda call: batches.create(call, new).id))
    assert send(world, again, 1, "误删的").state is ItemState.RECEIVED
    world.work()
    assert len(world.found("误删的", by="service_officer")) == 1
