"""Uploading at the portal: by form, by script, several at once, and what is refused."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from service.codes import Category
from service.models import Document, ImportBatch
from tests.web.browsing import Portal, found
from web import uploads
from web.assets import HERE

CANARY = b"only the customer may read this sentence "


@pytest.fixture
def client_file(portal):
    return portal.world.customer("宁波望潮汽车零部件有限公司", Category.ACTIVE, owner="sales")


def path(customer):
    return f"/customers/{customer.id}/documents"


def test_several_files_become_documents_that_are_found(portal, client_file):
    person = portal["sales"]
    files = [(f"第{n}号减速机异响".encode(), f"维修{n}.txt") for n in range(3)]
    answer = person.upload(path(client_file), *files, kind="repair", dated="2026-10-20")
    assert answer.status_code == 302, answer.text
    portal.world.work()
    page = person.html("/upload")
    assert page.count("可检索</div>") == 3
    assert "维修2.txt" in page
    assert person.html("/search?q=减速机异响").count("<article") == 3
    assert "2026-10-20" in person.html("/search?q=减速机异响")


def test_the_script_gets_the_row_of_its_file_and_asks_what_became_of_it(portal, client_file):
    person = portal["sales"]
    answer = person.upload(path(client_file), (b"text", "a.txt"), part=True, kind="repair")
    assert answer.status_code == 200
    row = answer.text.strip()
    assert row.startswith("<tr id=")
    assert "排队中" in row
    document = found(r'data-wait="(\w+)"', row)
    portal.world.work()
    states = person.html(f"/upload/states?document={document}")
    assert "可检索" in states
    assert "data-wait" not in states
    assert portal["sales2"].html(f"/upload/states?document={document}").strip() == ""


@pytest.mark.parametrize(
    ("content", "name", "status", "sentence"),
    [
        (b"", "empty.txt", 422, "文件是空的。"),
        (b"MZ" + bytes(100), "tool.exe", 415, "不接收程序与脚本。"),
        (b"<html>", "drawing.pdf", 415, "文件内容与文件名不符。"),
    ],
)
def test_a_refused_file_says_why_and_leaves_nothing(
    portal, client_file, content, name, status, sentence
):
    person = portal["sales"]
    answer = person.upload(path(client_file), (content, name), part=True, kind="repair")
    assert answer.status_code == status
    assert answer.text.strip().startswith("<tr")
    assert name in answer.text
    assert sentence in answer.text
    assert f'data-remove aria-label="移除 {name}"' in answer.text
    assert "你还没有上传过文件。" in person.html("/upload")


def test_without_a_kind_the_form_comes_back_and_says_so(portal, client_file):
    answer = portal["sales"].upload(path(client_file), (b"text", "a.txt"), dated="2026-10-20")
    assert answer.status_code == 422
    assert "请选择文件类型。" in answer.text
    assert "2026-10-20" in answer.text
    without = portal["sales"].send(path(client_file), kind="repair")
    assert without.status_code == 422
    assert "请选择文件。" in without.text


def test_a_date_that_is_none_is_refused(portal, client_file):
    answer = portal["sales"].upload(path(client_file), (b"t", "a.txt"), kind="repair", dated="soon")
    assert answer.status_code == 422
    assert "日期写作 YYYY-MM-DD。" in answer.text


def test_a_file_over_the_limit_is_refused_before_it_is_stored(world):
    world.archive.settings = replace(world.archive.settings, upload_limit=1024 * 1024)
    portal = Portal.of(world)
    customer = world.customer(owner="sales")
    person = portal["sales"]
    for size in (1024 * 1024 + 1, 3 * 1024 * 1024):
        answer = person.upload(path(customer), (b"x" * size, "big.txt"), kind="minutes")
        assert answer.status_code == 413, size
    fits = person.upload(path(customer), (b"x" * 1024 * 1024, "fits.txt"), kind="minutes")
    assert fits.status_code == 302
    assert len(list((world.archive.settings.data / "blobs").rglob("*/*"))) == 1


@pytest.mark.parametrize("over", [1, 3 * 1024 * 1024])
def test_the_row_of_a_file_over_the_limit_says_how_much_is_taken(world, over):
    limit = 2 * 1024 * 1024
    world.archive.settings = replace(world.archive.settings, upload_limit=limit)
    person = Portal.of(world)["sales"]
    customer = world.customer(owner="sales")
    big = (b"x" * (limit + over), "big.txt")
    answer = person.upload(path(customer), big, part=True, kind="minutes")
    assert answer.status_code == 413
    assert answer.text.strip().startswith("<tr")
    assert "文件超过 2 MB。" in answer.text
    page = person.html(f"/upload?customer={customer.id}")
    assert f'data-limit="{limit}" data-large="文件超过 2 MB。"' in page


def test_files_over_the_limit_together_are_refused_with_the_way_on(world):
    world.archive.settings = replace(world.archive.settings, upload_limit=1024 * 1024)
    customer = world.customer(owner="sales")
    files = [(b"x" * 1024 * 1024, f"{n}.txt") for n in range(3)]
    answer = Portal.of(world)["sales"].upload(path(customer), *files, kind="minutes")
    assert answer.status_code == 413
    assert "一次超过 1 MB。请减少文件或换较小的文件。" in answer.text


@pytest.mark.parametrize("login", ["sales", "archivist"])
def test_more_files_than_a_form_takes_at_once_are_refused_with_the_way_on(
    portal, client_file, login
):
    files = [(b"x", f"{n}.txt") for n in range(uploads.TOGETHER + 1)]
    answer = portal[login].upload(path(client_file), *files, kind="minutes")
    assert answer.status_code == 422
    assert f"一次最多提交 {uploads.TOGETHER} 个文件" in answer.text
    assert "ZIP" in answer.text
    with portal.world.archive.db.read() as db:
        assert db.scalars(select(Document.id)).all() == []
        assert db.scalars(select(ImportBatch.id)).all() == []


def test_no_byte_of_an_upload_touches_the_disk_in_clear(world, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    portal = Portal.of(world)
    customer = world.customer(owner="sales")
    answer = portal["sales"].upload(
        path(customer), (CANARY * 100_000, "secret.txt"), kind="minutes"
    )
    assert answer.status_code == 302
    assert list(temporary.iterdir()) == []
    for file in world.archive.settings.data.rglob("*"):
        if file.is_file():
            assert CANARY not in file.read_bytes(), file


def test_only_who_may_add_is_offered_the_form(portal, client_file):
    page = portal["sales"].html(f"/upload?customer={client_file.id}")
    assert "data-upload" in page
    assert 'value="invoice"' not in page
    looker = portal["management"]
    assert "data-upload" not in looker.html(f"/upload?customer={client_file.id}")
    denied = looker.upload(path(client_file), (b"t", "a.txt"), kind="repair")
    assert denied.status_code == 403
    other = portal["sales"].upload(path(client_file), (b"t", "a.txt"), kind="invoice")
    assert other.status_code == 403


def test_the_page_has_words_for_answers_that_are_no_row(portal, client_file):
    person = portal["sales"]
    page = person.html(f"/upload?customer={client_file.id}")
    script = (HERE / "static" / "app.js").read_text("utf-8")
    old = person.client.post(path(client_file), headers={"X-Part": "row"}, data={"kind": "repair"})
    gone = portal.stranger().upload(path(client_file), (b"t", "a.txt"), part=True, kind="repair")
    for answer, name, words in ((old, "old", "重新载入"), (gone, "ended", "重新登录")):
        assert not answer.text.strip().startswith("<tr")
        assert words in found(f'data-{name}="([^"]+)"', page)
        assert f"{answer.status_code}: {name}" in script
    assert "请选择类型" in found('data-untyped="([^"]+)"', page)


def test_a_form_that_breaks_off_leaves_nothing(portal, client_file):
    person = portal["sales"]
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' + CANARY
    answer = person.client.post(
        path(client_file),
        data=body,
        headers={"X-CSRFToken": person.token(), "X-Part": "row"},
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code in (400, 422)
    assert "你还没有上传过文件。" in person.html("/upload")


def test_the_page_lists_what_waits_to_be_filed_for_those_who_file(portal, client_file):
    portal.world.document(client_file.id, "减速机", kind="repair", file_name="维修.txt")
    assert 'id="waiting"' in portal["archivist"].html("/upload")
    assert 'id="waiting"' not in portal["sales"].html("/upload")
    assert "去核对" in portal["archivist"].html("/")


def test_who_has_filed_a_document_is_led_to_those_that_wait(portal, client_file):
    kept = portal.world.document(client_file.id, "减速机", kind="repair", file_name="维修.txt")
    person = portal["archivist"]
    path = f"/documents/{kept.id}"
    answer = person.send(f"{path}/file", version="1", dialog="file")
    assert answer.status_code == 302, answer.text
    page = person.html(str(answer.location))
    toast = found(r'class="toast-x"(.*?)</div>', page)
    assert "已归档。" in toast
    assert "/upload#waiting" in toast
    assert "/upload#waiting" not in person.html(path)
