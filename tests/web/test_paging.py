"""Long lists: every page has a way back, without script, to the page before and to the first."""

import re
from html import unescape

import pytest

from tests.web.browsing import Person, Portal
from tests.world import World
from web.paging import KEPT


def furnish(world: World) -> None:
    """Fill what is listed in pages of 50 clients and 20 results."""
    customer = world.customer(filed=True)
    for n in range(45):
        world.document(customer.id, f"第 {n} 份巡检记录")
    for n in range(110):
        world.customer(f"宁波第{n}号试验有限公司")
    world.work()


def link(page: str, sign: str) -> str | None:
    """Return where the link with this sign (its relation, or its word) leads."""
    links = re.findall(r'<a class="btn btn-2 btn-s" href="([^"]+)"([^>]*)>([^<]*)</a>', page)
    return next((unescape(href) for href, more, word in links if sign in more + word), None)


def listed(page: str) -> list[str]:
    return re.findall(r'data-hit[> ].*?href="([^"]+)"', page, re.DOTALL)


def walk(person: Person, start: str) -> list[tuple[str, list[str]]]:
    """Follow the links onwards to the end; return each page's address and what it lists."""
    pages, address = [], start
    while address:
        page = person.html(address)
        pages.append((address, listed(page)))
        address = link(page, 'rel="next"') or ""
    return pages


@pytest.mark.parametrize(
    ("start", "count"), [("/customers?sort=name", 111), ("/search?q=巡检&sort=newest", 45)]
)
def test_every_page_of_a_list_leads_back_to_the_one_before_and_to_the_first(
    portal: Portal, start: str, count: int
) -> None:
    person = portal["archivist"]
    pages = walk(person, start)
    assert len(pages) == 3
    assert len({item for _, items in pages for item in items}) == count
    for place in (2, 1):
        page = person.html(pages[place][0])
        earlier, first = link(page, 'rel="prev"'), link(page, "第一页")
        assert earlier
        assert listed(person.html(earlier)) == pages[place - 1][1]
        assert first
        assert listed(person.html(first)) == pages[0][1]
    assert link(person.html(start), 'rel="prev"') is None
    assert link(person.html(start), "第一页") is None


def test_the_log_leads_back_to_newer_entries_with_its_filters(portal: Portal) -> None:
    auditor = portal["auditor"]
    address = "/log?action=customer.create"
    pages = walk(auditor, address)
    assert len(pages) == 3
    earlier = link(auditor.html(pages[2][0]), 'rel="prev"')
    assert earlier
    assert listed(auditor.html(earlier)) == pages[1][1]
    assert "action=customer.create" in earlier


def test_an_address_keeps_a_limited_way_back_and_never_takes_another_page_for_the_first(
    portal: Portal,
) -> None:
    person = portal["archivist"]
    onwards = link(person.html("/customers"), 'rel="next"')
    assert onwards
    cursor = onwards.partition("cursor=")[2]
    long = "/customers?" + "&".join([f"cursor={cursor}"] * KEPT)
    further = link(person.html(long), 'rel="next"')
    assert further
    assert further.count("cursor=") == KEPT
    for _ in range(KEPT - 2):
        further = link(person.html(further), 'rel="prev"')
        assert further
    page = person.html(further)
    assert link(page, 'rel="prev"') is None
    assert link(page, "第一页") == "/customers"
