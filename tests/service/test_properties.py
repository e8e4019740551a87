"""Changing what a document says of itself opens it to nobody, and nothing that is filed."""

import pytest

from service import filing
from service.codes import Grade
from service.errors import Denied, NotFound
from service.permissions import Action
from tests.world import World


@pytest.mark.parametrize(
    ("kind", "brought_by", "wanted", "by"),
    [
        ("id_document", "archivist2", {"kind": "letter"}, "archivist"),
        ("id_document", "archivist2", {"grade": "general"}, "archivist"),
        ("proposal", "service_manager", {"kind": "letter"}, "service_officer"),
    ],
)
def test_who_may_not_read_a_document_cannot_make_it_one_they_may(
    world: World, kind: str, brought_by: str, wanted: dict[str, str], by: str
) -> None:
    customer = world.customer(category="potential", owner="sales").id
    document = world.document(customer, "身份证件", kind=kind, by=brought_by).id
    with pytest.raises(NotFound):
        world.shown(document, by)
    with pytest.raises((Denied, NotFound)):
        world.edit(document, by, **wanted)
    with pytest.raises(NotFound):
        world.shown(document, by)
    assert world.edit(document, by, title="另一题名").title != "身份证件"


def test_a_newer_version_does_not_open_what_is_filed_to_changes(world: World) -> None:
    document = world.document(
        world.customer(owner="sales").id, "来函", kind="letter", by="sales"
    ).id
    world.work()
    world.file(document)
    world.version(document, "第二版", by="sales")
    for by in ("sales", "service_officer"):
        with pytest.raises(Denied):
            world.edit(document, by, title="改过的题名")
        assert Action.DOCUMENT_EDIT not in world.shown(document, by).allowed
    world.withdraw(document, "sales")
    with pytest.raises(Denied):
        world.edit(document, "service_officer", title="改过的题名")
    assert world.edit(document, "archivist", title="改过的题名").title == "改过的题名"


def test_an_uploader_makes_of_a_document_only_what_they_could_have_uploaded(world: World) -> None:
    document = world.document(
        world.customer(category="active", owner="sales").id, "来函", kind="letter", by="sales"
    ).id
    with pytest.raises(Denied):
        world.edit(document, "sales", kind="invoice")
    with pytest.raises(Denied):
        world.edit(document, "sales", kind="contract", grade="general")
    assert world.edit(document, "sales", kind="contract").grade is Grade.SECRET


def test_who_may_only_take_back_a_document_learns_nothing_of_what_others_made_of_it(
    world: World,
) -> None:
    document = world.document(
        world.customer(owner="sales").id, "来函", kind="letter", by="sales", file_name="来函.txt"
    ).id
    world.edit(document, "archivist", title="绝密题名", grade="top", note="绝密备注", number="JM-1")
    with pytest.raises(NotFound):
        world.shown(document, "sales")
    sales = world.actor("sales")
    with world.archive.call(sales, Action.DOCUMENT_QUEUE, writes=False) as call:
        rows = filing.uploads(call)
    assert [row.title for row in rows] == ["来函.txt"]
    answer = world.withdraw(document, "sales")
    assert "绝密" not in str(answer)
    assert "JM-1" not in str(answer)
    assert [version.file_name for version in answer.versions] == ["来函.txt"]
