"""The results page: hits with marks, facets, chips, pages, and the number it is logged under."""

import re

import pytest

from service.codes import Category
from tests.web.browsing import found


@pytest.fixture
def indexed(portal):
    world = portal.world
    customer = world.customer("宁波望潮汽车零部件有限公司", Category.ACTIVE, owner="sales")
    for n in range(3):
        world.document(customer.id, f"第{n}次 J4 轴减速机异响，已更换。", kind="repair")
    world.document(customer.id, "减速机报价", kind="quotation", file_name="报价.txt")
    world.work()
    return customer


def test_hits_show_their_marks_pages_and_customer(portal, indexed):
    page = portal["archivist"].html("/search?q=减速机 异响")
    assert page.count("<article") == 3
    assert page.count("<mark>减速机异响</mark>") == 3
    assert "宁波望潮汽车零部件有限公司" in page
    assert re.search(r'href="/documents/\w+\?q=[^"]+#page-1"', page)


def test_no_result_page_is_without_its_number(portal, indexed):
    for login in ("archivist", "sales2", "technical"):
        for path in ("/search?q=减速机", "/search?q=没有的词", "/search", "/search?page=999"):
            page = portal[login].html(path)
            assert re.search(r"查询日志 <b>(<a [^>]+>)?第 \d+ 号", page), (login, path)


def test_the_total_and_facets_are_those_of_this_person(portal, indexed):
    archivist = portal["archivist"].html("/search?q=减速机")
    assert "4 份文件" in archivist
    assert 'value="repair"' in archivist
    lawyer = portal["legal"].html("/search?q=减速机")
    assert "1 份文件" in lawyer
    assert "报价" in lawyer
    assert 'value="repair"' not in lawyer


def test_a_filter_is_a_chip_that_one_click_removes(portal, indexed):
    page = portal["archivist"].html("/search?q=减速机&kind=repair&grade=general")
    chips = re.findall(r'<a class="chip" href="([^"]+)"', page)
    assert len(chips) == 2
    assert any("grade=general" in c and "kind" not in c for c in chips)
    assert "文件类型：维修记录" in page


def test_a_chosen_value_stays_visible_at_zero(portal, indexed):
    page = portal["archivist"].html("/search?q=减速机&year=1999")
    assert re.search(r'name="year" value="1999" checked', page)


def test_an_empty_answer_tells_how_words_are_read(portal, indexed):
    page = portal["sales2"].html("/search?q=减速机 没有这个词")
    assert "各词须同时出现" in page
    assert "各词须同时出现" not in portal["sales2"].html("/search?q=&year=1999")
    long = portal["sales2"].html("/search?q=" + "长" * 100)
    assert "长" * 79 + "…”" in long


def test_dates_the_wrong_way_round_are_named(portal, indexed):
    page = portal["archivist"].html("/search?q=减速机&from=2026-02-01&to=2026-01-01")
    assert "起始日期晚于截止日期，请改其中之一。" in page
    right = portal["archivist"].html("/search?q=减速机&from=2030-01-01&to=2030-01-01")
    assert "起始日期晚于" not in right


def test_an_empty_answer_offers_ways_on_and_hints_at_nothing(portal, indexed):
    page = portal["sales2"].html("/search?q=减速机&kind=repair")
    assert "没有同时符合条件的文件" in page
    assert "去掉 1 个筛选条件" in page
    assert "望潮" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/search?sort=nonsense&q=x",
        "/search?q=%00",
        "/search?q=" + "减" * 1500,
        "/search?q=AND+OR+NOT+%22",
        "/search?year=abc&category=nonsense&from=yesterday&to=2026-99-99",
        "/search?page=0&page=-3&cursor=",
        "/search?q=*:*&index=guidang-*",
    ],
)
def test_a_strange_address_has_an_answer(portal, path):
    assert portal["archivist"].get(path).status_code == 200


@pytest.mark.parametrize("path", ["/search?q=x&sort=newest&cursor=forged", "/search?page=99&q=x"])
def test_a_forged_position_is_refused_or_empty(portal, path):
    assert portal["archivist"].get(path).status_code in (200, 422)


def test_pages_are_numbered_by_relevance_and_go_on_by_date(portal):
    customer = portal.world.customer(owner="sales")
    for n in range(23):
        portal.world.document(customer.id, f"焊接单元第{n}号", kind="letter")
    portal.world.work()
    person = portal["archivist"]
    first = person.html("/search?q=焊接单元")
    assert "第 1–20 份，共 23 份" in first
    second = person.html("/search?q=焊接单元&page=2")
    assert second.count("<article") == 3
    newest = person.html("/search?q=焊接单元&sort=newest")
    onwards = found(r'href="([^"]+cursor=[^"]+)" rel="next"', newest)
    assert person.html(onwards).count("<article") == 3


def test_recent_searches_are_shown_at_home_until_they_are_cleared(portal, indexed):
    person = portal["archivist"]
    person.html("/search?q=减速机 异响")
    assert "减速机 异响" in person.html("/")
    assert "减速机 异响" not in portal["archivist2"].html("/")
    person.send("/recent/clear")
    assert "减速机 异响" not in person.html("/")


def test_a_document_that_is_not_filed_says_so(portal, indexed):
    assert portal["archivist"].html("/search?q=减速机").count("未归档") == 4
