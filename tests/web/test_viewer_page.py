"""A document's page with images of its pages: boxes on hits, the text beside, without a script."""

import io
import re

import pytest
from PIL import Image

from service import layouts, page_images, texts
from service.codes import Category
from service.layouts import Line
from service.models import PageLayout
from service.properties import Properties
from tests.indexer import pdfs, sheets
from tests.web.browsing import found

LINES = "甲方：苏州焊接机器人有限公司\n更换减速机一台，减速机异响"


def furnish(world):
    customer = world.customer(category=Category.ACTIVE, owner="sales").id

    def added(content, file_name, title=""):
        wanted = Properties(title=title) if title else None
        made = world.document(
            customer, content, kind="repair", by="sales", file_name=file_name, properties=wanted
        )
        return made.id

    documents = {
        "pdf": added(pdfs.written([LINES, "第二页 减速机"]), "维修.pdf", "减速机更换"),
        "long": added(pdfs.thousands(22), "长.pdf"),
        "book": added(sheets.by_library(), "报价.xlsx"),
        "locked": added(pdfs.written([LINES], password="secret"), "锁.pdf"),
        "broken": added(b"%PDF-1.7\nbroken", "坏.pdf"),
        "photo": added(photo(), "照片.png"),
    }
    hidden = world.document(customer, pdfs.written([LINES]), kind="contract", file_name="合同.pdf")
    world.work()
    return documents | {"hidden": hidden.id}


def photo():
    target = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(target, "PNG")
    return target.getvalue()


@pytest.fixture
def paths(furnished):
    return {name: f"/documents/{one}" for name, one in furnished[1].items()}


def test_each_page_is_an_image_with_words_for_those_who_do_not_see_it(portal, paths):
    page = portal["sales"].html(paths["pdf"])
    assert f'<img src="{paths["pdf"]}/pages/2?version=1" loading="lazy"' in page
    assert 'alt="减速机更换，第 2 页"' in page
    assert page.count("/thumbnail?version=1") == 2
    assert 'href="#page-2"' in page
    assert "第二页 减速机" in page


def test_a_hit_is_a_link_on_the_page_that_says_which_it_is(portal, paths):
    page = portal["sales"].html(f"{paths['pdf']}?q=减速机")
    names = re.findall(r'<a id="hit-(\d)" class="box" [^>]*aria-label="([^"]*)"', page)
    assert names == [
        ("1", "第 1 处，共 3 处，第 1 页：减速机"),
        ("2", "第 2 处，共 3 处，第 1 页：减速机"),
        ("3", "第 3 处，共 3 处，第 2 页：减速机"),
    ]
    assert '<mark id="text-3">减速机</mark>' in page
    assert 'viewBox="0 0 595' in page
    assert page.count('<b aria-label="') == 2


def test_what_was_recognised_with_doubt_says_so(portal, paths, furnished):
    world = portal.world
    document = furnished[1]["pdf"]
    version = world.shown(document, "sales").version.id
    quad = (50.0, 40.0, 250.0, 40.0, 250.0, 60.0, 50.0, 60.0)
    with world.archive.db.read() as db:
        text_id = texts.newest_id(db, version) or ""
    with world.archive.ring() as ring:
        doubtful = {2: [Line(0, 7, 0.6, quad)]}
        (row,) = layouts.seal_rows(ring, version, text_id, doubtful)
        with world.archive.db.write() as db:
            db.get_one(PageLayout, (text_id, 2)).ct = row["ct"]
    page = portal["sales"].html(f"{paths['pdf']}?q=减速机")
    assert 'class="box doubt"' in page
    assert "第 3 处，共 3 处，第 2 页：减速机（识别存疑）" in page


def test_images_and_boxes_come_to_whoever_may_read(portal, paths):
    sales = portal["sales"]
    for path in ("pages/1", "pages/1/thumbnail"):
        answer = sales.get(f"{paths['pdf']}/{path}?version=1")
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Cache-Control"] == "no-store, private"
    part = sales.get(f"{paths['pdf']}/pages/2/hits?version=1&q=减速机")
    assert 'id="hit-3"' in part.text


def test_a_page_that_is_not_drawn_yet_is_asked_for_and_its_boxes_with_it(portal, paths):
    person = portal["sales"]
    page = person.html(f"{paths['long']}?q=page")
    wanted = found(rf'data-hits="({paths["long"]}/pages/22/hits[^"]*)"', page)
    wanted = wanted.replace("&amp;", "&")
    assert '<mark id="hit-22">' in page
    image = f"{paths['long']}/pages/22?version=1"
    assert [person.get(path).status_code for path in (image, wanted)] == [202, 202]
    portal.world.work()
    assert [person.get(path).status_code for path in (image, wanted)] == [200, 200]
    assert 'id="hit-22"' in person.get(wanted).text


@pytest.mark.parametrize("name", ["locked", "broken"])
def test_a_file_that_cannot_be_opened_says_why_and_promises_neither_image_nor_text(
    portal, paths, name
):
    page = portal["sales"].html(paths[name])
    assert {"locked": "文件设有打开口令。", "broken": "文件损坏，无法读取。"}[name] in page
    assert f'<img src="{paths[name]}/pages' not in page
    assert 'class="strip"' not in page
    assert "data-zoom" not in page
    assert "此处显示文字" not in page
    assert ("上传完好的一份作为新版本" in page) == (name == "broken")


def test_pages_of_a_locked_file_ask_for_its_password_when_they_are_beyond_the_first(
    portal, monkeypatch
):
    monkeypatch.setattr(page_images, "LOCKED", 1)
    world = portal.world
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    content = pdfs.written([LINES, "第二页 减速机"], password="secret")
    locked = world.document(customer, content, kind="repair", by="sales", file_name="密.pdf")
    world.work()
    person, path = portal["sales"], f"/documents/{locked.id}"
    person.send(f"{path}/retry", password="secret")
    world.work()
    page = person.html(path)
    assert f'<img src="{path}/pages/2' in page
    assert "文件的打开口令" not in page
    assert [person.get(f"{path}/pages/{no}").status_code for no in (1, 2)] == [200, 202]
    world.work()
    page = person.html(path)
    assert f'<img src="{path}/pages/2' not in page
    assert "本页无法生成影像" in page
    assert "其余各页须输入文件的打开口令才能生成" in page
    assert page.count('name="password"') == 1
    person.send(f"{path}/retry", password="secret")
    world.work()
    assert person.get(f"{path}/pages/2").status_code == 200
    assert "文件的打开口令" not in person.html(path)


def test_a_photo_without_text_is_shown(portal, paths):
    page = portal["sales"].html(paths["photo"])
    assert f'<img src="{paths["photo"]}/pages/1?version=1"' in page


def test_a_workbook_is_a_table_of_its_cells_with_its_sheets_as_tabs(portal, paths):
    page = portal["sales"].html(f"{paths['book']}?q=1,234,567.50")
    assert '<nav class="leaves"' in page
    assert '<a href="#page-1">报价明细' in page
    assert re.search(r'<td>¥?<mark id="hit-1">[^<]*1,234,567\.50', page)
    assert "/pages/1" not in page


def test_a_text_stays_a_text(portal):
    world = portal.world
    made = world.document(world.customer(owner="sales").id, "减速机异响", by="sales")
    world.work()
    page = portal["sales"].html(f"/documents/{made.id}?q=减速机")
    assert 'class="strip"' not in page
    assert "<img" not in page
    assert '<mark id="hit-1">减速机</mark>' in page


def bare(answer):
    headers = sorted((k, v) for k, v in answer.headers if k not in ("Set-Cookie", "Date"))
    return answer.status_code, headers, re.sub(r'value="[^"]{60,}"', "", answer.text)


def test_pages_of_a_hidden_document_are_like_those_of_an_absent_one(portal, paths):
    person = portal["technical"]
    absent = bare(person.get(f"/documents/{'a' * 26}"))
    assert absent[0] == 404
    for path in ("", "/pages/1", "/pages/1/thumbnail", "/pages/1/hits?q=减速机", "/pages/77"):
        assert bare(person.get(f"{paths['hidden']}{path}")) == absent, path
