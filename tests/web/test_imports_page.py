"""Imports at the portal: a batch with its own page, its statement, and what people decide there."""

import csv
import io
import json
import re

import pytest

from service.codes import Category
from service.models import ImportItem
from tests.indexer.test_worker import encrypted_pdf
from tests.service.test_viruses import EICAR
from tests.web.browsing import found
from tests.web.test_escaping import PAYLOADS, dangers

FILES = {"合同/主合同.txt": "减速机采购", "合同/附件.txt": "供货范围", "纪要.txt": "更换后恢复"}


@pytest.fixture
def client_file(portal):
    return portal.world.customer("宁波望潮汽车零部件有限公司", Category.ACTIVE, owner="sales")


def announce(person, customer, files, kind="repair"):
    """Announce files as the page's script does; return where the batch is."""
    said = [
        {"file": name, "size": len(data(text)), "kind": kind, "grade": "", "dated": "2026-10-20"}
        for name, text in files.items()
    ]
    answer = person.client.post(
        f"/customers/{customer.id}/imports",
        data=json.dumps(said),
        headers={
            "Content-Type": "application/json",
            "X-CSRFToken": person.token(),
            "X-Part": "row",
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json["place"]


def data(text):
    return text if isinstance(text, bytes) else text.encode()


def send(person, place, files):
    """Send all files of a batch as the page's script does; return their rows."""
    rows = []
    for n, (name, text) in enumerate(files.items(), 1):
        answer = person.upload(f"{place}/items/{n}", (data(text), name.rpartition("/")[2]))
        assert answer.status_code == 200, answer.text
        rows.append(answer.text)
    return rows


def left(person, place):
    return [one["n"] for one in json.loads(person.html(f"{place}/left")) if one["left"]]


def statement(person, place):
    answer = person.get(f"{place}/statement")
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_announced_files_come_to_a_page_of_their_own_and_the_sums_agree(portal, client_file):
    person = portal["sales"]
    place = announce(person, client_file, FILES)
    page = person.html(place)
    assert re.search(r"批次 PC-\d{8}-01", page)
    assert "还有 3 份文件未到" in page
    assert "宁波望潮汽车零部件有限公司" in page
    rows = send(person, place, FILES)
    assert all(row.strip().startswith("<tr") for row in rows)
    portal.world.work()
    page = person.html(place)
    assert page.count("可检索</div>") == 3
    assert "数目相符" in page
    assert "还有" not in page
    assert person.html("/search?q=减速机采购").count("<article") == 1
    assert "PC-" in person.html("/upload")
    said = statement(person, place)
    assert len(set(said[0])) == len(said[0])
    assert [row[1] for row in said[1:4]] == list(FILES)
    assert all(len(row[3]) == 64 for row in said[1:4])
    sums = {row[0]: (int(row[1]), int(row[2])) for row in said if len(row) == 3}
    assert sums["应到"] == (3, sum(len(data(text)) for text in FILES.values()))
    assert sums["应到"] == tuple(
        sum(pair[n] for name, pair in sums.items() if name != "应到") for n in (0, 1)
    )


def test_a_locked_file_leads_to_where_its_password_is_asked_for(portal, client_file):
    person, files = portal["sales"], {"锁.pdf": encrypted_pdf(), "空.txt": ""}
    place = announce(person, client_file, files)
    send(person, place, files)
    portal.world.work()
    page = person.html(place)
    path = found(r'href="(/documents/[^"#]+)#f-password"', page)
    assert page.count("#f-password") == 1
    assert 'id="f-password"' in person.html(path)


def test_several_files_of_one_form_are_an_import_without_script(portal, client_file):
    person = portal["sales"]
    answer = person.upload(
        f"/customers/{client_file.id}/documents",
        ("一份".encode(), "一.txt"),
        (b"", "空.txt"),
        (EICAR, "病毒.txt"),
        kind="repair",
    )
    assert answer.status_code == 302
    page = person.html(answer.location)
    assert "文件是空的。" in page
    assert "含有病毒。" in page
    assert page.count("data-wait") == 1
    assert "重试失败的 2 份" in page


def test_files_that_are_missing_are_sent_by_form_and_told_by_name_and_size(portal, client_file):
    person = portal["sales"]
    place = announce(person, client_file, FILES)
    other = person.upload(f"{place}/files", ("别的".encode(), "纪要.txt"))
    assert other.status_code == 422
    assert "这些文件不在本批次应到之列。" in other.text
    came = person.upload(f"{place}/files", (data(FILES["纪要.txt"]), "纪要.txt"))
    assert came.status_code == 302
    assert left(person, place) == [1, 2]


def test_of_two_files_with_one_name_none_is_taken_for_the_other(portal, client_file):
    person = portal["sales"]
    files = {"甲箱/说明.txt": "第一箱", "乙箱/说明.txt": "第二箱"}
    place = announce(person, client_file, files)
    person.upload(f"{place}/items/1", (data("第一箱"), "说明.txt"))
    again = person.upload(f"{place}/files", (data("第一箱"), "说明.txt"))
    assert again.status_code == 422
    assert left(person, place) == [2]


def test_a_stopped_import_takes_nothing_and_goes_on(portal, client_file):
    person = portal["sales"]
    place = announce(person, client_file, FILES)
    assert person.send(f"{place}/stop").status_code == 302
    refused = person.upload(f"{place}/items/1", (data(FILES["合同/主合同.txt"]), "主合同.txt"))
    assert refused.status_code == 409
    assert person.send(f"{place}/stop").status_code == 409
    assert person.send(f"{place}/resume").status_code == 302
    send(person, place, FILES)
    assert person.html(f"{place}?sort=received").count("<tr id=") == 3


def test_what_failed_is_retried_or_left_out(portal, client_file):
    person = portal["sales"]
    files = {"空.txt": "", "好.txt": "好"}
    place = announce(person, client_file, files)
    rows = send(person, place, files)
    assert "文件是空的。" in rows[0]
    assert person.send(f"{place}/items/1/retry").status_code == 302
    assert left(person, place) == [1]
    assert person.send(f"{place}/items/1/skip").status_code == 302
    page = person.html(f"{place}?sort=skipped")
    assert page.count("<tr id=") == 1
    assert "数目相符" in page


def test_the_same_content_as_another_document_becomes_its_version_or_is_left_out(
    portal, client_file
):
    world, person = portal.world, portal["sales"]
    there = world.document(
        client_file.id, "同一内容", kind="repair", by="sales", file_name="甲.txt"
    )
    files = {"乙.txt": "同一内容", "丙.txt": "同一内容", "甲.txt": "同一内容"}
    place = announce(person, client_file, files)
    rows = send(person, place, files)
    assert "你此前已上传过这份文件" in rows[2]
    assert there.id in rows[0]
    took = person.send(f"{place}/items/1/as-version", other=there.id)
    assert took.status_code == 302
    assert person.send(f"{place}/items/2/skip").status_code == 302
    assert world.shown(there.id, "sales").version.no == 2
    page = person.html(place)
    assert "数目相符" in page
    assert page.count("已撤回") == 0


def test_the_kind_of_what_came_is_changed_on_the_page(portal, client_file):
    person = portal["sales"]
    place = announce(person, client_file, {"甲.txt": "内容", "乙.txt": "其他"})
    send(person, place, {"甲.txt": "内容", "乙.txt": "其他"})
    assert person.send(f"{place}/items/1/kind", **{"kind": "letter", "was.kind": "repair"})
    row = person.html(f"{place}/rows?n=1")
    assert '<option value="letter" selected>' in row
    late = person.send(f"{place}/items/1/kind", **{"kind": "minutes", "was.kind": "repair"})
    assert late.status_code == 412


def test_the_statement_holds_no_formula(portal, client_file):
    person = portal["sales"]
    files = {'=HYPERLINK("x").txt': "甲", "+1.txt": "乙", "@SUM.txt": "丙", "＝1.txt": "丁"}
    place = announce(person, client_file, files)
    names = [row[1] for row in statement(person, place)[1:5]]
    assert names == ["'" + name for name in files]


def test_an_import_of_another_person_looks_absent(portal, client_file):
    place = announce(portal["sales"], client_file, FILES)
    batch = place.rpartition("/")[2]
    for login in ("sales2", "service_officer", "finance"):
        person = portal[login]
        for path in ("", "/sums", "/rows?n=1", "/left", "/statement"):
            shown, absent = (person.get(f"/imports/{i}{path}") for i in (batch, "a" * 26))
            assert shown.status_code == absent.status_code == 404, path
            assert bare(shown) == bare(absent), path
        for path in ("stop", "retry", "items/1/skip", "items/1/kind"):
            shown, absent = (person.send(f"/imports/{i}/{path}") for i in (batch, "a" * 26))
            assert shown.status_code == 404, path
            assert bare(shown) == bare(absent), path
        sent = person.upload(f"{place}/items/1", (b"x", "x.txt"))
        assert sent.status_code == 404
    assert "主合同" in portal["archivist"].html(place)
    assert "批次" in portal["service_manager"].html(place)
    assert portal["archivist"].send(f"{place}/stop").status_code == 403


def test_who_oversees_finds_the_imports_of_others_by_whom_they_are(portal, client_file):
    world = portal.world
    place = announce(portal["sales"], client_file, FILES)
    hidden = announce(portal["archivist"], client_file, {"机密.txt": "机密"})
    with world.archive.db.write() as db:
        batch = hidden.rpartition("/")[2]
        db.query(ImportItem).filter_by(batch=batch).update({"grade": "top"})
    page = portal["service_manager"].html("/imports")
    assert f'href="{place}"' in page
    assert re.search(r'<span lang="zh">SALES</span>', page)
    assert hidden not in page
    assert "ARCHIVIST" not in page
    assert f'href="{place}"' in portal["sales"].html("/imports")
    for login in ("sales2", "service_officer"):
        page = portal[login].html("/imports")
        assert "还没有批量导入" in page
        assert "/imports/" not in page.replace("/imports/new", "")
    assert portal["auditor"].get("/imports").status_code == 403
    assert 'href="/imports"' in portal["archivist"].html("/upload")


def test_many_imports_are_listed_page_by_page(portal, client_file):
    person = portal["sales"]
    places = [announce(person, client_file, {f"{n}.txt": "内容"}) for n in range(21)]
    first, second = person.html("/imports"), person.html("/imports?page=2")
    assert [place for place in places if f'"{place}"' in first] == places[1:]
    assert [place for place in places if f'"{place}"' in second] == places[:1]
    assert 'rel="next"' in first
    assert 'rel="next"' not in second
    assert "还没有批量导入" in person.html("/imports?page=9")


def bare(answer):
    headers = sorted((k, v) for k, v in answer.headers if k not in ("Set-Cookie", "Date"))
    return answer.status_code, headers, re.sub(r'value="[^"]{60,}"', "", answer.text)


def test_what_may_not_be_read_any_more_shows_neither_title_nor_client(portal, client_file):
    world, person = portal.world, portal["sales"]
    place = announce(person, client_file, {"甲.txt": "内容"})
    send(person, place, {"甲.txt": "内容"})
    document = found(r'href="/documents/(\w+)"', person.html(place))
    world.edit(document, "archivist", title="并购秘密", grade="top")
    other = world.customer("秘密客户有限公司", Category.ACTIVE, owner="sales2")
    page = person.html(place)
    assert "甲.txt" in page
    for hidden in ("并购秘密", other.name, f"/documents/{document}"):
        assert hidden not in page
    assert document not in portal["sales"].get(f"{place}/statement").text


def test_who_may_not_import_adds_files_one_by_one(portal):
    customer = portal.world.customer("丙有限公司", Category.ACTIVE, owner="sales")
    person = portal["finance"]
    assert "data-imports" not in person.html("/upload")
    answer = person.upload(
        f"/customers/{customer.id}/documents",
        ("一".encode(), "一.txt"),
        ("二".encode(), "二.txt"),
        kind="invoice",
    )
    assert answer.status_code == 302
    assert "/imports/" not in answer.location


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_name_of_an_imported_file_runs_nowhere(portal, client_file, payload):
    person = portal["sales"]
    place = announce(person, client_file, {f"{payload}/{payload}.txt": "内容"})
    send(person, place, {f"{payload}.txt": "内容"})
    for path in (place, f"{place}/rows?n=1", f"{place}?sort={payload}"):
        assert dangers(person.get(path).text) == [], path


def test_an_announcement_that_cannot_be_meant_so_is_refused(portal, client_file):
    person = portal["sales"]
    whole = '[{{"file":"a","size":{},"kind":"repair","grade":"","dated":""}}]'
    sizes = [whole.format(size) for size in ("-1", "true", str(2**60), str(2**70))]
    for said in ("{}", "[{}]", '[{"file": 1}]', "no", *sizes):
        headers = {"Content-Type": "application/json", "X-CSRFToken": person.token()}
        answer = person.client.post(
            f"/customers/{client_file.id}/imports", data=said, headers=headers
        )
        assert answer.status_code == 422, said
    assert 'id="imports"' not in person.html("/upload")


def test_half_a_character_in_an_announced_name_is_left_out_of_it(portal, client_file):
    person = portal["sales"]
    place = announce(person, client_file, {"\ud800甲\udfff.txt": "甲", "\udcff": "乙"})
    names = [row[1] for row in statement(person, place)[1:3]]
    assert names == ["甲.txt", "file"]
