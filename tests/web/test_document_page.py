"""A document at the portal: its marked text, its original, its way into the file."""

import re

import pytest

from service.codes import Category
from service.properties import Properties
from tests.indexer import sheets
from tests.web.browsing import form, found

TEXT = "维修记录\n2 号线 R03 机器人 J4 轴减速机异响，更换减速机后恢复。"


def furnish(world):
    customer = world.customer(category=Category.ACTIVE, owner="sales")
    made = world.document(
        customer.id,
        TEXT,
        kind="repair",
        by="sales",
        file_name="维修记录 417.txt",
        properties=Properties(title="J4 轴减速机更换", number="WX-2026-0417"),
    )
    world.work()
    return made


@pytest.fixture
def document(furnished):
    return furnished[1]


def path(document):
    return f"/documents/{document.id}"


def seen(page):
    return found(r'name="seen" value="(\d+)"', page)


def test_the_text_shows_every_hit_numbered(portal, document):
    page = portal["archivist"].html(f"{path(document)}?q=减速机")
    assert '<mark id="hit-1">减速机</mark>' in page
    assert '<mark id="hit-2">减速机</mark>' in page
    assert "hit-3" not in page
    assert "J4 轴减速机更换" in page
    assert "WX-2026-0417" in page
    assert re.search(r"查询日志第 \d+ 号", page)


def test_the_text_of_a_workbook_stands_under_the_names_of_its_sheets(portal):
    world = portal.world
    customer = world.customer(owner="sales")
    made = world.document(customer.id, sheets.by_library(), by="sales", file_name="报价.xlsx")
    world.work()
    page = portal["sales"].html(path(made))
    assert page.index("<span>报价明细</span>") < page.index("¥1,234,567.50")
    assert page.index("¥1,234,567.50") < page.index("<span>底价</span>")


def test_the_original_comes_back_byte_for_byte_under_its_name(portal, document):
    answer = portal["archivist"].get(f"{path(document)}/content")
    assert answer.status_code == 200
    assert answer.data == TEXT.encode()
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "filename*=UTF-8''%E7%BB%B4" in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-4", 206, slice(0, 5)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=9-3", 200, slice(None)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_a_range_of_the_original_comes_back(portal, document, wanted, status, part):
    answer = portal["archivist"].get(f"{path(document)}/content", headers={"Range": wanted})
    assert answer.status_code == status
    assert answer.data == TEXT.encode()[part]


def test_a_range_outside_the_file_is_refused(portal, document):
    answer = portal["archivist"].get(f"{path(document)}/content", headers={"Range": "bytes=99999-"})
    assert answer.status_code == 416


def test_properties_are_changed_and_emptied(portal, document):
    person = portal["archivist"]
    fields = {"title": "新题名", "kind": "repair", "grade": "secret", "dated": "2026-10-20"}
    answer = person.send(
        f"{path(document)}/edit", seen=seen(person.html(path(document))), number="", **fields
    )
    assert answer.status_code == 302, answer.text
    page = person.html(path(document))
    assert "新题名" in page
    assert "2026-10-20" in page
    assert "机密" in page
    assert "WX-2026-0417" not in page


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"title": ""}, 422, "题名必填。"),
        ({"title": "字" * 301}, 422, "题名最多 300 字。"),
        ({"kind": "nonsense"}, 422, "没有这个文件类型。"),
        ({"dated": "tomorrow"}, 422, "日期写作 YYYY-MM-DD。"),
        ({"filing": "filed"}, 422, "表单里有不受理的字段。"),
        ({"seen": "999"}, 412, "期间有人改过此项"),
    ],
)
def test_a_change_that_cannot_be_taken_says_why(portal, document, change, status, sentence):
    person = portal["archivist"]
    fields = {"seen": seen(person.html(path(document))), "title": "题名", "dialog": "edit"}
    answer = person.send(f"{path(document)}/edit", **{**fields, **change})
    assert answer.status_code == status
    assert sentence in answer.text
    assert 'class="dlg shown" id="edit"' in answer.text


def test_a_change_sent_again_after_another_persons_keeps_both(portal, document):
    first, second = portal["archivist"], portal["service_officer"]
    edit = f"{path(document)}/edit"
    loaded = form(first.html(path(document)), edit)
    first.send(edit, **{**loaded, "title": "新题名", "note": "一\r\n二"})
    late = second.send(edit, **{**loaded, "number": "WX-9"})
    assert late.status_code == 412
    repeated = form(late.text, edit)
    assert second.send(edit, **repeated).status_code == 302
    after = form(first.html(path(document)), edit)
    assert (after["title"], after["number"]) == (["新题名"], ["WX-9"])
    assert "".join(after["note"]).split() == ["一", "二"]


def test_who_uploaded_does_not_file_and_another_does(portal, document):
    own, other = portal["sales"], portal["archivist"]
    assert f"{path(document)}/file" not in own.html(path(document))
    assert own.send(f"{path(document)}/file").status_code == 403
    assert f"{path(document)}/file" in other.html(path(document))
    assert other.send(f"{path(document)}/file").status_code == 302
    assert "已归档" in other.html(path(document))
    twice = other.send(f"{path(document)}/file")
    assert twice.status_code == 409
    assert "已归档" in twice.text


def test_a_returned_document_tells_its_uploader_why_and_is_not_found(portal, document):
    other = portal["archivist"]
    empty = other.send(f"{path(document)}/return", reason=" ", dialog="return")
    assert empty.status_code == 422
    assert other.send(f"{path(document)}/return", reason="缺盖章").status_code == 302
    portal.world.work()
    own = portal["sales"]
    for n in range(6):  # however much came since
        portal.world.document(document.customer.id, f"后来的{n}", kind="repair", by="sales")
    assert "已退回：缺盖章" in own.html("/")
    page = own.html(path(document))
    assert "已退回：" in page
    assert "缺盖章</b>" in page
    own.upload(f"{path(document)}/versions", ("补盖章".encode(), "补.txt"))
    assert "已退回：缺盖章" not in own.html("/")
    assert "没有同时符合条件的文件" in other.html("/search?q=减速机")


def test_an_uploader_withdraws_before_filing_and_not_after(portal, document):
    own = portal["sales"]
    assert own.send(f"{path(document)}/withdraw", reason="传错了").status_code == 302
    portal.world.work()
    assert "没有同时符合条件的文件" in own.html("/search?q=减速机")


@pytest.mark.parametrize(("verb", "by"), [("return", "archivist"), ("withdraw", "sales")])
def test_a_version_taken_back_is_not_called_searchable(portal, document, verb, by):
    own = portal["sales"]
    assert "可检索</div>" in own.html("/upload")
    assert "可检索</span>" in own.html(path(document))
    assert portal[by].send(f"{path(document)}/{verb}", reason="缺盖章").status_code == 302
    portal.world.work()
    assert "可检索</div>" not in own.html("/upload")
    assert "可检索</span>" not in own.html(path(document))


def test_a_refused_step_comes_back_to_the_page_it_was_taken_on(portal, document):
    person = portal["archivist"]
    assert person.send(f"{path(document)}/file", dialog="file").status_code == 302
    filed = person.send(f"{path(document)}/file", dialog="file")
    retried = portal["sales"].send(f"{path(document)}/retry")
    listed = portal["sales"].send(f"{path(document)}/retry", next="uploads")
    for answer, mark in ((filed, "p-props"), (retried, "p-props"), (listed, "uploads")):
        assert answer.status_code == 409
        assert 'role="alert"' in answer.text
        assert f'id="{mark}"' in answer.text


def test_a_newer_version_waits_beside_the_filed_one(portal, document):
    portal["archivist"].send(f"{path(document)}/file")
    own = portal["sales"]
    answer = own.upload(f"{path(document)}/versions", ("第二版，换了轴承。".encode(), "v2.txt"))
    assert answer.status_code == 302, answer.text
    page = own.html(path(document))
    assert "下面是第 1 版的正文，较新的版本尚未提取。" in page
    assert "减速机异响" in page
    portal.world.work()
    assert "换了轴承" in own.html(path(document))
    assert "减速机异响" in own.html(f"{path(document)}?version=1")
    assert own.get(f"{path(document)}?version=9").status_code == 404
    assert own.get(f"{path(document)}/content?version=1").data == TEXT.encode()
    portal["archivist"].send(f"{path(document)}/return?version=2", reason="缺签字")
    page = own.html(path(document))
    assert "下面是第 1 版的正文，能检索到的也是这一版" in page
    assert "尚未提取" not in page


@pytest.mark.parametrize("change", [{"kind": "id_document"}, {"kind": "contract", "grade": "top"}])
def test_who_would_lose_sight_of_a_document_is_asked_first_and_then_lands_on_its_client(
    portal, document, change
):
    person = portal["archivist"] if len(change) == 1 else portal["service_manager"]
    edit = f"{path(document)}/edit"
    typed = {**form(person.html(path(document)), edit), **change, "title": "改过的题名"}
    asked = person.send(edit, **typed)
    assert asked.status_code == 422
    assert "你将看不到这份文件" in asked.text
    again = form(asked.text, edit)
    assert again["title"] == ["改过的题名"]
    assert "leave" not in again
    assert "WX-2026-0417" in person.html(path(document)), "nothing was changed yet"
    done = person.send(edit, **again, leave="on")
    client = f"/customers/{document.customer.id}"
    assert (done.status_code, done.location) == (302, client)
    page = person.html(client)
    assert "已不在你可见的范围" in page
    assert "改过的题名" not in page
    assert person.get(path(document)).status_code == 404


def test_a_change_that_keeps_a_document_in_sight_asks_nothing(portal, document):
    person, edit = portal["archivist"], f"{path(document)}/edit"
    typed = {**form(person.html(path(document)), edit), "kind": "inspection", "grade": "top"}
    assert person.send(edit, **typed).location == path(document)


@pytest.mark.parametrize("step", ["withdraw", "return"])
def test_a_failed_version_that_was_taken_back_is_not_tried_again(portal, document, step):
    world = portal.world
    broken = world.document(
        document.customer.id, b"%PDF-1.7\nbroken", kind="repair", by="sales", file_name="坏.pdf"
    )
    world.work()
    own, retry = portal["sales"], f"{path(broken)}/retry?version=1"
    assert retry in own.html("/upload")
    assert retry in own.html(path(broken))
    taker = own if step == "withdraw" else portal["archivist"]
    assert taker.send(f"{path(broken)}/{step}", reason="传错了").status_code == 302
    for page in ("/upload", path(broken)):
        assert "/retry" not in own.html(page), page
    assert own.send(retry).status_code == 409


def test_a_file_that_cannot_be_read_says_why_and_can_be_tried_again(portal, document):
    world = portal.world
    broken = world.document(
        document.customer.id, b"%PDF-1.7\nbroken", kind="repair", by="sales", file_name="坏.pdf"
    )
    world.work()
    own = portal["sales"]
    page = own.html("/upload")
    assert "提取失败" in page
    assert "原件已安全存储。" in page
    assert "提取失败" in own.html(path(broken))
    assert own.send(f"{path(broken)}/retry", next="uploads").location.startswith("/upload")
    assert "排队中" in own.html("/upload")
