"""Images of pages and boxes of hits over HTTP: for whoever may read the text, each in the log."""

import io

import pytest
from PIL import Image

from service.codes import Category
from service.permissions import Action
from tests.indexer import pdfs
from tests.logged import entries

LINES = "甲方：苏州焊接机器人有限公司\n更换减速机一台，减速机异响"


def furnish(world):
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    document = world.document(
        customer,
        pdfs.written([LINES, "第二页 减速机"]),
        kind="repair",
        by="sales",
        file_name="维修.pdf",
    ).id
    text = world.document(customer, "只有文字", by="sales").id
    hidden = world.document(
        customer, pdfs.written([LINES]), kind="contract", file_name="合同.pdf"
    ).id
    world.work()
    return document, text, hidden


@pytest.fixture
def document(furnished):
    return furnished[1][0]


def picture(answer):
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "no-store, private"
    return Image.open(io.BytesIO(answer.data)).size


def test_pages_and_the_thumbnail_are_shown(programs, document):
    sales = programs["sales"]
    assert picture(sales.get(f"/documents/{document}/pages/2")) == (910, 1287)
    assert picture(sales.get(f"/documents/{document}/thumbnail")) == (207, 292)


def test_hits_are_boxed_in_the_units_of_the_page_and_numbered_through_the_document(
    programs, document
):
    path = f"/documents/{document}/pages"
    first = programs["sales"].get(f"{path}/1/hits", query_string={"q": "减速机"}).json
    assert (first["n"], round(first["width"]), round(first["height"])) == (1, 595, 842)
    assert (first["total"], [hit["n"] for hit in first["hits"]]) == (3, [1, 2])
    (box,) = first["hits"][0]["boxes"]
    left, top, right = box["quad"][0], box["quad"][1], box["quad"][2]
    assert abs(left - 72) < 2
    assert abs(right - 105) < 2
    assert abs(top - 52) < 3
    assert box["confidence"] is None
    second = programs["sales"].get(f"{path}/2/hits", query_string={"q": "减速机"}).json
    assert [hit["n"] for hit in second["hits"]] == [3]
    none = programs["sales"].get(f"{path}/1/hits", query_string={"q": "没有这个词"}).json
    assert (none["total"], none["hits"]) == (0, [])


def test_a_page_that_nobody_drew_is_being_made_and_then_there(programs):
    world = programs.world
    customer = world.customer(owner="sales").id
    document = world.document(customer, pdfs.thousands(22), by="sales", file_name="a.pdf").id
    world.work()
    path = f"/documents/{document}/pages/22"
    sales = programs["sales"]
    hits = f"{path}/hits?q=page"
    for asked in (path, hits, path):
        answer = sales.get(asked)
        assert (answer.status_code, answer.json) == (202, {"state": "being_made"})
        assert int(answer.headers["Retry-After"]) >= 1
    world.work()
    assert picture(sales.get(path))
    assert len(sales.get(hits).json["hits"]) == 1


@pytest.mark.parametrize("number", ["0", "3", "2147483648", "99999999999999999999", "-1", "x"])
def test_a_page_that_there_is_not_is_absent(programs, document, number):
    assert programs["sales"].get(f"/documents/{document}/pages/{number}").status_code == 404
    assert programs["sales"].get(f"/documents/{document}/pages/{number}/hits").status_code == 404


def test_a_document_without_pages_to_draw_has_no_images(programs, furnished):
    text = furnished[1][1]
    assert programs["sales"].get(f"/documents/{text}/pages/1").status_code == 404
    assert programs["sales"].get(f"/documents/{text}/thumbnail").status_code == 404


def test_a_locked_file_has_no_image_and_is_not_tried_for_ever(programs):
    world = programs.world
    customer = world.customer(owner="sales").id
    content = pdfs.written([LINES], password="secret")
    document = world.document(customer, content, by="sales", file_name="a.pdf").id
    world.work()
    path = f"/documents/{document}/pages/1"
    assert programs["sales"].get(path).status_code == 202
    world.work()
    assert programs["sales"].get(path).status_code == 404


def test_who_may_not_read_the_document_sees_no_page_of_it(programs, furnished):
    hidden = furnished[1][2]
    absent = programs["technical"].get(f"/documents/{'a' * 26}")
    for path in ("pages/1", "thumbnail", "pages/1/hits?q=减速机", "pages/99"):
        answer = programs["technical"].get(f"/documents/{hidden}/{path}")
        assert (answer.status_code, answer.data) == (404, absent.data), path
        assert sorted(answer.headers.items()) == sorted(absent.headers.items()), path
    assert programs["archivist"].get(f"/documents/{hidden}/pages/1").status_code == 200


def test_every_piece_is_in_the_log_with_its_part_before_it_leaves(programs, document):
    sales = programs["sales"]
    sales.get(f"/documents/{document}/pages/2")
    sales.get(f"/documents/{document}/thumbnail")
    sales.get(f"/documents/{document}/pages/1/hits?q=减速机")
    found = [
        (entry["phase"], entry["part"])
        for entry in entries(programs.world, Action.DOCUMENT_READ, decision="allow")
        if "part" in entry
    ]
    assert found == [
        ("outcome", {"page": 2}),
        ("event", {"thumbnail": 1}),
        ("event", {"hits": 1}),
    ]
    assert programs.world.verify().code == 0


def test_an_older_version_shows_its_own_pages(programs, document):
    path = f"/documents/{document}/pages/1"
    assert picture(programs["sales"].get(path, query_string={"version": 1}))
    assert programs["sales"].get(path, query_string={"version": 2}).status_code == 404


def test_a_damaged_image_is_withheld(programs, document, monkeypatch):
    world = programs.world
    path = world.archive.settings.data / "blobs"
    for file in path.rglob("*"):
        if file.is_file() and file.stat().st_size < 500_000:
            data = bytearray(file.read_bytes())
            data[-1] ^= 1
            file.write_bytes(data)
    answer = programs["sales"].get(f"/documents/{document}/pages/1")
    assert (answer.status_code, answer.json["part"]) == (503, "blobs")
