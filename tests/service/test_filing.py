"""A version's way into the file."""

import pytest

from service import filing
from service.audit.entries import Subject
from service.codes import Category, Filing, Processing
from service.errors import Conflict, Denied, Hidden, Invalid, NotFound
from service.permissions import Action
from tests.world import World


def test_an_uploaded_text_becomes_searchable(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, "减速机异响，低速回零时可闻周期性声响")
    assert document.version.processing is Processing.STORED
    world.work()
    assert world.found("减速机", by="service_officer") == {document.id}


def test_nobody_files_what_they_uploaded(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, "纪要", by="archivist")
    with pytest.raises(Denied):
        world.file(document.id, by="archivist")
    assert world.file(document.id, by="archivist2").version.filing is Filing.FILED


def test_a_filed_version_is_neither_withdrawn_nor_returned(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, "纪要")
    world.file(document.id)
    subject = Subject("document", document.id)
    officer, archivist = world.actor("service_officer"), world.actor("archivist2")
    with (
        pytest.raises(Denied),
        world.archive.call(officer, Action.DOCUMENT_WITHDRAW, subject) as call,
    ):
        filing.withdraw(call, document.id, "弄错了")
    with (
        pytest.raises(Conflict),
        world.archive.call(archivist, Action.DOCUMENT_RETURN, subject) as call,
    ):
        filing.send_back(call, document.id, "不清楚")


def test_a_newer_version_waiting_for_review_does_not_hide_the_filed_one(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, "第一版 齿轮箱")
    world.work()
    world.file(document.id)
    world.version(document.id, "第二版 谐波减速器")
    assert world.found("齿轮箱", by="service_officer") == {document.id}
    world.work()
    assert world.found("齿轮箱", by="service_officer") == set()
    assert world.found("谐波减速器", by="service_officer") == {document.id}


def test_a_withdrawn_newer_version_gives_way_to_the_older_one(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, "第一版 齿轮箱")
    world.version(document.id, "第二版 谐波减速器")
    world.work()
    officer = world.actor("service_officer")
    subject = Subject("document", document.id)
    with world.archive.call(officer, Action.DOCUMENT_WITHDRAW, subject) as call:
        filing.withdraw(call, document.id, "传错文件")
    assert world.found("谐波减速器", by="service_officer") == set()
    world.work()
    assert world.found("齿轮箱", by="service_officer") == {document.id}


def test_returning_needs_a_reason(world: World) -> None:
    customer = world.customer()
    document = world.document(customer.id, "纪要")
    subject = Subject("document", document.id)
    archivist = world.actor("archivist")
    with (
        pytest.raises(Invalid),
        world.archive.call(archivist, Action.DOCUMENT_RETURN, subject) as call,
    ):
        filing.send_back(call, document.id, "  ")


def test_a_stranger_to_the_customer_cannot_tell_that_a_document_exists(world: World) -> None:
    customer = world.customer(owner="sales")
    document = world.document(customer.id, "纪要")
    stranger = world.actor("sales2")
    for action, act in (
        (Action.DOCUMENT_WITHDRAW, lambda c: filing.withdraw(c, document.id, "x")),
        (Action.DOCUMENT_RETURN, lambda c: filing.send_back(c, document.id, "x")),
        (Action.DOCUMENT_FILE, lambda c: filing.file(c, document.id)),
        (Action.DOCUMENT_RETRY, lambda c: filing.retry(c, document.id)),
    ):
        with (
            pytest.raises(Hidden) as refused,
            world.archive.call(stranger, action, Subject("document", document.id)) as call,
        ):
            act(call)
        assert isinstance(refused.value, NotFound)
        assert refused.value.event is None


def test_only_what_one_may_look_at_waits_to_be_filed(world: World) -> None:
    customer = world.customer(owner="sales").id
    letter = world.document(customer, "来函", kind="letter", by="archivist2").id
    world.document(customer, "身份证件", kind="id_document", by="archivist2")
    with world.archive.call(world.actor("archivist"), Action.DOCUMENT_QUEUE, writes=False) as call:
        assert [row.document for row in filing.to_file(call)] == [letter]


def test_what_one_may_not_see_keeps_nothing_from_the_list_of_what_is_to_be_filed(
    world: World,
) -> None:
    customer = world.customer(category=Category.ACTIVE).id
    for number in range(6):
        world.document(customer, f"身份证件 {number}", kind="id_document", by="archivist")
    letter = world.document(customer, "来函", kind="letter").id
    with world.archive.call(world.actor("service_manager"), Action.DOCUMENT_QUEUE) as call:
        assert [row.document for row in filing.to_file(call, 1)] == [letter]
