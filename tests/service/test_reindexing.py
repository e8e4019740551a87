"""Another kind or grade after the upload: the index follows, sealed kinds and grades too."""

from pathlib import Path

import pytest

from service.codes import Category, Grade
from service.errors import Denied
from service.permissions import Action
from service.properties import Properties
from service.search.port import Filters
from tests.logged import entries
from tests.world import World

TITLE, BODY, CODE, MOBILE = "许可协议", "谐波减速器", "IRB6700", "13800138000"


def furnish(world: World) -> str:
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    made = world.document(
        customer,
        f"{BODY} {CODE} {MOBILE}",
        kind="letter",
        by="sales",
        properties=Properties(title=TITLE),
    )
    world.work()
    return made.id


@pytest.fixture
def document(furnished: tuple[Path, str]) -> str:
    return furnished[1]


def findable(world: World, by: str) -> list[str]:
    """Return by which words somebody finds anything."""
    return [word for word in (TITLE, BODY, CODE, MOBILE) if world.found(word, by=by)]


def test_text_leaves_the_index_with_the_highest_grade_and_comes_back_without(
    world: World, document: str
) -> None:
    everything = [TITLE, BODY, CODE, MOBILE]
    assert findable(world, "archivist") == findable(world, "sales") == everything
    world.edit(document, "archivist", grade="top")
    assert findable(world, "archivist") == findable(world, "sales") == []  # not indexed yet
    world.work()
    assert findable(world, "archivist") == [TITLE]
    assert findable(world, "sales") == []
    (item,) = world.search(TITLE, by="archivist").items
    assert item.snippets == ()
    world.edit(document, "archivist", grade="general")
    assert findable(world, "sales") == []
    world.work()
    assert findable(world, "archivist") == findable(world, "sales") == everything


def test_a_document_of_a_sealed_kind_is_found_by_nobody_who_may_not_read_it(
    world: World, document: str
) -> None:
    world.edit(document, "archivist", kind="id_document")
    for _ in range(2):
        for by in ("archivist", "sales", "service_officer", "management"):
            assert findable(world, by) == [], by
        world.work()


def test_another_kind_is_found_under_it_with_at_least_its_grade(
    world: World, document: str
) -> None:
    assert world.edit(document, "sales", kind="contract").grade is Grade.SECRET
    for filters in (
        Filters(kind=frozenset({"letter"})),
        Filters(module=frozenset({"demand"})),
    ):
        assert world.search(BODY, by="sales", filters=filters).items == ()
    world.work()
    for filters in (
        Filters(kind=frozenset({"contract"})),
        Filters(module=frozenset({"contract"})),
        Filters(grade=frozenset({"secret"})),
    ):
        assert {i.id for i in world.search(BODY, by="sales", filters=filters).items} == {document}
    answer = world.search(BODY, by="sales")
    assert [(v.value, v.count) for v in answer.facets["kind"]] == [("contract", 1)]


def test_a_grade_is_lowered_by_archivists_and_managers_alone(world: World, document: str) -> None:
    world.edit(document, "sales", grade="secret")
    for by in ("sales", "service_officer"):
        with pytest.raises(Denied):
            world.edit(document, by, grade="general")
    assert world.edit(document, "service_manager", grade="general").grade is Grade.GENERAL


def test_the_log_says_what_a_document_was_and_is(world: World, document: str) -> None:
    world.edit(document, "archivist", kind="contract")
    detail = entries(world, Action.DOCUMENT_EDIT)[-1]["detail"]
    assert detail["before"] == {"kind": "letter", "grade": "general"}
    assert detail["after"] == {"kind": "contract", "grade": "secret"}
