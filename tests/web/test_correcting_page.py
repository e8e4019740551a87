"""Recognised text corrected on its page: beside the image, with what was typed kept."""

import re

import pytest

from service.codes import Category
from service.permissions import Action
from tests.indexer import pdfs
from tests.logged import entries
from tests.recognised import scan
from tests.web.browsing import form

FIRST = [("更换减迷机一台", 0.55), ("乙方：苏州焊接", 0.97)]
CORRECTED = "更换减速机一台\r\n乙方：苏州焊接\r\n补充：无"


def furnish(world):
    customer = world.customer(category=Category.ACTIVE, owner="sales").id
    made = {
        "scan": scan(world, customer, FIRST, [("第二页", 0.98)], by="sales").id,
        "hidden": scan(world, customer, FIRST, kind="contract").id,
        "typed": world.document(
            customer, pdfs.written(["减速机"]), by="sales", file_name="a.pdf"
        ).id,
    }
    world.work()
    return made


@pytest.fixture
def made(furnished):
    return furnished[1]


def place(document, no=1):
    return f"/documents/{document}/pages/{no}/correct?version=1"


def typed(person, document, text, *, seen=None):
    """Send the form of a page as somebody filled it in."""
    fields = form(person.html(place(document)), place(document))
    fields["text"] = [text]
    fields["seen"] = [seen] if seen else fields["seen"]
    return person.send(place(document), **{name: said[0] for name, said in fields.items()})


def test_the_page_offers_it_where_text_was_recognised_to_who_may(portal, made):
    page = portal["sales"].html(f"/documents/{made['scan']}")
    assert page.count(">更正文字<") + page.count(" 更正文字</a>") == 2
    assert f'href="{place(made["scan"], 2)}"' in page
    assert "更正文字" not in portal["sales"].html(f"/documents/{made['typed']}")
    assert "更正文字" not in portal["management"].html(f"/documents/{made['scan']}")


def test_the_field_holds_the_text_beside_its_image_and_names_doubtful_lines(portal, made):
    page = portal["sales"].html(place(made["scan"]))
    assert form(page, place(made["scan"]))["text"] == ["更换减迷机一台\n乙方：苏州焊接"]
    assert f'<img src="/documents/{made["scan"]}/pages/1?version=1"' in page
    assert re.search(r'<a href="#line-1-1">更换减迷机一台</a> <span[^>]*>把握 55%', page)
    assert '<g class="box" id="line-1-1">' in page


def test_a_saved_correction_shows_and_is_found_and_its_history_says_so(portal, made):
    sales = portal["sales"]
    answer = typed(sales, made["scan"], CORRECTED)
    assert answer.status_code == 302, answer.text
    assert answer.location.endswith("?version=1#page-1")
    portal.world.work()
    page = sales.html(f"/documents/{made['scan']}?q=减速机")
    assert "更正已保存" in page
    assert "<span>更正</span>" in page
    assert '<a id="hit-1" class="box"' in page
    assert made["scan"] in sales.html("/search?q=减速机一台")
    history = sales.html(f"/documents/{made['scan']}/text/history")
    assert "更换减<del>迷</del>机一台" in history
    assert "更换减<ins>速</ins>机一台" in history
    assert "SALES" in history
    assert re.search(r"版次 2 与版次 1 的差异", history)


def test_the_log_has_all_of_a_long_correction(portal, made):
    long = "\n".join(f"{n:04} 减速机回差复测" for n in range(1200))
    assert 10_000 < len(long) < 20_000
    assert typed(portal["sales"], made["scan"], long).status_code == 302
    corrected = entries(portal.world, Action.DOCUMENT_EDIT)[-1]
    assert corrected["detail"]["after"] == long


def test_a_hit_that_has_no_place_on_the_image_is_said_to_have_none(portal, made):
    typed(portal["sales"], made["scan"], CORRECTED)
    page = portal["sales"].html(f"/documents/{made['scan']}?q=补充")
    assert "1 处命中在更正后的文字里，影像上没有对应的位置" in page
    assert '<mark id="hit-1">补充</mark>' in page


def test_going_back_is_a_further_revision(portal, made):
    sales = portal["sales"]
    typed(sales, made["scan"], CORRECTED)
    path = f"/documents/{made['scan']}/text/history"
    sent = {"seen": "1.2", "revision": "1"}
    assert "采用此版次" in sales.html(path)
    assert sales.send(f"{path}?version=1", **sent).status_code == 302
    page = sales.html(path)
    assert "来自版次 1" in page
    assert "已采用这一版文字" in page
    assert "减迷机" in sales.html(f"/documents/{made['scan']}")
    late = sales.send(f"{path}?version=1", seen="1.2", revision="2")
    assert (late.status_code, "有人" in late.text) == (412, True)
    assert sales.send(path, seen="1.3", revision="x").status_code == 404


def test_of_two_people_the_second_keeps_what_was_typed_and_sees_what_the_first_wrote(portal, made):
    first, second = portal["sales"], portal["archivist"]
    assert "seen" in form(second.html(place(made["scan"])), place(made["scan"]))
    assert typed(first, made["scan"], "甲写的文字").status_code == 302
    answer = typed(second, made["scan"], "乙写的<b>文字", seen="1.1")
    assert answer.status_code == 412
    assert "你输入的文字保留在下面" in answer.text
    kept = form(answer.text, place(made["scan"]))
    assert (kept["text"], kept["seen"]) == (["乙写的<b>文字"], ["1.2"])
    assert "<del>甲</del>写的" in answer.text
    assert "甲写的文字" in first.html(f"/documents/{made['scan']}")
    assert typed(second, made["scan"], "乙写的文字").status_code == 302
    assert "乙写的文字" in first.html(f"/documents/{made['scan']}")


@pytest.mark.parametrize(
    ("text", "words"),
    [(" \r\n", "页面文字不能为空"), ("长" * 50_001, "每页文字最多 50000 字")],
    ids=["empty", "too long"],
)
def test_what_cannot_be_a_text_is_refused_in_words_and_kept(portal, made, text, words):
    answer = typed(portal["sales"], made["scan"], text)
    assert answer.status_code == 422
    assert words in answer.text
    assert form(answer.text, place(made["scan"]))["text"][0].strip() == text.strip()


def test_who_may_not_correct_or_not_even_read_it_gets_no_form(portal, made):
    assert portal["management"].get(place(made["scan"])).status_code == 403
    assert portal["sales"].get(place(made["typed"])).status_code == 409
    technical = portal["technical"]
    for path in (place(made["hidden"]), f"/documents/{made['hidden']}/text/history"):
        for answer in (technical.get(path), technical.send(path, seen="1.1", text="x")):
            assert answer.status_code == 404
            assert "减迷机" not in answer.text
    assert portal["management"].send(place(made["scan"]), seen="1.1", text="x").status_code == 403
    assert "采用此版次" not in portal["management"].html(f"/documents/{made['scan']}/text/history")
    assert portal["sales"].get(place(made["scan"], 9)).status_code == 404
