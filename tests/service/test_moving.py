"""A document that lies with the wrong customer is moved to the right one, with all it holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service import documents, filing, moving, texts
from service.audit.entries import Subject
from service.codes import Category
from service.documents import DocumentView
from service.errors import Conflict, Denied, Invalid, NotFound, Stale, Unavailable, Unconditional
from service.keystore.rows import Kind
from service.models import Dirty, Document, Version
from service.permissions import Action
from service.properties import Properties
from tests.logged import entries
from tests.world import World

WORD = "谐波减速器"


@dataclass
class Two:
    """A document with the wrong customer, and the right customer."""

    document: str
    wrong: str
    right: str


def furnish(world: World) -> Two:
    wrong = world.customer("甲机械有限公司", Category.INTENDED, owner="sales").id
    right = world.customer("乙汽车有限公司", Category.ACTIVE, owner="sales2").id
    made = world.document(
        wrong,
        f"会议纪要:{WORD}的回差",
        by="service_officer",
        file_name="纪要 原件.txt",
        properties=Properties(title="回差会议", number="HY-7", note="寄错了"),
    )
    world.work()
    return Two(made.id, wrong, right)


@pytest.fixture
def two(furnished: tuple[Path, Two]) -> Two:
    return furnished[1]


def move(world: World, document: str, to: str, by: str = "archivist", **more: Any) -> DocumentView:
    rev = more.pop("rev", None) or world.shown(document, "archivist").rev
    subject = Subject("document", document)
    with world.archive.call(world.actor(by), Action.DOCUMENT_MOVE, subject) as call:
        return moving.move(call, document, to=to, reason="归错客户", if_match=rev, **more)


def text(world: World, document: str, by: str) -> str:
    subject = Subject("document", document)
    with world.archive.call(world.actor(by), Action.DOCUMENT_TEXT, subject) as call:
        return "".join(page.text for page in texts.read(call, document).pages)


def listed(world: World, customer: str, by: str = "archivist") -> set[str]:
    subject = Subject("customer", customer)
    with world.archive.call(world.actor(by), Action.CUSTOMER_READ, subject) as call:
        return {row.document for row in filing.of_customer(call, customer)}


def wrapped_by(world: World, document: str) -> set[str | None]:
    """Return the customers whose keys wrap the document's keys."""
    with world.archive.db.read() as db:
        versions = list(db.scalars(select(Version.id).where(Version.document == document)))
    rows = world.archive.keystore.find_versions(versions)
    subjects = {row.id: row.subject for row in rows if row.kind == Kind.CUSTOMER}
    return {subjects[row.parent] for row in rows if row.kind == Kind.VERSION and row.parent}


def marks(world: World) -> set[tuple[str, str]]:
    with world.archive.db.read() as db:
        return {(kind, subject) for kind, subject in db.execute(select(Dirty.kind, Dirty.id))}


def test_a_moved_document_is_the_other_customers_in_every_way(world: World, two: Two) -> None:
    world.version(two.document, f"第二版:{WORD}", file_name="纪要 二.txt")
    world.work()
    assert move(world, two.document, two.right).customer.id == two.right
    for _ in range(2):  # before and after the worker ran
        assert listed(world, two.wrong) == set()
        assert listed(world, two.right) == {two.document}
        view = world.shown(two.document, "archivist")
        assert (view.title, view.number, view.note) == ("回差会议", "HY-7", "寄错了")
        names = [(v.file_name, len(v.sha256)) for v in view.versions]
        assert names == [("纪要 二.txt", 64), ("纪要 原件.txt", 64)]
        assert text(world, two.document, "archivist") == f"第二版:{WORD}"
        assert world.original(two.document, "archivist") == f"第二版:{WORD}".encode()
        world.work()
    assert wrapped_by(world, two.document) == {two.right}
    assert marks(world) == set()


def test_who_had_the_document_finds_it_no_more_and_who_gets_it_does(world: World, two: Two) -> None:
    assert world.found(WORD, by="sales") == {two.document}
    assert world.found(WORD, by="sales2") == set()
    move(world, two.document, two.right)
    assert world.found(WORD, by="sales") == set()
    with pytest.raises(NotFound):
        world.shown(two.document, "sales")
    world.work()
    assert world.found(WORD, by="sales") == set()
    assert world.found(WORD, by="sales2") == {two.document}
    answer = world.search(WORD, by="archivist")
    assert [item.customer.category for item in answer.items] == [Category.ACTIVE]
    assert [(v.value, v.count) for v in answer.facets["category"]] == [("active", 1)]


def test_the_log_names_both_customers_and_why(world: World, two: Two) -> None:
    move(world, two.document, two.right)
    (entry,) = entries(world, Action.DOCUMENT_MOVE)
    assert entry["object"] == {"type": "document", "id": two.document}
    assert entry["verb"] == "arrange"
    assert entry["categories"] == ["active", "intended"]
    assert (entry["before"], entry["after"]) == ({"category": "intended"}, {"category": "active"})
    detail = entry["detail"]
    assert (detail["before"], detail["after"]) == (
        {"customer": two.wrong},
        {"customer": two.right},
    )
    assert detail["reason"] == "归错客户"
    world.work()
    wrapped = entries(world, Action.DOCUMENT_MOVE)[-1]
    assert (wrapped["actor"]["id"], wrapped["cause"]) == ("worker", entry["seq"])


class DiskFull(Exception):
    """The commit that does not come about."""


def test_a_move_that_does_not_commit_leaves_everything_where_it_was(world: World, two: Two) -> None:
    subject = Subject("document", two.document)
    rev = world.shown(two.document, "archivist").rev

    def fail(*_: object) -> None:
        raise DiskFull

    def broken() -> None:
        archivist = world.actor("archivist")
        with world.archive.call(archivist, Action.DOCUMENT_MOVE, subject) as call:
            moving.move(call, two.document, to=two.right, reason="归错客户", if_match=rev)
            call.at_outcome(fail)

    with pytest.raises(DiskFull):
        broken()
    world.work()
    assert listed(world, two.wrong) == {two.document}
    assert text(world, two.document, "sales") == f"会议纪要:{WORD}的回差"
    assert world.shown(two.document, "sales").title == "回差会议"
    assert wrapped_by(world, two.document) == {two.wrong}
    assert world.found(WORD, by="sales") == {two.document}
    assert entries(world, Action.DOCUMENT_MOVE) == []


def test_keys_that_could_not_be_wrapped_anew_are_when_the_keystore_is_back(
    world: World, two: Two
) -> None:
    move(world, two.document, two.right)
    real = world.archive.keystore

    class Away:
        """A keystore that lets keys be read but not changed."""

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

        def ring(self) -> object:
            ring = real.ring()

            def refused(*_: object) -> None:
                raise Unavailable("keystore")

            ring.rewrap_version = refused  # type: ignore[assignment]
            return ring

    world.archive.keystore = Away()  # type: ignore[assignment]
    with world.worker() as worker:
        assert worker.rewrap_waiting() == 0
    world.archive.keystore = real
    assert wrapped_by(world, two.document) == {two.wrong}
    assert text(world, two.document, "sales2") == f"会议纪要:{WORD}的回差"
    moving.rewrap(world.archive, two.document)
    moving.rewrap(world.archive, two.document)
    assert wrapped_by(world, two.document) == {two.right}
    assert world.original(two.document, "sales2") == f"会议纪要:{WORD}的回差".encode()


def test_a_document_moved_back_while_its_keys_are_wrapped_ends_with_its_own_customer(
    world: World, two: Two
) -> None:
    move(world, two.document, two.right)
    keystore = world.archive.keystore
    replace, moves = keystore.replace, [two.wrong]

    class Between:
        """A keystore during whose write somebody moves the document back."""

        def __getattr__(self, name: str) -> object:
            return getattr(keystore, name)

        def ring(self) -> object:
            ring = keystore.ring()
            ring._keystore = self  # type: ignore[assignment]
            return ring

        def replace(self, before: Any, after: Any) -> None:
            if moves:
                move(world, two.document, moves.pop())
            replace(before, after)

    world.archive.keystore = Between()  # type: ignore[assignment]
    moving.rewrap(world.archive, two.document)
    world.archive.keystore = keystore
    assert wrapped_by(world, two.document) == {two.wrong}


def test_of_two_who_move_at_once_the_second_is_told(world: World, two: Two) -> None:
    third = world.customer("丙电子有限公司", Category.ACTIVE, owner="sales").id
    rev = world.shown(two.document, "archivist").rev
    move(world, two.document, two.right, rev=rev)
    with pytest.raises(Stale):
        move(world, two.document, third, by="service_manager", rev=rev)
    with pytest.raises(Conflict):
        move(world, two.document, two.right)
    subject = Subject("document", two.document)
    with (
        pytest.raises(Unconditional),
        world.archive.call(world.actor("archivist"), Action.DOCUMENT_MOVE, subject) as call,
    ):
        moving.move(call, two.document, to=third, reason="x", if_match=None)
    assert listed(world, two.right) == {two.document}


@pytest.mark.parametrize("by", ["service_officer", "service_manager", "archivist"])
def test_those_who_keep_the_files_move_before_filing(world: World, two: Two, by: str) -> None:
    assert move(world, two.document, two.right, by=by).customer.id == two.right


@pytest.mark.parametrize(
    ("by", "may"), [("service_officer", False), ("service_manager", True), ("archivist2", True)]
)
def test_what_is_filed_is_moved_by_managers_and_archivists_alone(
    world: World,
    two: Two,
    by: str,
    may: bool,  # noqa: FBT001
) -> None:
    world.file(two.document)
    assert (Action.DOCUMENT_MOVE in world.shown(two.document, by).allowed) is may
    if may:
        assert move(world, two.document, two.right, by=by).customer.id == two.right
        return
    with pytest.raises(Denied):
        move(world, two.document, two.right, by=by)
    assert listed(world, two.right) == set()


@pytest.mark.parametrize("by", ["sales", "management"])
def test_who_only_reads_a_document_does_not_move_it(world: World, two: Two, by: str) -> None:
    own = world.customer("丁物流有限公司", Category.ACTIVE, owner="sales").id
    with pytest.raises(Denied):
        move(world, two.document, own, by=by)
    with pytest.raises(NotFound):
        move(world, two.document, own, by="sales2")
    assert listed(world, two.wrong) == {two.document}


def test_an_uploader_moves_between_own_customers_before_filing_only(world: World, two: Two) -> None:
    own = world.customer("丁物流有限公司", Category.ACTIVE, owner="sales").id
    made = world.document(two.wrong, "来函", kind="letter", by="sales").id
    world.work()
    for foreign in (two.right, "a" * 26):
        with pytest.raises(Invalid) as refused:
            move(world, made, foreign, by="sales")
        assert refused.value.fields == {"customer": "unknown"}
    assert move(world, made, own, by="sales").customer.id == own
    world.file(made)
    with pytest.raises(Denied):
        move(world, made, two.wrong, by="sales")


def test_an_uploader_moves_nothing_to_where_they_could_not_bring_it(world: World, two: Two) -> None:
    ended = world.customer("戊集团有限公司", Category.ENDED, owner="sales", by="archivist").id
    made = world.document(two.wrong, "来函", kind="letter", by="sales").id
    with pytest.raises((Denied, Invalid)):
        move(world, made, ended, by="sales")
    assert listed(world, ended) == set()


def test_nobody_opens_a_document_to_themselves_by_moving_it(world: World, two: Two) -> None:
    potential = world.customer("己咨询有限公司", Category.POTENTIAL, owner="sales").id
    hidden = world.document(potential, "技术方案", kind="proposal", by="archivist").id
    with pytest.raises(NotFound):
        world.shown(hidden, "service_officer")
    subject = Subject("document", hidden)
    with (
        pytest.raises((Denied, NotFound)),
        world.archive.call(world.actor("service_officer"), Action.DOCUMENT_MOVE, subject) as call,
    ):
        moving.move(call, hidden, to=two.right, reason="x", if_match=1)
    with pytest.raises(NotFound):
        world.shown(hidden, "service_officer")


def test_who_loses_sight_of_a_document_by_moving_it_is_asked_before(world: World, two: Two) -> None:
    potential = world.customer("己咨询有限公司", Category.POTENTIAL, owner="sales").id
    made = world.document(two.right, "方案", kind="proposal").id
    world.work()
    with pytest.raises(Invalid) as refused:
        move(world, made, potential, by="service_officer", leaving=False)
    assert refused.value.fields == {"leave": "confirm"}
    moved = move(world, made, potential, by="service_officer")
    assert Action.DOCUMENT_TEXT not in moved.allowed
    with pytest.raises(NotFound):
        world.shown(made, "service_officer")


def test_destinations_are_customers_one_sees_and_may_move_to(world: World, two: Two) -> None:
    own = world.customer("丁物流有限公司", Category.ACTIVE, owner="sales").id
    made = world.document(two.wrong, "来函", kind="letter", by="sales").id

    def offered(by: str, q: str = "") -> set[str]:
        subject = Subject("document", made)
        with world.archive.call(
            world.actor(by), Action.DOCUMENT_MOVE, subject, writes=False
        ) as call:
            return {row.id for row in moving.destinations(call, made, q).items}

    assert offered("sales") == {own}
    assert offered("archivist") == {own, two.right}
    assert offered("archivist", "乙汽车") == {two.right}
    with pytest.raises(NotFound):
        offered("sales2")


def test_who_waited_for_a_document_that_moved_meanwhile_is_told(world: World, two: Two) -> None:
    """What they would seal, they would seal under the key of the customer before."""
    with world.archive.db.read() as db:
        before = db.get_one(Document, two.document)
    move(world, two.document, two.right)
    with pytest.raises(Stale), world.archive.db.write() as db:
        documents.lock(db, db.merge(before, load=False))
