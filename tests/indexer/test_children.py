"""What a ZIP or a message holds becomes documents that stand, move and leave with it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from indexer import unpacking
from service import children, filing, moving
from service.audit.entries import Subject
from service.belonging import MOST
from service.codes import Category, Filing, Processing
from service.documents import DocumentView
from service.errors import Conflict
from service.models import Job
from service.permissions import Action
from service.properties import Properties
from tests.indexer import mails, zips
from tests.world import World

OFFICER = "service_officer"


def unzipped(world: World, *files: tuple[str, bytes], name: str = "资料.zip") -> DocumentView:
    """Return a ZIP of these files, once everything is read."""
    customer = world.customer().id
    made = world.document(
        customer, zips.packed(*files), file_name=name, properties=Properties(kind="repair")
    )
    world.work()
    return world.shown(made.id, OFFICER)


def titles(view: DocumentView) -> list[str]:
    return [child.title for child in view.family.children]


def counts(view: DocumentView) -> tuple[int, int]:
    assert view.family.unpacked
    return view.family.unpacked.taken, view.family.unpacked.total


def left(view: DocumentView) -> list[tuple[str, str]]:
    assert view.family.unpacked
    return [(one.name, one.reason) for one in view.family.unpacked.left]


def test_files_in_a_zip_are_documents_of_their_own_beside_it(world: World) -> None:
    view = unzipped(
        world,
        ("合同/维护合同.txt", "谐波减速器的维护".encode()),
        ("报价.csv", "型号,价格\nKR210,1\n".encode()),
    )
    assert titles(view) == ["维护合同", "报价"]
    assert left(view) == []
    first = world.shown(view.family.children[0].id, OFFICER)
    assert first.family.parent
    assert first.family.parent.id == view.id
    assert (first.kind, first.grade, first.customer.id) == (
        view.kind,
        view.grade,
        view.customer.id,
    )
    assert first.created_by == view.created_by
    assert first.version.file_name == "维护合同.txt"
    assert world.original(first.id, OFFICER) == "谐波减速器的维护".encode()
    assert world.found("谐波减速器", by=OFFICER) == {first.id}
    assert world.found("维护合同", by=OFFICER) == {first.id, view.id}


def test_attachments_of_a_message_are_taken_and_programs_are_left_with_a_reason(
    world: World,
) -> None:
    inner_header, inner = mails.multipart(
        "mixed",
        mails.mail("Content-Type: text/plain", body=b"x"),
        mails.attached("内层.txt", b"y"),
        boundary="inner",
    )
    header, body = mails.multipart(
        "mixed",
        mails.mail("Content-Type: text/plain; charset=utf-8", body="请见附件".encode()),
        mails.attached(mails.encoded("验收单.txt", "gbk"), "验收合格".encode()),
        mails.attached("x.exe", b"MZ" + bytes(100)),
        mails.attached("empty.txt", b""),
        mails.mail(
            "Content-Type: message/rfc822",
            body=mails.mail("Subject: inner", inner_header, body=inner),
        ),
    )
    customer = world.customer().id
    made = world.document(
        customer, mails.mail("Subject: x", header, body=body), file_name="来信.eml"
    )
    world.work()
    view = world.shown(made.id, "archivist")
    assert titles(view) == ["验收单", "inner"]
    assert left(view) == [
        ("x.exe", "Programs and scripts are not taken."),
        ("empty.txt", "The file is empty."),
    ]
    assert counts(view) == (2, 4)
    letter = world.shown(view.family.children[1].id, "archivist")
    assert titles(letter) == ["内层"]
    assert world.found("验收合格", by="archivist") == {view.family.children[0].id}


def test_a_job_that_runs_again_takes_nothing_twice_and_goes_on_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = world.document(
        world.customer().id,
        zips.packed(*((f"{n}.txt", f"文件{n}".encode()) for n in range(5))),
        file_name="a.zip",
    )
    worker = world.worker()
    worker.extract_waiting()
    taken = unpacking._Taking._add
    count = 0

    def dying(self: unpacking._Taking, ordinal: int, upload: object) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        taken(self, ordinal, upload)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(unpacking._Taking, "_add", dying)
        with pytest.raises(KeyboardInterrupt):
            worker.unpack_waiting()
    assert len(world.shown(made.id, OFFICER).family.children) == 2
    _let_go(world)
    world.work()
    view = world.shown(made.id, OFFICER)
    assert titles(view) == ["0", "1", "2", "3", "4"]
    assert counts(view) == (5, 5)
    assert world.verify().code == 0


def test_files_in_files_are_taken_to_a_depth(world: World) -> None:
    content = b"deep"
    name = "deep.txt"
    for level in range(5):
        content, name = zips.packed((name, content)), f"{level}.zip"
    view = unzipped(world, ("outer.zip", content))
    depth = 0
    while view.family.children:
        view = world.shown(view.family.children[0].id, OFFICER)
        depth += 1
    assert depth == 3
    assert [reason for _, reason in left(view)] == ["too_deep"]


@pytest.mark.parametrize("most", [7, pytest.param(MOST, marks=pytest.mark.slow)])
def test_more_files_than_may_come_with_one_are_left_with_a_reason(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(children, "MOST", most)
    view = unzipped(world, *((f"{n:03}.txt", f"{n}".encode()) for n in range(most + 3)))
    assert len(view.family.children) == most
    assert left(view) == [(f"{n:03}.txt", "too_many") for n in range(most, most + 3)]
    filed = world.file(view.id)
    assert {child.filing for child in filed.family.children} == {Filing.FILED}


def test_a_crafted_zip_says_why_nothing_was_taken(world: World) -> None:
    view = unzipped(world, ("../../etc/x.txt", b"evil"), ("bomb.txt", bytes(20_000_000)))
    assert view.family.children == ()
    assert left(view) == [("../../etc/x.txt", "name"), ("bomb.txt", "too_complex")]


def test_what_came_with_a_document_is_filed_with_it_and_never_alone(world: World) -> None:
    view = unzipped(world, ("a.txt", b"aaa"), ("b.txt", b"bbb"))
    child = view.family.children[0].id
    with pytest.raises(Conflict):
        world.file(child)
    queue = [row for row in _queue(world) if row.document in (view.id, child)]
    assert [(row.document, row.children) for row in queue] == [(view.id, 2)]
    filed = world.file(view.id)
    assert {one.filing for one in filed.family.children} == {Filing.FILED}
    first = world.shown(child, OFFICER)
    assert first.version.filed_by == filed.version.filed_by
    assert Action.DOCUMENT_WITHDRAW not in first.allowed


def _queue(world: World) -> tuple[filing.QueueRow, ...]:
    with world.archive.call(world.actor("archivist"), Action.DOCUMENT_QUEUE) as call:
        return filing.to_file(call)


def test_withdrawing_takes_all_out_of_search_and_undoing_brings_all_back(world: World) -> None:
    view = unzipped(world, ("a.txt", "谐波减速器".encode()))
    child = view.family.children[0].id
    world.withdraw(view.id, OFFICER)
    assert world.found("谐波减速器", by="archivist") == set()  # before the index knows
    world.work()
    assert world.found("谐波减速器", by="archivist") == set()
    subject = Subject("document", view.id)
    with world.archive.call(world.actor(OFFICER), Action.DOCUMENT_RESTORE, subject) as call:
        filing.restore(call, view.id)
    world.work()
    assert world.found("谐波减速器", by="archivist") == {child}
    assert world.shown(child, OFFICER).version.filing is Filing.SUBMITTED


def test_returning_gives_all_the_same_reason(world: World) -> None:
    view = unzipped(world, ("a.txt", b"aaa"))
    returned = world.send_back(view.id)
    child = world.shown(view.family.children[0].id, OFFICER)
    assert child.version.filing is Filing.RETURNED
    assert child.version.reason == returned.version.reason


def test_moving_takes_all_along_and_a_child_does_not_move_alone(world: World) -> None:
    view = unzipped(world, ("a.txt", "谐波减速器".encode()), ("x.exe", b"MZ"))
    child = view.family.children[0].id
    there = world.customer("乙汽车有限公司", Category.ACTIVE, owner="sales2").id

    def move(document: str) -> DocumentView:
        subject = Subject("document", document)
        rev = world.shown(document, "archivist").rev
        with world.archive.call(world.actor("archivist"), Action.DOCUMENT_MOVE, subject) as call:
            return moving.move(call, document, to=there, reason="归错客户", if_match=rev)

    with pytest.raises(Conflict):
        move(child)
    moved = move(view.id)
    world.work()
    assert world.shown(child, "archivist").customer.id == there
    assert titles(moved) == ["a"]
    assert left(moved) == [("x.exe", "Programs and scripts are not taken.")]
    assert world.original(child, "archivist") == "谐波减速器".encode()
    assert world.found("谐波减速器", by="archivist") == {child}


def test_what_is_taken_out_after_the_parent_was_withdrawn_is_withdrawn_too(world: World) -> None:
    made = world.document(
        world.customer().id, zips.packed(("a.txt", "谐波减速器".encode())), file_name="a.zip"
    )
    world.worker().extract_waiting()
    world.withdraw(made.id, OFFICER)
    world.work()
    assert world.found("谐波减速器", by="archivist") == set()
    assert [one.filing for one in world.shown(made.id, OFFICER).family.children] == [
        Filing.WITHDRAWN
    ]


def test_who_may_not_read_a_child_is_not_told_of_it(world: World) -> None:
    view = unzipped(world, ("a.txt", b"aaa"), ("b.txt", b"bbb"))
    world.edit(view.family.children[0].id, "archivist", kind="contract")
    assert titles(world.shown(view.id, "archivist")) == ["b"]


def test_a_locked_zip_fails_with_its_reason_and_nothing_is_taken(world: World) -> None:
    made = world.document(
        world.customer().id, zips.locked(b"x", ("a.txt", b"aaa")), file_name="a.zip"
    )
    world.work()
    view = world.shown(made.id, OFFICER)
    assert (view.version.processing, view.version.error) == (Processing.FAILED, "password")
    assert view.family.children == ()


def _let_go(world: World) -> None:
    """Let the jobs of a worker that died be taken by another."""
    with world.archive.db.write() as db:
        db.execute(update(Job).values(held_until=datetime(2000, 1, 1, tzinfo=UTC)))
