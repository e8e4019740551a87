"""A document in the browser: images of its pages, boxes on hits, keys, zoom, without a script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.people import Demo, page_of
from tests.screens import CLERK

pytestmark = pytest.mark.browser

WORD = "减速机"


def of_pages(page: Page, demo: Demo) -> str:
    """Return where a found document of several pages is."""
    page.goto(f"{demo.url}/search?q={WORD}")
    links = page.locator("main a[href*='/documents/']").evaluate_all(
        "links => links.map(a => a.href.split('#')[0])"
    )
    for link in dict.fromkeys(links):
        page.goto(link)
        if page.locator(".strip a").count() > 1 and page.locator("a.box[id]").count() > 2:
            return str(link)
    pytest.fail("no document of several pages has hits")


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    opened = page_of(browser, demo, CLERK)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield opened
    assert wrong == []


def inside(page: Page, selector: str) -> bool:
    """Say whether the first of these is seen within the window."""
    box = page.locator(selector).first.bounding_box()
    size = page.viewport_size
    assert size
    return bool(box) and 0 <= box["y"] <= size["height"] - box["height"]  # type: ignore[index]


def test_hits_are_gone_through_over_pages_and_from_the_start_again(page: Page, demo: Demo) -> None:
    page.goto(of_pages(page, demo))
    total = page.locator("a.box[id]").count()
    pages = set()
    for number in range(1, total + 1):
        expect(page.locator("#hit-no")).to_have_text(str(number))
        expect(page.locator("a.box.on").first).to_have_attribute("id", f"hit-{number}")
        assert inside(page, "a.box.on")
        pages.add(page.locator("a.box.on").first.get_attribute("aria-label"))
        page.keyboard.press("n")
    assert len(pages) == total
    expect(page.locator("#hit-no")).to_have_text("1")
    expect(page.locator("#live")).to_contain_text("从头")
    page.keyboard.press("p")
    expect(page.locator("#hit-no")).to_have_text(str(total))


def test_a_box_lies_on_the_image_where_the_word_is(page: Page, demo: Demo) -> None:
    page.goto(of_pages(page, demo))
    image = page.locator(".paper img").first
    image.evaluate("image => image.decode()")
    assert image.evaluate("image => image.naturalWidth") > 500
    frame, box = image.bounding_box(), page.locator("a.box").first.bounding_box()
    assert frame
    assert box
    assert frame["x"] < box["x"] < frame["x"] + frame["width"]
    assert 10 < box["width"] < frame["width"] / 4
    # the word is darker than the paper around it
    dark = image.evaluate(
        """(image, box) => {
          const canvas = document.createElement("canvas"), scale = image.naturalWidth / image.width;
          const at = image.getBoundingClientRect();
          canvas.width = box.width * scale; canvas.height = box.height * scale;
          const paper = canvas.getContext("2d");
          paper.drawImage(image, (box.x - at.x) * scale, (box.y - at.y) * scale,
            canvas.width, canvas.height, 0, 0, canvas.width, canvas.height);
          const data = paper.getImageData(0, 0, canvas.width, canvas.height).data;
          let dark = 0;
          for (let i = 0; i < data.length; i += 4) if (data[i] < 128) dark += 1;
          return dark / (data.length / 4);
        }""",
        box,
    )
    assert 0.05 < dark < 0.6


def test_zoom_text_layer_and_pages_have_keys(page: Page, demo: Demo) -> None:
    page.goto(of_pages(page, demo))
    paper = page.locator(".paper").first

    def width() -> float:
        box = paper.bounding_box()
        assert box
        return box["width"]

    fitting = width()
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert width() > fitting
    page.keyboard.press("0")
    assert width() == fitting
    page.keyboard.press("-")
    assert width() < fitting
    text = page.locator(".sheet.image .text").first
    expect(text).to_be_hidden()
    page.keyboard.press("t")
    expect(text).to_be_visible()
    page.keyboard.press("t")
    expect(text).to_be_hidden()
    page.keyboard.press("]")
    expect(page.locator(".strip a").nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("[")
    expect(page.locator(".strip a").nth(0)).to_have_attribute("aria-current", "true")


def test_a_page_that_is_being_made_shows_its_text_until_it_is_there(page: Page, demo: Demo) -> None:
    path = of_pages(page, demo)
    late = {"answers": 2}

    def not_yet(route: Route) -> None:
        if late["answers"]:
            late["answers"] -= 1
            route.fulfill(status=202, json={"state": "being_made"}, headers={"Retry-After": "1"})
        else:
            route.continue_()

    page.route("**/pages/1?version=*", not_yet)
    page.goto(path)
    first = page.locator(".sheet.image").first
    expect(first.locator(".making")).to_be_visible()
    expect(first.locator(".text")).to_be_visible()
    expect(first.locator(".making")).to_be_hidden()
    expect(first.locator(".text")).to_be_hidden()
    assert first.locator("img").evaluate("image => image.naturalWidth") > 500


def test_without_a_script_pages_boxes_and_text_are_there(browser: Browser, demo: Demo) -> None:
    scripted = page_of(browser, demo, CLERK)
    path = of_pages(scripted, demo)
    state = scripted.context.storage_state()
    with browser.new_context(
        java_script_enabled=False, storage_state=state, locale="zh-CN"
    ) as context:
        page = context.new_page()
        page.goto(f"{path}#hit-2")
        expect(page.locator(".sheet.image img").first).to_be_visible()
        expect(page.locator(".sheet.image .text").first).to_be_visible()
        expect(page.locator("#hit-2")).to_have_attribute("aria-label", re.compile("^第 2 处"))
        page.locator(".strip a").nth(1).click()
        assert page.url.endswith("#page-2")


def test_on_a_telephone_nothing_is_wider_than_the_window(page: Page, demo: Demo) -> None:
    path = of_pages(page, demo)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".jump [data-jump='1']")).to_be_visible()
    page.locator(".jump [data-jump='1']").click()
    expect(page.locator("a.box.on").first).to_be_visible()
