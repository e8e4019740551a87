"""In English the portal has no Chinese of its own; what is left is the data, marked as Chinese."""

import re
from html.parser import HTMLParser

import pytest

from service.codes import Category
from tests.web.browsing import Portal, found
from tests.world import World

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
HAN = re.compile(r"[㐀-䶿一-鿿，。：；？！（）]")


def furnish(world: World) -> str:
    customer = world.customer(category=Category.ACTIVE, owner="sales", filed=True)
    made = world.document(customer.id, "维修记录：减速机异响", kind="repair", by="sales")
    world.work()
    return made.id


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
            self.texts += [text.strip() for text in texts if HAN.search(text)]


#: attributes that are read out
SPOKEN = {"title", "aria-label", "placeholder", "alt", "data-l"}

PAGES = (
    ("archivist", "/"),
    ("archivist", "/customers"),
    ("archivist", "/customers/new"),
    ("archivist", "/customers/{customer}"),
    ("archivist", "/customers/{customer}?tab=all"),
    ("archivist", "/documents/{document}"),
    ("archivist", "/search?q=reducer"),
    ("archivist", "/search?category=active"),
    ("archivist", "/upload"),
    ("sales", "/upload?customer={customer}"),
    ("sales", "/account"),
    ("sales", "/log"),
    ("sales", "/nowhere"),
    ("auditor", "/log"),
    ("security_admin", "/people"),
)


def test_chinese_that_is_not_marked_is_found() -> None:
    reader = Unmarked()
    reader.feed(
        '<p>密级<br><b lang="zh">题<i>名</i></b><a title="移除">x</a><u lang="zh">客户</u></p>。'
    )
    assert reader.texts == ["密级", "移除", "。"]


@pytest.mark.parametrize(("login", "page"), PAGES)
def test_an_english_page_has_no_chinese_of_its_own(
    portal: Portal, furnished: tuple[object, str], login: str, page: str
) -> None:
    document = furnished[1]
    address = portal["archivist"].html(f"/documents/{document}")
    customer = found(r'href="/customers/(\w{26})"', address)
    person = portal[login]
    person.send("/language", language="en")
    text = person.get(page.format(customer=customer, document=document)).text
    assert '<html lang="en">' in text
    reader = Unmarked()
    reader.feed(text)
    titles = ("维修记录", "纪要", "宁波望潮")
    assert [t for t in reader.texts if not any(title in t for title in titles)] == []
