"""In English the portal has no Chinese of its own; what is left is the data, marked as Chinese."""

from html.parser import HTMLParser

import pytest

from tests.chinese import CHINESE
from tests.web.browsing import Person, Portal
from tests.web.every_page import PAGES, Places, furnish, status, visitor
from tests.world import World

__all__ = ["furnish"]

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
#: data that stands in attributes and titles, where its language cannot be said
TITLES = ("维修记录", "纪要", "宁波望潮")


class Unmarked(HTMLParser):
    """Collects Chinese outside the elements that say their language is Chinese."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[bool] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        chinese = dict(attrs).get("lang") == "zh" or (bool(self.inside) and self.inside[-1])
        self._look(chinese, *(v or "" for k, v in attrs if k in SPOKEN))
        if tag not in VOID:
            self.inside.append(chinese)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self.inside:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        self._look(bool(self.inside) and self.inside[-1], data)

    def _look(self, chinese: bool, *texts: str) -> None:  # noqa: FBT001
        if not chinese:
            self.texts += [text.strip() for text in texts if CHINESE.search(text)]


#: attributes that are read out
SPOKEN = {"title", "aria-label", "placeholder", "alt", "data-l"}


def test_chinese_that_is_not_marked_is_found() -> None:
    reader = Unmarked()
    reader.feed(
        '<p>密级<br><b lang="zh">题<i>名</i></b><a title="移除">x</a><u lang="zh">客户</u></p>。'
    )
    assert reader.texts == ["密级", "移除", "。"]


@pytest.fixture(scope="module")
def visitors(standing: World) -> dict[str, Person]:
    """Everybody who looks, at a browser that shows English."""
    portal = Portal.of(standing)
    found = {login: visitor(portal, login) for login, _ in PAGES}
    for person in found.values():
        person.send("/language", language="en")
    return found


@pytest.mark.parametrize(("login", "page"), PAGES)
def test_an_english_page_has_no_chinese_of_its_own(
    visitors: dict[str, Person], furnished: tuple[object, Places], login: str, page: str
) -> None:
    answer = visitors[login].get(furnished[1].address(page))
    assert answer.status_code == status(login, page)
    assert '<html lang="en">' in answer.text
    reader = Unmarked()
    reader.feed(answer.text)
    assert [text for text in reader.texts if not any(title in text for title in TITLES)] == []
