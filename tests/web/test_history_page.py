"""My history: one's own searches with their words, and nothing of anybody else's."""

import re

import pytest

from service.codes import Category, Role
from service.ids import new_id
from service.permissions import Action
from tests.logged import entries
from tests.web.browsing import found
from tests.web.programs import Programs

NAME, TITLE = "宁波望潮汽车零部件有限公司", "谐波减速器第三轴回差"


@pytest.fixture
def document(portal) -> str:
    world = portal.world
    customer = world.customer(NAME, Category.ACTIVE, owner="sales", filed=True)
    made = world.document(customer.id, TITLE, by="sales")
    world.edit(made.id, "sales", title=TITLE)
    world.work()
    return str(made.id)


@pytest.mark.parametrize("login", [str(role) for role in Role])
def test_everybody_sees_their_own_history_and_finds_it_in_the_rail(portal, login):
    page = portal[login].html("/history")
    assert 'href="/history"' in page.split("<nav")[1]
    assert "登录" in page
    # the look itself is an entry, which the next look shows
    assert "查看本人查询记录" in portal[login].html("/history")


def test_own_searches_are_shown_with_their_words_and_nobody_elses(portal, document):
    portal["sales"].html("/search?q=谐波减速器")
    portal["archivist"].html("/search?q=第三轴")
    page = portal["sales"].html("/history")
    assert "谐波减速器" in page
    assert "第三轴" not in page.replace(TITLE, "")
    for other in ("auditor", "legal", "sales2", "sales_head", "security_admin"):
        assert "谐波减速器" not in portal[other].html("/history"), other
        assert "谐波减速器" not in portal[other].html(f"/history?actor={portal.world.id('sales')}")


def test_what_was_opened_is_named_as_long_as_one_may_see_it(portal, document):
    person = portal["sales"]
    person.html(f"/documents/{document}")
    assert TITLE in person.html("/history?action=document.read")
    portal.world.edit(document, by="archivist", grade="top")
    page = person.html("/history?action=document.read")
    assert TITLE not in page
    assert document not in page
    assert NAME not in page


def test_what_was_refused_is_not_named(portal, document):
    person = portal["sales2"]
    assert person.get(f"/documents/{document}").status_code == 404
    page = person.html("/history")
    assert "拒绝" in page
    for hidden in (TITLE, NAME, document, "KH-"):
        assert hidden not in page


def last(person):
    """Return what one's history says of the last thing but the look itself."""
    page = person.html("/history")
    row = page.split("<tr data-hit")[2]
    return {name: cell(row, name) for name in ("动作", "对象", "返回数量", "结果")}


def test_what_is_hidden_and_what_is_absent_look_the_same(portal, document):
    """Both answered 404: what came after must not say which of the two it was."""
    world, person = portal.world, portal["sales2"]
    customer = world.shown(document, "sales").customer.id
    program = Programs.of(world)["sales2"]
    ways = [
        (lambda id_: person.get(f"/documents/{id_}"), document),
        (lambda id_: person.get(f"/documents/{id_}/content"), document),
        (lambda id_: person.send(f"/documents/{id_}/withdraw", reason="传错"), document),
        (lambda id_: person.send(f"/documents/{id_}/file"), document),
        (lambda id_: person.get(f"/customers/{id_}"), customer),
        (lambda id_: person.get(f"/exports/new?of={id_}"), customer),
        (lambda id_: program.post("/exports", {"of": id_, "format": "csv"}), customer),
    ]
    for way, hidden in ways:
        assert way(hidden).status_code == 404
        seen = last(person)
        assert way(new_id()).status_code == 404
        assert last(person) == seen
        told = program.get("/me/history").json
        assert told
        assert told["items"][2]["decision"] == "deny"


def test_an_original_fetched_and_a_refusal_while_it_was_open_are_told(portal, document):
    person = portal["sales"]
    person.html(f"/documents/{document}")
    content, some = f"/documents/{document}/content", {"Range": "bytes=0-"}
    assert person.get(content, headers=some).status_code == 206
    assert TITLE in person.html("/history?action=document.original")
    portal.world.edit(document, by="archivist", grade="top")
    assert person.get(content, headers=some).status_code == 404
    assert last(person)["结果"] == "拒绝"


def test_every_row_says_what_it_was_about(portal, document):
    world, person = portal.world, portal["sales"]
    person.html("/")
    person.html("/search?q=第三轴&category=active&kind=contract")
    person.html("/customers?status=filed")
    world.edit(document, by="sales", title=f"{TITLE} 13812345678")
    page = person.html("/history")
    rows = {cell(row, "动作"): cell(row, "对象") for row in page.split("<tr data-hit")[1:]}
    assert rows["打开首页"] == "首页"
    assert rows["检索"] == "第三轴 客户类型：合作客户 文件类型：合同"
    assert rows["列出客户"].startswith("状态：")
    # an upload is about the document it made, and that about its client
    assert rows["上传"].startswith(TITLE)
    assert NAME in rows["上传"]
    assert rows["登录"] == "来自 127.0.0.1"
    assert "138****5678" in rows["上传"]
    assert "13812345678" not in page
    shown = {cell(row, "动作"): cell(row, "返回数量") for row in page.split("<tr data-hit")[1:]}
    assert (shown["打开首页"], shown["列出客户"]) == ("—", "1")


def cell(row: str, name: str) -> str:
    """Return what a cell of a row says, in one line."""
    inner = re.search(rf'data-l="{name}">(.*?)</td>', row, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", inner[1]).split()) if inner else ""


def test_what_left_ones_sight_is_not_named_with_its_client(portal, document):
    person = portal["sales"]
    assert NAME in person.html("/history?action=document.add")
    portal.world.edit(document, by="archivist", grade="top")
    page = person.html("/history?action=document.add")
    for hidden in (TITLE, NAME, document):
        assert hidden not in page
    # nor to the auditor, who knows documents by their ids alone
    portal["auditor"].html(f"/log/documents/{document}")
    page = portal["auditor"].html("/history")
    assert f'href="/log/documents/{document}"' in page
    for hidden in (TITLE, NAME):
        assert hidden not in page


def test_a_query_leads_to_its_entry_in_ones_own_history(portal, document):
    person = portal["sales"]
    way = found(r'href="(/history\?seq=\d+)"', person.html("/search?q=谐波减速器"))
    page = person.html(way)
    assert page.count("<tr data-hit") == 1
    other = portal["sales2"].html(way)
    assert "<tr data-hit" not in other
    assert "谐波减速器" not in other


def test_a_look_at_ones_history_is_an_entry_with_what_was_asked(portal):
    portal["sales"].html("/history?action=search.run&from=2026-01-01")
    entry = entries(portal.world, Action.AUDIT_READ_OWN)[-1]
    assert entry["actor"]["id"] == portal.world.id("sales")
    assert entry["verb"] == "read"


def test_a_refusal_leads_to_its_entry(portal):
    person = portal["sales"]
    way = found(r'href="(/history\?seq=\d+)"', person.get("/log").text)
    assert "拒绝" in person.html(way)
    assert re.search(r'href="/log/\d+"', portal["auditor"].get("/people").text)
