"""An index that is behind tells nobody anything they may not know any more (E22)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text

from service import categories, customers
from service.audit.entries import Subject
from service.codes import Category, Sort
from service.documents import DocumentView
from service.finding import Answer
from service.models import Dirty, Document
from service.permissions import Action
from service.search.port import FACETS, Failure, Filters, Removal, SearchDocument
from tests.recording import Recorder, RecordingEngine
from tests.world import World

WORD = "减速器"

Change = Callable[[World, DocumentView], object]


def hand_over(world: World, document: DocumentView) -> None:
    """Give the customer to somebody else."""
    subject = Subject("customer", document.customer.id)
    with world.archive.call(world.actor("archivist"), Action.CUSTOMER_EDIT, subject) as call:
        rev = customers.get(call, document.customer.id).rev
        customers.edit(call, document.customer.id, if_match=rev, owner=world.id("sales2"))


def end(world: World, document: DocumentView) -> None:
    """Move the customer to the category of ended ones."""
    subject = Subject("customer", document.customer.id)
    with world.archive.call(
        world.actor("archivist"), Action.CUSTOMER_MOVE_CATEGORY, subject
    ) as call:
        rev = customers.get(call, document.customer.id).rev
        categories.move(call, document.customer.id, if_match=rev, to="ended", reason="终止")


def regrade(world: World, document: DocumentView) -> None:
    """Raise the document above what salespeople are cleared for."""
    world.edit(document.id, "archivist", grade="top")


def withdraw(world: World, document: DocumentView) -> None:
    """Take the document back."""
    world.withdraw(document.id, "service_officer")


def send_back(world: World, document: DocumentView) -> None:
    """Return the document to its uploader."""
    world.send_back(document.id)


def restrict(world: World, document: DocumentView) -> None:
    """Hide the customer's file; no page does this yet, so the row is set."""
    with world.archive.db.write() as db:
        db.execute(
            text("UPDATE customer SET status = 'restricted' WHERE id = :id"),
            {"id": document.customer.id},
        )


#: What takes a salesperson's right to a document away.
LOSSES: dict[str, Change] = {
    "owner": hand_over,
    "category": end,
    "grade": regrade,
    "withdrawn": withdraw,
    "returned": send_back,
}


def furnish(world: World) -> DocumentView:
    """Two documents of the salesperson's customers, indexed; one stays theirs."""
    made = world.document(world.customer(owner="sales", filed=True).id, f"谐波{WORD}的回差")
    other = world.customer("苏州留守机械有限公司", "active", owner="sales", filed=True)
    world.document(other.id, f"齿轮{WORD}的油封", kind="letter")
    world.work()
    assert asked(world).total == 2
    return made


@pytest.fixture
def document(furnished: tuple[Path, DocumentView]) -> DocumentView:
    """The document that the salesperson loses."""
    return furnished[1]


def asked(world: World, by: str = "sales", filters: Filters | None = None) -> Answer:
    return world.search(WORD, by=by, filters=filters)


def assert_gone(answer: Answer, document: DocumentView) -> None:
    """Assert that an answer gives away nothing: no hit, no total, no count in any facet."""
    assert document.id not in {item.id for item in answer.items}
    assert answer.total == len(answer.items) == 1
    assert answer.next_cursor is None
    for group in FACETS:
        assert sum(v.count for v in answer.facets[group]) == 1, group


@pytest.mark.parametrize("loss", LOSSES)
def test_who_lost_access_finds_nothing_before_and_after_the_worker_ran(
    world: World, document: DocumentView, loss: str
) -> None:
    LOSSES[loss](world, document)
    assert_gone(asked(world), document)
    world.work()
    assert_gone(asked(world), document)


@pytest.mark.parametrize("loss", [*LOSSES, "restricted"])
def test_the_database_alone_protects_when_the_mark_is_lost(
    world: World, document: DocumentView, loss: str
) -> None:
    (LOSSES | {"restricted": restrict})[loss](world, document)
    with world.archive.db.write() as db:
        db.execute(delete(Dirty))
    assert_gone(asked(world), document)


def test_filters_on_what_a_document_was_do_not_find_it_either(
    world: World, document: DocumentView
) -> None:
    end(world, document)
    for filters in (
        Filters(category=frozenset({"intended"})),
        Filters(customer=frozenset({document.customer.id})),
        Filters(kind=frozenset({"minutes"})),
    ):
        answer = asked(world, filters=filters)
        assert (answer.total, answer.items) == (0, ())


def test_who_gained_access_finds_it_once_the_index_has_caught_up(
    world: World, document: DocumentView
) -> None:
    assert asked(world, by="sales2").total == 0
    hand_over(world, document)
    assert asked(world, by="sales2").total == 0
    world.work()
    assert {item.id for item in asked(world, by="sales2").items} == {document.id}


def test_the_mark_goes_when_the_index_has_caught_up_and_not_before(
    world: World, document: DocumentView
) -> None:
    end(world, document)
    assert marks(world) == {("customer", document.customer.id)}
    world.work()
    assert marks(world) == set()


def test_a_mark_outlives_an_index_that_knows_only_the_change_before(
    world: World, document: DocumentView
) -> None:
    class Late(RecordingEngine):
        """An engine during whose refresh somebody changes the customer again."""

        def refresh(self) -> None:
            super().refresh()
            if not self.recorder.notes[-1].answered and len(self.recorder.calls()) < 5:
                hand_over(world, document)

    end(world, document)
    real = world.archive.engine
    world.archive.engine = Late(real, Recorder(world.archive.db))
    with world.worker() as worker:
        worker.index_waiting()
    world.archive.engine = real
    assert marks(world) == {("customer", document.customer.id)}
    assert_gone(asked(world), document)
    world.work()
    assert marks(world) == set()


def test_a_document_the_engine_refused_keeps_its_customers_mark(
    world: World, document: DocumentView
) -> None:
    class Full(RecordingEngine):
        """An engine that takes no new documents."""

        def apply(self, upserts, removals=()):
            refused: list[SearchDocument] = list(upserts)
            left: list[Removal] = list(removals)
            self.recorder.note(f"apply {len(left)}")
            return [Failure(d.uid, "full") for d in refused]

    hand_over(world, document)
    real = world.archive.engine
    world.archive.engine = Full(real, Recorder(world.archive.db))
    with world.worker() as worker:
        worker.index_waiting()
    world.archive.engine = real
    assert marks(world) == {("customer", document.customer.id)}
    assert_gone(asked(world), document)


def marks(world: World) -> set[tuple[str, str]]:
    with world.archive.db.read() as db:
        return {(kind, subject) for kind, subject in db.execute(select(Dirty.kind, Dirty.id))}


def test_a_moved_customers_documents_follow_with_all_their_filters(
    world: World, document: DocumentView
) -> None:
    end(world, document)
    world.work()
    answer = asked(world, by="archivist", filters=Filters(category=frozenset({Category.ENDED})))
    assert {item.id for item in answer.items} == {document.id}
    with world.archive.db.read() as db:
        assert db.get_one(Document, document.id).shown == answer.items[0].version


def test_the_home_page_counts_nothing_the_person_lost(world: World, document: DocumentView) -> None:
    from service import finding

    def count() -> int:
        with world.archive.call(world.actor("sales"), Action.HOME_READ, Subject("home")) as call:
            return finding.home(call).documents

    assert count() == 2
    hand_over(world, document)
    assert count() == 1
    world.work()
    assert count() == 1


def test_what_was_lost_is_not_counted_even_where_it_is_on_no_page(world: World) -> None:
    lost = world.customer("甲公司", owner="sales")
    kept = world.customer("乙公司", owner="sales")
    for n in range(3):
        world.document(lost.id, f"减速机第{n}次异响")
    shown = world.document(kept.id, "减速机保养")
    world.work()
    world.move(lost.id, "ended")
    # a page of one, newest first, shows what may be seen; the others only count
    answer = world.search("减速机", by="sales", sort=Sort.NEWEST, limit=1)
    assert [item.id for item in answer.items] == [shown.id]
    assert answer.total == 1
    assert [(v.value, v.count) for v in answer.facets["category"]] == [("intended", 1)]
