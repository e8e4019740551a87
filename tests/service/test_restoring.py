"""A withdrawal can be undone, by whom withdrew it or an archivist, and the document is found."""

from pathlib import Path

import pytest

from service import documents, filing, moving
from service.audit.entries import Subject
from service.codes import Filing
from service.documents import DocumentView
from service.errors import Conflict, Denied, NotFound
from service.permissions import Action
from tests.logged import entries
from tests.world import World

WORD = "减速器"


def furnish(world: World) -> str:
    """Return a document that `sales` brought, indexed."""
    made = world.document(
        world.customer(owner="sales").id, f"{WORD}的回差", kind="minutes", by="sales"
    )
    world.work()
    return made.id


@pytest.fixture
def document(furnished: tuple[Path, str]) -> str:
    return furnished[1]


def restore(world: World, document: str, by: str = "sales") -> DocumentView:
    subject = Subject("document", document)
    with world.archive.call(world.actor(by), Action.DOCUMENT_RESTORE, subject) as call:
        return filing.restore(call, document)


@pytest.mark.parametrize("worked", [True, False])
def test_what_was_withdrawn_by_mistake_is_found_again(
    world: World,
    document: str,
    worked: bool,  # noqa: FBT001
) -> None:
    world.withdraw(document, "sales")
    if worked:
        world.work()
    assert world.found(WORD, by="sales") == set()
    restored = restore(world, document)
    assert (restored.version.filing, restored.version.reason) == (Filing.SUBMITTED, "")
    world.work()
    assert world.found(WORD, by="sales") == {document}
    assert world.file(document).version.filing is Filing.FILED


def test_what_was_withdrawn_before_it_was_read_is_read_and_found(world: World) -> None:
    word = "伺服电机"
    made = world.document(world.customer("乙汽车", owner="sales").id, word, by="sales").id
    world.withdraw(made, "sales")
    restore(world, made)
    world.work()
    assert world.found(word, by="sales") == {made}


def test_an_archivist_undoes_anybodys_withdrawal(world: World, document: str) -> None:
    world.withdraw(document, "sales")
    assert Action.DOCUMENT_RESTORE in world.shown(document, "archivist").allowed
    assert restore(world, document, "archivist").version.filing is Filing.SUBMITTED


def test_an_uploader_does_not_undo_what_an_archivist_withdrew(world: World, document: str) -> None:
    world.withdraw(document, "archivist")
    assert Action.DOCUMENT_RESTORE not in world.shown(document, "sales").allowed
    with pytest.raises(Denied):
        restore(world, document, "sales")
    world.work()
    assert world.found(WORD, by="sales") == set()


@pytest.mark.parametrize(
    ("by", "refusal"),
    [
        ("service_officer", Denied),
        ("service_manager", Denied),
        ("sales_head", Denied),
        ("management", Denied),
        ("sales2", NotFound),
        ("finance", NotFound),
    ],
)
def test_others_neither_undo_it_nor_learn_of_it(
    world: World, document: str, by: str, refusal: type[Exception]
) -> None:
    world.withdraw(document, "sales")
    with pytest.raises(refusal):
        restore(world, document, by)
    assert world.shown(document, "archivist").version.filing is Filing.WITHDRAWN


def test_what_was_returned_is_returned_again_for_the_same_reason(
    world: World, document: str
) -> None:
    world.send_back(document)
    world.withdraw(document, "sales")
    assert world.shown(document, "sales").version.reason == "传错文件"
    back = restore(world, document).version
    assert (back.filing, back.reason) == (Filing.RETURNED, "缺盖章")
    world.work()
    assert world.found(WORD, by="sales") == set()


def test_the_reason_of_a_return_goes_with_a_document_that_moves(
    world: World, document: str
) -> None:
    world.send_back(document)
    world.withdraw(document, "sales")
    right = world.customer("乙汽车有限公司", owner="sales").id
    subject = Subject("document", document)
    with world.archive.call(world.actor("archivist"), Action.DOCUMENT_MOVE, subject) as call:
        rev = documents.hold(call, call.db, document).document.rev
        moving.move(call, document, to=right, reason="归错", if_match=rev)
    assert restore(world, document).version.reason == "缺盖章"


def test_only_what_is_withdrawn_can_be_restored(world: World, document: str) -> None:
    with pytest.raises((Conflict, Denied)):
        restore(world, document)
    with pytest.raises(Conflict):
        restore(world, document, "archivist")
    world.withdraw(document, "sales")
    restore(world, document)
    with pytest.raises((Conflict, Denied)):
        restore(world, document)


def test_the_log_tells_the_withdrawal_and_that_it_was_undone(world: World, document: str) -> None:
    world.withdraw(document, "sales")
    restore(world, document, "archivist")
    (entry,) = entries(world, Action.DOCUMENT_RESTORE)
    assert (entry["before"], entry["after"]) == ({"filing": "withdrawn"}, {"filing": "submitted"})
    assert entry["object"]["id"] == document
    assert entry["detail"]["withdrawn_by"] == world.id("sales")
