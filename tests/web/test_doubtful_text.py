"""How sure recognised text is: said of documents, pages and lines, and nothing where none was."""

import re

import pytest

from service.codes import Category
from tests.indexer import pdfs
from tests.recognised import scan

SURE = [("更换减速机一台", 0.99), ("验收合格", 0.98)]
UNSURE = [("客户：苏州焊接", 0.97), ("故障：减迷机异响", 0.41)]


def furnish(world):
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    typed = world.document(customer, pdfs.written(["减速机"]), by="sales", file_name="a.pdf").id
    documents = {
        "scan": scan(world, customer, SURE, UNSURE, by="sales", name="存疑.tif").id,
        "good": scan(world, customer, SURE, by="sales", name="清楚.tif").id,
        "hidden": scan(world, customer, UNSURE, kind="contract", name="合同.tif").id,
        "typed": typed,
    }
    world.work()
    return documents


@pytest.fixture
def documents(furnished):
    return furnished[1]


def test_a_document_says_how_sure_its_text_is_and_which_pages_to_look_at_again(portal, documents):
    page = portal["sales"].html(f"/documents/{documents['scan']}")
    assert "识别平均置信 80%" in page
    assert re.search(r'识别存疑，建议复看[^<]*<a href="#page-2">第 2 页</a>', page)
    first, second = page.split('id="page-2"')
    assert "识别存疑，建议复看</span>" not in first
    assert "识别存疑，建议复看</span>" in second
    good = portal["sales"].html(f"/documents/{documents['good']}")
    assert "识别平均置信 98%" in good
    assert "存疑" not in good


def test_a_doubtful_line_says_so_and_leads_to_its_box_on_the_page(portal, documents):
    page = portal["sales"].html(f"/documents/{documents['scan']}?q=异响")
    line = re.search(
        r'<a class="unsure" href="#(line-2-1)" title="识别存疑，置信 41%">(.*?)</a>', page
    )
    assert line
    assert line[2].startswith('故障：减迷机<mark id="text-1">异响</mark>')
    assert "（识别存疑，置信 41%）" in line[2]
    assert re.search(rf'<g class="box" id="{line[1]}"><polygon points="20.0 40.0 ', page)
    assert page.count('class="unsure"') == 1


def test_the_list_of_uploads_says_what_to_look_at_again(portal, documents):
    rows = portal["sales"].html("/upload").split("<tr ")
    (doubtful,) = (row for row in rows if "识别置信 80%，建议复看" in row)
    assert "存疑.tif" in doubtful
    assert documents["scan"] in doubtful


def test_programs_get_it_as_numbers_and_null_where_nothing_was_recognised(programs, documents):
    sales = programs["sales"]
    shown = sales.get(f"/documents/{documents['scan']}").json
    assert shown["confidence"] == shown["versions"][0]["confidence"] == 0.8046
    text = sales.get(f"/documents/{documents['scan']}/text").json
    assert text["confidence"] == 0.8046
    assert [(page["origin"], page["confidence"]) for page in text["pages"]] == [
        ("ocr", 0.9864),
        ("ocr", 0.6713),
    ]
    typed = sales.get(f"/documents/{documents['typed']}/text").json
    assert (typed["confidence"], typed["pages"][0]["confidence"]) == (None, None)
    assert sales.get(f"/documents/{documents['typed']}").json["confidence"] is None


def test_of_a_text_layer_nothing_is_said(portal, documents):
    page = portal["sales"].html(f"/documents/{documents['typed']}")
    assert "识别" not in page


def test_who_may_not_read_the_text_is_not_told_how_sure_it_is(portal, documents):
    assert documents["hidden"] not in portal["technical"].html("/upload")
    hidden = portal["technical"].get(f"/documents/{documents['hidden']}")
    assert hidden.status_code == 404
    assert "置信" not in hidden.text
