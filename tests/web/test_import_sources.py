"""Imports from a ZIP or a folder of the server: looked at first, shown, then begun by a person."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.blobs.names import object_name
from service.codes import Category
from service.models import Document, ImportBatch
from tests.indexer import sheets, zips
from tests.web.browsing import found
from tests.web.test_imports_page import bare


@pytest.fixture
def client_file(portal):
    return portal.world.customer("宁波望潮汽车零部件有限公司", Category.ACTIVE, owner="sales")


def send_zip(person, content, **fields):
    answer = person.upload("/imports/zip", (content, "交接.zip"), **fields)
    assert answer.status_code == 302, answer.text
    return answer.location


def documents(world):
    with world.archive.db.read() as db:
        return db.query(Document).count()


def stored(world):
    """Return the ids of ZIPs that batches know, and which of them are in the store."""
    there = {one.name for one in world.archive.blobs.list()}
    with world.archive.db.read() as db:
        kept = [(row.blob, row.key_ct) for row in db.query(ImportBatch)]
    return [
        (blob is not None, key is not None, blob is not None and object_name(blob) in there)
        for blob, key in kept
    ]


def test_each_file_of_a_zip_becomes_a_document_once_a_person_says_so(portal, client_file):
    person, world = portal["sales"], portal.world
    raw = "合同/减速机.txt".encode("gbk")
    content = zips.named(raw, "减速机采购".encode())
    place = send_zip(person, content, customer=client_file.id, kind="repair")
    assert 'http-equiv="refresh"' in person.html(place)
    assert stored(world) == [(True, True, True)]
    world.work()
    page = person.html(place)
    assert "可以接收 1 份" in page
    assert "合同" in page
    assert (documents(world), stored(world)) == (0, [(True, True, True)])
    assert person.send(f"{place}/begin").status_code == 302
    world.work()
    page = person.html(place)
    assert "数目相符" in page
    assert page.count("可检索</div>") == 1
    assert documents(world) == 1
    assert stored(world) == [(False, False, False)]
    assert len([*world.archive.blobs.list()]) == 1
    assert person.html("/search?q=减速机采购").count("<article") == 1


def test_where_nothing_can_be_imported_the_preview_says_how_to_go_on(portal):
    person = portal["sales"]
    place = send_zip(person, zips.packed(("减速机.txt", b"text")))
    portal.world.work()
    page = person.html(place)
    assert "这样没有文件可以导入。" in page
    assert "放弃这个批次" in page
    assert "导入 0 份" not in page
    assert "leave_out" not in page


def test_a_list_inside_tells_the_files_apart_and_wrong_lines_are_left_out_knowingly(portal):
    world = portal.world
    mine = world.customer("宁波望潮汽车零部件有限公司", Category.ACTIVE, owner="sales")
    hidden = world.customer("杭州见山机械有限公司", Category.INTENDED, owner="sales2")
    listed = sheets.of_rows(
        ("文件", "客户", "类型", "题名"),
        ("甲.txt", mine.name, "维修记录", "主轴异响"),
        ("乙.txt", hidden.name, "洽谈纪要", "别家"),
        ("丙.txt", "没有这家公司", "洽谈纪要", "无此家"),
        ("丁.txt", mine.name, "不明", ""),
    )
    files = [(f"{name}.txt", f"内容{name}".encode()) for name in "甲乙丙丁"]
    person = portal["sales"]
    place = send_zip(person, zips.packed(("清单.xlsx", listed), *files))
    world.work()
    page = person.html(place)
    assert "清单.xlsx" in page
    assert "不能接收 3 份" in page
    lines = page[page.index('id="preview"') : page.index("</section>", page.index('id="preview"'))]
    told = [lines[lines.index(f">{name}.txt") :].split("</tr>")[0] for name in "乙丙"]
    assert told[0].replace("乙", "丙") == told[1]
    refused = person.send(f"{place}/begin")
    assert refused.status_code == 422
    assert documents(world) == 0
    assert person.send(f"{place}/begin", leave_out="1").status_code == 302
    world.work()
    assert documents(world) == 1
    statement = person.get(f"{place}/statement").data.decode("utf-8-sig")
    rows = {row[1]: row for row in csv.reader(io.StringIO(statement)) if len(row) > 3}
    assert "可检索" in ",".join(rows["甲.txt"])
    assert all("已跳过" in ",".join(rows[f"{name}.txt"]) for name in "乙丙丁")
    assert stored(world) == [(False, False, False)]


def send_list(person, listed, names, **fields):
    said = (json.dumps(names).encode(), "names.json")
    sent = (listed, "移交清单.csv")
    return person.upload("/imports/listed", sent, beside={"names": said}, **fields)


def kept(world):
    """Return of each batch whether a list that came beside it, and its key, are still there."""
    with world.archive.db.read() as db:
        return [
            (row.list_blob is not None, row.list_key_ct is not None)
            for row in db.query(ImportBatch)
        ]


LISTED = (
    "文件,客户,类型,题名\n甲.txt,宁波望潮汽车零部件有限公司,维修记录,主轴异响\n"
    "丙.txt,宁波望潮汽车零部件有限公司,维修记录,\n"
).encode()


def test_a_list_beside_a_zip_counts_and_one_inside_is_a_file_like_the_others(portal, client_file):
    person, world = portal["sales"], portal.world
    inside = ("清单.csv", "文件,类型\n乙.txt,洽谈纪要\n".encode())
    content = zips.packed(inside, ("甲.txt", "谐波减速器".encode()), ("乙.txt", b"b"))
    beside = {"list": (LISTED, "移交.csv")}
    answer = person.upload("/imports/zip", (content, "交接.zip"), beside=beside)
    assert answer.status_code == 302, answer.text
    place = answer.location
    world.work()
    page = person.html(place)
    assert "可以接收 1 份" in page
    assert "不能接收 2 份" in page
    assert "移交.csv" in page
    assert "没有这份文件" in page
    assert (kept(world), documents(world)) == ([(True, True)], 0)
    assert not any(
        "主轴异响".encode() in world.archive.blobs.open(one.name, 0, one.size).read()
        for one in world.archive.blobs.list()
    )
    assert person.send(f"{place}/begin").status_code == 422
    assert person.send(f"{place}/begin", leave_out="1").status_code == 302
    world.work()
    assert "数目相符" in person.html(place)
    assert "主轴异响" in person.html("/search?q=谐波减速器")
    assert (kept(world), stored(world)) == ([(False, False)], [(False, False, False)])
    assert documents(world) == len([*world.archive.blobs.list()]) == 1


@pytest.mark.parametrize(("listed", "status"), [(b"", 422), (b"MZ" + bytes(300), 415)])
def test_a_list_beside_a_zip_that_is_none_is_refused_before_anything_is_stored(
    portal, client_file, listed, status
):
    content = (zips.packed(("甲.txt", b"a")), "交接.zip")
    said = {"customer": client_file.id, "kind": "repair", "beside": {"list": (listed, "移交.csv")}}
    answer = portal["sales"].upload("/imports/zip", content, **said)
    assert answer.status_code == status
    assert 'id="e-list"' in answer.text
    assert (stored(portal.world), [*portal.world.archive.blobs.list()]) == ([], [])


def test_a_list_that_cannot_be_read_says_so_and_goes_with_its_import(portal, client_file):
    person, world = portal["sales"], portal.world
    content = (zips.packed(("甲.txt", b"a")), "交接.zip")
    beside = {"list": (b"name\nx\n", "移交.csv")}
    place = person.upload("/imports/zip", content, beside=beside).location
    world.work()
    assert "每列只能出现一次" in person.html(place)
    assert person.send(f"{place}/discard").status_code == 302
    world.work()
    assert (kept(world), [*world.archive.blobs.list()]) == ([(False, False)], [])


def test_a_list_beside_a_folder_of_the_server_is_read_by_those_alone_who_may_import_it(
    portal, client_file, tmp_path
):
    world = portal.world
    (tmp_path / "交接").mkdir()
    (tmp_path / "交接" / "甲.txt").write_text("谐波减速器说明", "utf-8")
    world.archive.settings = replace(world.archive.settings, import_root=tmp_path / "交接")
    sent = {"folder": "", "beside": {"list": (LISTED, "移交.csv")}}
    assert portal["sales"].upload("/imports/folder", **sent).status_code == 403
    assert [*world.archive.blobs.list()] == []
    person = portal["archivist"]
    place = person.upload("/imports/folder", **sent).location
    world.work()
    page = person.html(place)
    assert "可以接收 1 份" in page
    assert "移交.csv" in page
    assert portal["service_manager"].get(place).status_code == 404
    assert person.send(f"{place}/begin", leave_out="1").status_code == 302
    world.work()
    assert "主轴异响" in person.html("/search?q=谐波减速器")
    assert (kept(world), documents(world)) == ([(False, False)], 1)
    assert world.verify().code == 0


def test_a_list_is_compared_with_a_folder_before_its_files_are_sent(portal, client_file):
    person, world = portal["sales"], portal.world
    files = {"移交/甲/一.txt": "谐波减速器", "移交/二.txt": "焊接节拍", "移交/三.txt": "没有列出"}
    listed = (
        "文件,客户,类型,题名\n甲/一.txt,宁波望潮汽车零部件有限公司,维修记录,主轴异响\n"
        "二.txt,宁波望潮汽车零部件有限公司,2026,\n四.txt,,,\n"
    )
    names = [[name, len(text.encode())] for name, text in files.items()]
    answer = send_list(person, listed.encode("gb18030"), names)
    assert answer.status_code == 302, answer.text
    place = answer.location
    world.work()
    page = person.html(place)
    assert "可以接收 1 份" in page
    assert "移交清单.csv" in page
    assert "没有这个文件类型" in page
    assert person.upload(f"{place}/items/1", (b"x", "x.txt")).status_code == 409
    assert person.send(f"{place}/begin", leave_out="1").status_code == 302
    left = [one for one in person.get(f"{place}/left").json if one["left"]]
    assert [(one["file"], one["size"]) for one in left] == [("移交/甲/一.txt", names[0][1])]
    sent = (files["移交/甲/一.txt"].encode(), "一.txt")
    assert person.upload(f"{place}/items/{left[0]['n']}", sent).status_code == 200
    world.work()
    page = person.html(place)
    assert "数目相符" in page
    assert documents(world) == 1
    assert "主轴异响" in person.html("/search?q=谐波减速器")
    assert stored(world) == [(False, False, False)]


@pytest.mark.parametrize(
    "names",
    [[], {}, [["a"]], [["a", -1]], [["a", "1"]], [[1, 1]], "a", [3], [["a", True]], [["a", 2**60]]],
)
def test_names_that_no_page_sends_are_refused(portal, client_file, names):
    answer = send_list(portal["sales"], b"file\na", names, customer=client_file.id)
    assert answer.status_code == 422
    assert stored(portal.world) == []


def test_half_a_character_in_a_name_is_left_out_of_it(portal, client_file):
    person, world = portal["sales"], portal.world
    listed = "文件,类型\n甲.txt,维修记录\n".encode()
    answer = send_list(person, listed, [["\ud800甲.txt", 1]], customer=client_file.id)
    assert answer.status_code == 302
    world.work()
    assert "可以接收 1 份" in person.html(answer.location)
    person.send(f"{answer.location}/begin")
    assert [one["file"] for one in person.get(f"{answer.location}/left").json] == ["甲.txt"]


@pytest.mark.parametrize("wrong", [{"grade": "bogus"}, {"kind": "bogus"}])
def test_a_kind_or_grade_that_is_none_is_refused_before_anything_is_stored(
    portal, client_file, tmp_path, wrong
):
    world = portal.world
    (tmp_path / "交接").mkdir()
    world.archive.settings = replace(world.archive.settings, import_root=tmp_path / "交接")
    said = {"customer": client_file.id, "kind": "repair"} | wrong
    person = portal["archivist"]
    content = zips.packed(("a.txt", b"a"))
    for answer in (
        person.upload("/imports/zip", (content, "a.zip"), **said),
        send_list(person, b"file\na", [["a", 1]], **said),
        person.send("/imports/folder", folder="", **said),
    ):
        assert answer.status_code == 422
        assert f'id="e-{next(iter(wrong))}"' in answer.text
    assert (stored(world), [*world.archive.blobs.list()]) == ([], [])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (zips.overlapping(), "超出允许的范围"),
        (b"PK\x03\x04" + bytes(300), "已损坏或无法读取"),
        (zips.packed(("清单.csv", "文件,客户\n甲.txt,无\n".encode())), "里面没有文件"),
        (zips.packed(("清单.csv", b"name\nx\n"), ("a.txt", b"a")), "每列只能出现一次"),
    ],
)
def test_a_zip_that_cannot_be_used_says_why_and_is_given_up(portal, client_file, content, sentence):
    person, world = portal["sales"], portal.world
    place = send_zip(person, content, customer=client_file.id, kind="repair")
    world.work()
    assert sentence in person.html(place)
    assert person.send(f"{place}/begin", leave_out="1").status_code == 409
    assert person.send(f"{place}/discard").status_code == 302
    world.work()
    assert (documents(world), stored(world)) == (0, [(False, False, False)])


def test_what_leads_out_of_a_zip_is_locked_or_a_bomb_is_a_file_with_its_reason(portal, client_file):
    person, world = portal["sales"], portal.world
    bomb = ("零.txt", bytes(40 * 1024 * 1024))
    content = zips.packed(("../../逃.txt", b"x"), ("好.txt", b"good"), bomb)
    place = send_zip(person, content, customer=client_file.id, kind="repair")
    world.work()
    assert person.send(f"{place}/begin", leave_out="1").status_code == 302
    world.work()
    page = person.html(place)
    assert "文件名无法保留" in page
    assert "超出" in page[page.index("零.txt") :]
    assert documents(world) == 1
    assert stored(world) == [(True, True, True)]


def test_nobody_begins_a_zip_for_a_week_and_it_is_gone(portal, client_file):
    person, world = portal["sales"], portal.world
    send_zip(person, zips.packed(("a.txt", b"a")), customer=client_file.id, kind="repair")
    world.work()
    with world.archive.db.write() as db:
        db.query(ImportBatch).one().created = datetime.now(UTC) - timedelta(days=8)
    world.work()
    assert stored(world) == [(False, False, False)]
    assert documents(world) == 0


def test_others_learn_nothing_of_an_import_that_is_being_prepared(portal, client_file):
    place = send_zip(
        portal["sales"], zips.packed(("机密.txt", b"a")), customer=client_file.id, kind="repair"
    )
    portal.world.work()
    for login in ("sales2", "auditor", "finance", "technical"):
        person = portal[login]
        for answer in (
            person.get(place),
            person.send(f"{place}/begin"),
            person.send(f"{place}/discard"),
        ):
            assert answer.status_code == 404, login
            assert "机密" not in answer.text
    for login in ("auditor", "hr"):
        assert portal[login].get("/imports/new").status_code == 403
        answer = portal[login].upload("/imports/zip", (zips.packed(("a.txt", b"a")), "a.zip"))
        assert answer.status_code == 403
    hidden = portal.world.customer("杭州见山机械有限公司", Category.INTENDED, owner="sales2").id
    person, content = portal["sales"], zips.packed(("a.txt", b"a"))
    told = []
    for customer in (hidden, "a" * 26):
        answer = person.upload("/imports/zip", (content, "a.zip"), customer=customer)
        assert answer.status_code == 404
        told.append(re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text))
    assert told[0] == told[1]


def test_nobody_oversees_an_import_of_which_it_is_not_known_what_is_in_it(portal, client_file):
    world, person = portal.world, portal["sales"]
    unread = send_zip(person, b"PK\x03\x04" + bytes(300), customer=client_file.id, kind="repair")
    listed = zips.packed(("清单.csv", "文件,客户\n甲.txt,机密客户\n".encode()), ("甲.txt", b"a"))
    shown = send_zip(person, listed, customer=client_file.id, kind="repair")

    def absent() -> None:
        for login in ("archivist", "service_manager"):
            none = bare(portal[login].get(f"/imports/{'a' * 26}"))
            for place in (unread, shown):
                assert bare(portal[login].get(place)) == none, (login, place)
                assert portal[login].send(f"{place}/begin").status_code == 404

    absent()
    world.work()
    absent()
    for place in (unread, shown):
        assert person.send(f"{place}/discard").status_code == 302
    world.work()
    absent()


def test_folders_of_the_server_are_offered_to_those_alone_who_look_after_the_archive(
    portal, client_file, tmp_path
):
    world = portal.world
    (tmp_path / "交接" / "第一批").mkdir(parents=True)
    (tmp_path / "交接" / "第一批" / "说明.txt").write_text("谐波减速器说明", "utf-8")
    assert "服务器上的文件夹" not in portal["archivist"].html("/imports/new")
    world.archive.settings = replace(world.archive.settings, import_root=tmp_path / "交接")
    for login in ("sales", "service_officer"):
        page = portal[login].html("/imports/new")
        assert "第一批" not in page
        answer = portal[login].send("/imports/folder", folder="第一批", kind="repair")
        assert answer.status_code == 403
    person = portal["archivist"]
    assert "第一批" in person.html(f"/imports/new?customer={client_file.id}")
    for wrong in ("..", "没有", "第一批/.."):
        assert person.get(f"/imports/new?folder={wrong}").status_code == 404
    answer = person.send("/imports/folder", folder="第一批", kind="repair", customer=client_file.id)
    assert answer.status_code == 302
    world.work()
    assert "可以接收 1 份" in person.html(answer.location)
    person.send(f"{answer.location}/begin")
    world.work()
    assert "数目相符" in person.html(answer.location)
    assert person.html("/search?q=谐波减速器说明").count("<article") == 1


def test_a_file_that_is_no_zip_is_refused_beside_its_field(portal, client_file):
    answer = portal["sales"].upload(
        "/imports/zip", (b"plain", "a.zip"), customer=client_file.id, kind="repair"
    )
    assert answer.status_code == 415
    assert "这不是 ZIP 文件" in answer.text
    assert found(r'name="customer" value="(\w+)"', answer.text) == client_file.id
