"""The same content twice: said to who may read the other document, to nobody else in any way."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from service import intake, twins
from service.audit.entries import Subject
from service.codes import Category
from service.models import AuditBody
from service.permissions import Action
from tests.web.browsing import found

TEXT = "2 号线 R03 机器人 J4 轴减速机异响，更换减速机后恢复。".encode()


@pytest.fixture
def clients(portal):
    """Return a client of sales and one of sales2, who do not see each other's."""
    names = {"sales": "宁波望潮汽车零部件有限公司", "sales2": "苏州同屿机电有限公司"}
    return {
        login: portal.world.customer(name, Category.INTENDED, owner=login)
        for login, name in names.items()
    }


def upload(portal, clients, whose, *, by, name="纪要.txt", content=TEXT):
    answer = portal[by].upload(
        f"/customers/{clients[whose].id}/documents", (content, name), part=True, kind="minutes"
    )
    assert answer.status_code == 200, answer.text
    return found(r'data-wait="(\w+)"', answer.text), answer.text


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect what is asked of any database."""
    said: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield said
    event.remove(Engine, "before_cursor_execute", note)


def entries(world, after=0):
    """Return what the log says, but for what differs each time."""
    with world.archive.db.read() as db:
        bodies = db.query(AuditBody).filter(AuditBody.seq > after).order_by(AuditBody.seq).all()
        said = [json.loads(row.body) for row in bodies]
    told = [(e["action"], e.get("decision"), e.get("rule"), sorted(e)) for e in said]
    counts = [(e.get("result") or {}).get("count") for e in said]
    return len(said) + after, list(zip(told, counts, strict=True))


def test_an_upload_says_which_document_has_the_same_content_and_offers_both_ways(portal, clients):
    first, _ = upload(portal, clients, "sales", by="sales", name="会议纪要.txt")
    _, row = upload(portal, clients, "sales", by="sales", name="又一份.txt")
    assert "内容相同的文件：" in row
    assert f'href="/documents/{first}"' in row
    assert "会议纪要" in row
    assert "作为它的新版本" in row
    assert "两份都保留则无需操作。" in row


def test_the_upload_becomes_a_version_of_the_other_and_is_withdrawn_itself(portal, clients):
    first, _ = upload(portal, clients, "sales", by="sales", name="会议纪要.txt")
    second, _ = upload(portal, clients, "sales", by="sales", name="又一份.txt")
    answer = portal["sales"].send(f"/documents/{second}/as-version", other=first)
    assert answer.status_code == 302
    assert answer.location.endswith(f"/documents/{first}")
    page = portal["sales"].html(f"/documents/{first}")
    assert "又一份.txt" in page
    assert "v2" in page
    original = portal["sales"].get(f"/documents/{first}/content?version=2")
    assert original.data == TEXT
    assert "已撤回" in portal["sales"].html(f"/documents/{second}")
    assert "内容相同的文件：" not in portal["sales"].html("/upload")


def versions(page):
    """Return the versions that a page names; an id may have such letters in it too."""
    return set(re.findall(r"\bv\d+\b", page))


def test_sent_twice_at_once_it_becomes_one_version(portal, clients):
    first, _ = upload(portal, clients, "sales", by="sales")
    second, _ = upload(portal, clients, "sales", by="sales", name="又一份.txt")
    archive, person, inner = portal.world.archive, portal["sales"], []
    stored = archive.blobs

    class Between:
        """A store in which the second request comes while the first one writes."""

        def __getattr__(self, name):
            return getattr(stored, name)

        def put(self, *given):
            archive.blobs = stored
            inner.append(person.send(f"/documents/{second}/as-version", other=first))
            return stored.put(*given)

    archive.blobs = Between()
    outer = person.send(f"/documents/{second}/as-version", other=first)
    assert (inner[0].status_code, outer.status_code) == (302, 404)
    page = person.html(f"/documents/{first}")
    assert versions(page) == {"v1", "v2"}


def test_what_is_a_version_already_is_not_made_one_again_where_its_withdrawal_failed(
    portal, clients
):
    first, _ = upload(portal, clients, "sales", by="sales")
    second, _ = upload(portal, clients, "sales", by="sales", name="又一份.txt")
    world, subject = portal.world, Subject("document", first)
    with world.archive.call(world.actor("sales"), Action.DOCUMENT_ADD_VERSION, subject) as call:
        intake.take_over(call, first, second)
    again = portal["sales"].send(f"/documents/{second}/as-version", other=first)
    assert again.status_code == 409
    assert "你的文件已是该文件的一个版本。" in again.text
    assert "v3" not in versions(portal["sales"].html(f"/documents/{first}"))


def test_only_an_own_upload_of_the_same_content_becomes_a_version(portal, clients):
    first, _ = upload(portal, clients, "sales", by="sales")
    other, _ = upload(portal, clients, "sales", by="sales", content=b"other words")
    hidden, _ = upload(portal, clients, "sales2", by="sales2")
    for source, target in ((other, first), (hidden, first), (first, hidden), (first, "a" * 26)):
        answer = portal["sales"].send(f"/documents/{source}/as-version", other=target)
        assert answer.status_code == 404, (source, target)
    assert versions(portal["sales"].html(f"/documents/{first}")) == {"v1"}


def test_a_document_that_was_withdrawn_is_no_twin(portal, clients):
    first, _ = upload(portal, clients, "sales", by="sales")
    portal["sales"].send(f"/documents/{first}/withdraw", reason="传错了")
    _, row = upload(portal, clients, "sales", by="sales")
    assert "内容相同的文件：" not in row


def test_what_is_hidden_changes_neither_answer_nor_work_nor_log(portal, clients):
    upload(portal, clients, "sales", by="sales", name="先.txt", content=b"warms every cache")
    upload(portal, clients, "sales2", by="sales2", name="藏.txt", content=TEXT)
    seen = []
    for content in (TEXT, TEXT.replace("恢复".encode(), "复恢".encode())):
        at, _ = entries(portal.world)
        with statements() as asked:
            document, row = upload(portal, clients, "sales", by="sales", content=content)
        version = found(r'id="u-(\w+)"', row)
        row = row.replace(document, "D").replace(version, "V")
        seen.append((row, asked, entries(portal.world, at)[1]))
        portal["sales"].send(f"/documents/{document}/withdraw", reason="重来")
    assert "内容相同" not in seen[0][0]
    assert seen[0] == seen[1]


def test_what_is_hidden_takes_no_place_among_what_is_looked_at(portal, clients, monkeypatch):
    monkeypatch.setattr(twins, "_MOST", 2)
    first, _ = upload(portal, clients, "sales", by="sales")
    for number in range(2):
        upload(portal, clients, "sales2", by="sales2", name=f"藏{number}.txt")
    _, row = upload(portal, clients, "sales", by="sales", name="又一份.txt")
    assert f'href="/documents/{first}"' in row
