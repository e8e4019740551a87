"""Moving a document to another client, at the portal and over the API."""

import re

import pytest

from service import moving
from service.audit.entries import Subject
from service.codes import Category
from service.models import AuditEvent
from service.permissions import Action
from tests.web.browsing import form, found


def furnish(world):
    wrong = world.customer("甲机械有限公司", Category.INTENDED, owner="sales").id
    right = world.customer("乙汽车有限公司", Category.ACTIVE, owner="sales2").id
    document = world.document(wrong, "谐波减速器的回差", by="service_officer").id
    world.work()
    return document, wrong, right


@pytest.fixture
def document(furnished):
    return furnished[1][0]


@pytest.fixture
def right(furnished):
    return furnished[1][2]


def test_the_page_offers_clients_and_moves_the_document_to_the_chosen_one(portal, document, right):
    person = portal["archivist"]
    path = f"/documents/{document}/move"
    assert path in person.html(f"/documents/{document}")
    page = person.html(f"{path}?q=乙汽车")
    assert "乙汽车有限公司" in page
    sent_to = found(r'method="post" action="([^"]*/move[^"]*)"', page)
    filled = form(page, sent_to) | {"customer": right, "reason": "归错客户"}
    answer = person.send(sent_to, **filled)
    assert answer.location == f"/documents/{document}"
    page = person.html(answer.location)
    assert "文件已移到另一客户" in page
    assert "乙汽车有限公司" in page
    assert "甲机械有限公司" not in page


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"reason": ""}, 422, "此项必填"),
        ({"customer": "a" * 26}, 422, "没有这个客户"),
        ({"seen": "99"}, 412, "期间有人改过此项"),
    ],
)
def test_a_move_that_cannot_be_done_says_why_and_keeps_what_was_typed(
    portal, document, right, change, status, sentence
):
    person = portal["archivist"]
    path = f"/documents/{document}/move"
    filled = form(person.html(path), path) | {"customer": right, "reason": "归错客户"} | change
    answer = person.send(path, **filled)
    assert answer.status_code == status
    assert sentence in answer.text
    assert "甲机械有限公司" in person.html(f"/documents/{document}")


def offered(page):
    return re.findall(r'<input[^>]* name="customer" value="(\w+)"', page)


def test_all_clients_are_offered_page_by_page_and_it_is_said_that_there_are_more(
    portal, document, right
):
    person = portal["archivist"]
    others = [portal.world.customer(f"丙电子有限公司{n}", owner="sales").id for n in range(45)]
    address, seen = f"/documents/{document}/move", []
    for page_of_three in range(3):
        page = person.html(address)
        seen += offered(page)
        assert ("还有更多客户" in page) is (page_of_three < 2)
        if page_of_three < 2:
            address = found(r'href="([^"]*)" rel="next"', page)
    assert sorted(seen) == sorted([*others, right])
    assert 'rel="prev"' in page
    narrowed = person.html(f"/documents/{document}/move?q=丙电子有限公司4")
    assert 1 <= len(offered(narrowed)) <= 6
    assert "还有更多客户" not in narrowed


def test_a_refused_move_comes_back_to_its_page_of_clients_with_the_chosen_one(
    portal, document, right
):
    person = portal["archivist"]
    for n in range(25):
        portal.world.customer(f"丙电子有限公司{n}", owner="sales")
    page = person.html(f"/documents/{document}/move")
    page = person.html(found(r'href="([^"]*)" rel="next"', page))
    assert right in offered(page)
    sent_to = found(r'method="post" action="([^"]*/move[^"]*)"', page)
    chosen = form(page, sent_to) | {"customer": right, "reason": ""}
    refused = person.send(sent_to, **chosen)
    assert refused.status_code == 422
    assert f'value="{right}" required checked' in refused.text
    assert found(r'href="([^"]*)" rel="prev"', refused.text) == f"/documents/{document}/move"
    again = form(refused.text, sent_to) | {"reason": "归错客户"}
    done = person.send(sent_to, **again)
    assert done.location == f"/documents/{document}"


def test_a_move_sent_twice_is_done_once(portal, document, right):
    person = portal["archivist"]
    path = f"/documents/{document}/move"
    filled = form(person.html(path), path) | {"customer": right, "reason": "归错客户"}
    answers = [person.send(path, **filled).status_code for _ in range(2)]
    assert answers == [302, 412]
    with portal.world.archive.db.read() as db:
        moves = db.query(AuditEvent).filter(AuditEvent.action == "document.move")
        written = moves.filter(AuditEvent.decision == "allow", AuditEvent.phase == "event")
        assert written.count() == 1
    assert "乙汽车有限公司" in person.html(f"/documents/{document}")


@pytest.mark.parametrize(("by", "status"), [("sales", 403), ("sales2", 404), ("finance", 404)])
def test_who_may_not_move_a_document_is_offered_no_clients(portal, document, right, by, status):
    person = portal[by]
    assert "/move" not in person.get(f"/documents/{document}").text
    answer = person.get(f"/documents/{document}/move")
    assert answer.status_code == status
    assert "乙汽车" not in answer.text
    sent = person.send(f"/documents/{document}/move", seen="1", customer=right, reason="x")
    assert sent.status_code == status
    assert "甲机械有限公司" in portal["archivist"].html(f"/documents/{document}")


def test_a_program_moves_a_document(programs, document, right):
    path = f"/documents/{document}"
    archivist = programs["archivist"]
    etag, body = archivist.etag(path), {"customer": right, "reason": "归错客户"}
    answer = archivist.act(f"{path}/move", body, etag=etag)
    assert (answer.status_code, answer.json["customer"]["id"]) == (200, right)
    assert answer.headers["ETag"] != etag
    assert archivist.act(f"{path}/move", body, etag=etag).status_code == 412
    again = archivist.act(f"{path}/move", body, etag=answer.headers["ETag"])
    assert again.status_code == 409
    assert programs["sales"].get(path).status_code == 404
    programs.world.work()
    assert programs["sales2"].get(path).json["customer"]["name"] == "乙汽车有限公司"


def moved_away(world):
    """Return what sales uploaded and an archivist moved to a client whom sales may not see."""
    wrong = world.customer("丁物流有限公司", Category.INTENDED, owner="sales").id
    right = world.customer("戊汽车有限公司", Category.ACTIVE, owner="sales2", filed=True)
    document = world.document(wrong, "来函", kind="letter", by="sales").id
    world.work()
    subject = Subject("document", document)
    with world.archive.call(world.actor("archivist"), Action.DOCUMENT_MOVE, subject) as call:
        moving.move(call, document, to=right.id, reason="归错客户", if_match=1)
    return document, right


def test_who_uploaded_what_was_moved_learns_nothing_of_a_client_they_may_not_see(portal):
    document, right = moved_away(portal.world)
    assert right.number
    person = portal["sales"]
    for path in ("/", "/upload", f"/upload/states?document={document}"):
        page = person.html(path)
        assert "来函" in page or "纪要.txt" in page, path
        assert "戊汽车" not in page, path
        assert right.number not in page, path
    assert "戊汽车" in portal["sales2"].html(f"/documents/{document}")


def test_a_program_of_who_uploaded_what_was_moved_learns_nothing_either(programs):
    document, right = moved_away(programs.world)
    sent = programs["sales"].act(
        f"/documents/{document}/withdraw", {"reason": "传错了"}, etag='"2"'
    )
    assert sent.status_code == 200, sent.json
    named = {"id": right.id, "number": None, "name": "", "category": None}
    assert sent.json["customer"] == named
    assert "戊汽车" not in sent.text
