"""The portal by keyboard alone: every path, with a focus that is seen, kept and given back."""

import re

import pytest
from playwright.sync_api import (
    Browser,
    FileChooser,
    FilePayload,
    Page,
    expect,
)
from playwright.sync_api import (
    TimeoutError as Late,
)

from tests.browser.people import Demo, page_of
from tests.screens import CLERK, OFFICER, SALES, SECURITY, SIZES

pytestmark = pytest.mark.browser

_FOCUSED = "document.activeElement"
#: a focused thing shows it by an outline, its own or of the box that holds it
_SEEN = """() => {
  const rings = [];
  for (let node = document.activeElement; node && node !== document.body; node = node.parentElement)
    rings.push(getComputedStyle(node));
  return rings.some(s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2);
}"""


def focused(page: Page, selector: str) -> bool:
    return bool(page.evaluate(f"selector => {_FOCUSED}.matches(selector)", selector))


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until it has the focus; every stop on the way shows where it is."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if focused(page, "body"):
            continue
        assert page.evaluate(_SEEN), page.evaluate(f"{_FOCUSED}.outerHTML.slice(0, 200)")
        if focused(page, selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


def test_signing_in_searching_and_reading_need_no_mouse(browser: Browser, demo: Demo) -> None:
    page = page_of(browser, demo, "")
    page.goto(f"{demo.url}/sign-in")
    assert focused(page, "#login")
    page.keyboard.type(CLERK)
    page.keyboard.press("Tab")
    page.keyboard.type(demo.passwords[CLERK])
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_be_focused()  # the home page begins with the search
    page.keyboard.type("机器人")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?**")
    results = page.url

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    second = page.locator("[data-hit]").nth(1)
    expect(second.locator("a").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/**")
    page.keyboard.press("n")
    expect(page.locator(".read .on:visible").first).to_be_visible()
    expect(page.locator("#live")).to_contain_text(re.compile(r"第 ?\d+ 处"))
    page.keyboard.press("i")
    expect(page.locator("aside.panel")).to_be_focused()
    page.keyboard.press("u")
    page.wait_for_url("**/search?**")
    assert page.url == results


def test_the_place_in_the_results_comes_back_with_the_way_back(
    browser: Browser, demo: Demo
) -> None:
    page = page_of(browser, demo, CLERK)
    page.goto(f"{demo.url}/search?q=机器人")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/**")
    page.go_back()
    expect(page.locator("[data-hit]").nth(2).locator("a").first).to_be_focused()


def test_filters_keep_the_focus_announce_the_count_and_go_by_backspace(
    browser: Browser, demo: Demo
) -> None:
    page = page_of(browser, demo, CLERK)
    page.goto(f"{demo.url}/search?q=机器人")
    page.keyboard.press("f")
    assert focused(page, "[data-filters] input[type=checkbox]")
    chosen = str(page.evaluate(f"{_FOCUSED}.id"))
    with page.expect_navigation():
        page.keyboard.press("Space")
    expect(page.locator(f"[id='{chosen}']")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("份")
    page.locator("a.chip").first.focus()
    with page.expect_navigation():
        page.keyboard.press("Backspace")
    expect(page.locator("a.chip")).to_have_count(0)


def test_the_first_stop_leads_past_the_menu_and_every_stop_is_seen(
    browser: Browser, demo: Demo
) -> None:
    page = page_of(browser, demo, CLERK)
    for path in ("/search?q=机器人", "/customers", "/upload", "/account"):
        page.goto(demo.url + path)
        page.keyboard.press("Tab")
        assert focused(page, "a.skip")
        expect(page.locator("a.skip")).to_be_in_viewport()
        tab_to(page, "header #q")
        tab_to(page, ".rail a")
        tab_to(page, "main a, main button, main input, main select")
        page.goto(demo.url + path)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


def test_single_keys_lead_everywhere_and_can_be_turned_off(browser: Browser, demo: Demo) -> None:
    page = page_of(browser, demo, CLERK)
    for keys, place in (("gc", "/customers"), ("gu", "/upload"), ("gs", "/search"), ("gh", "/")):
        page.goto(f"{demo.url}/account")
        page.keyboard.press(keys[0])
        page.keyboard.press(keys[1])
        page.wait_for_url(demo.url + place)
    page.goto(f"{demo.url}/account")
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    tab_to(page, "#keys-off")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert not focused(page, "#q")


def test_keys_are_letters_while_somebody_types(browser: Browser, demo: Demo) -> None:
    page = page_of(browser, demo, CLERK)
    page.goto(f"{demo.url}/account")
    page.keyboard.press("/")
    page.keyboard.press("/")  # once more, in the empty box: it leads there, and is no word
    page.keyboard.type("?gh/")
    expect(page.locator("#q")).to_have_value("?gh/")
    assert page.url == f"{demo.url}/account"
    page.keyboard.press("Escape")
    assert not focused(page, "#q")


def test_moving_through_a_list_passes_rows_without_a_link(browser: Browser, demo: Demo) -> None:
    page = page_of(browser, demo, SECURITY)
    page.goto(f"{demo.url}/people")
    rows = page.locator("[data-hit]").count()
    for _ in range(rows):
        page.keyboard.press("j")
    expect(page.locator("[data-hit]").last).to_have_class(re.compile(r"\bon\b"))


def test_a_menu_opens_and_closes_by_key_and_gives_the_focus_back(
    browser: Browser, demo: Demo
) -> None:
    page = page_of(browser, demo, CLERK)
    page.goto(f"{demo.url}/account")
    tab_to(page, "details.menu summary")
    page.keyboard.press("Enter")
    expect(page.locator("details.menu .pop")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("details.menu .pop")).to_be_hidden()
    assert focused(page, "details.menu summary")
    page.keyboard.press("Enter")
    tab_to(page, "details.menu a[data-dialog]")
    page.keyboard.press("Enter")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()
    expect(page.locator("details.menu summary")).to_be_focused()


@pytest.mark.parametrize(
    ("person", "path", "link", "name"),
    [
        (CLERK, "/customers", "main tr[data-hit] a", "edit"),
        (CLERK, "/customers", "main tr[data-hit] a", "who"),
        (CLERK, "/customers", "main tr[data-hit] a", "move"),
        (CLERK, "/search?q=焊接机器人", "article h2 a", "edit"),
        (OFFICER, "/upload", "#uploads tr[data-stage$='-submitted'] td.num a", "withdraw"),
        (CLERK, "/upload", "#waiting td.num a", "return"),
        (CLERK, "/upload", "#waiting td.num a", "file"),
        (SECURITY, "/people", "", "new"),
    ],
)
def test_a_dialog_holds_the_focus_and_gives_it_back(
    browser: Browser, demo: Demo, person: str, path: str, link: str, name: str
) -> None:
    page = page_of(browser, demo, person)
    page.goto(demo.url + path)
    if link:
        page.goto(demo.url + str(page.locator(link).first.get_attribute("href")))
    opener, dialog = page.locator(f"a[data-dialog][href='#{name}']"), page.locator(f"dialog#{name}")
    for ending in ("Escape", "cancel"):
        opener.focus()
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        assert focused(page, f"dialog#{name}, dialog#{name} *")
        for _ in range(dialog.locator("a, button, input, select, textarea").count() + 2):
            page.keyboard.press("Tab")
            assert focused(page, f"body, dialog#{name}, dialog#{name} *")
        if ending == "Escape":
            page.keyboard.press("Escape")
        else:
            tab_to(page, f"dialog#{name} footer [data-close]")
            page.keyboard.press("Enter")
        expect(dialog).to_be_hidden()
        expect(opener).to_be_focused()


def test_a_refused_form_puts_the_focus_into_its_first_wrong_field(
    browser: Browser, demo: Demo
) -> None:
    page = page_of(browser, demo, CLERK)
    page.goto(f"{demo.url}/customers/new")
    page.locator("main form.card-x").evaluate("form => { form.noValidate = true }")
    page.locator("main form.card-x button.btn-primary").press("Enter")
    wrong = page.locator("[aria-invalid=true]").first
    expect(wrong).to_be_focused()
    described = str(wrong.get_attribute("aria-describedby"))
    expect(page.locator(f"[id='{described}']")).to_be_visible()
    for field in page.locator("main input[name^='field.']").all():
        field.fill("\x07")  # no field holds a control character
    page.locator("main form.card-x button.btn-primary").press("Enter")
    expect(page.locator("[aria-invalid=true]").first).to_be_focused()
    several = page.locator("[aria-invalid=true]").count()
    assert several > 1
    expect(page.locator("[role=alert] li")).to_have_count(several)

    page = page_of(browser, demo, SECURITY)
    page.goto(f"{demo.url}/people")
    page.keyboard.press("Escape")
    page.locator("a[href='#new']").press("Enter")
    dialog = page.locator("dialog#new")
    dialog.locator("form").evaluate("form => { form.noValidate = true }")
    dialog.locator("button.btn-primary").press("Enter")
    expect(dialog.locator("[aria-invalid=true]").first).to_be_focused()


def chosen_by_key(page: Page) -> FileChooser:
    """Open the dialog of the file field that has the focus; a busy browser swallows a press."""
    for _ in range(3):
        try:
            with page.expect_file_chooser(timeout=5_000) as chooser:
                page.keyboard.press("Enter")
        except Late:
            continue
        return chooser.value
    pytest.fail("Enter opens no dialog to choose a file")


def test_files_are_uploaded_by_key_and_their_states_are_announced(
    browser: Browser, demo: Demo
) -> None:
    page = page_of(browser, demo, SALES)
    page.goto(f"{demo.url}/upload")
    page.goto(
        demo.url
        + str(page.locator("main a[href*='/upload?customer=']").first.get_attribute("href"))
    )
    tab_to(page, "form[data-upload] input[name=file]")
    file = FilePayload(name="无题.txt", mimeType="text/plain", buffer="按键上传的一行".encode())
    chosen_by_key(page).set_files(file)
    row = page.locator("#uploads tr").first
    expect(row).to_contain_text("无题.txt")
    page.locator("[data-send]").press("Enter")
    expect(row.locator("select[name=kind]")).to_be_focused()  # the first row without a type
    expect(page.locator("#live")).to_contain_text("请选择类型")
    page.keyboard.press("ArrowDown")
    page.locator("[data-send]").press("Enter")
    expect(page.locator("#live")).to_contain_text("无题.txt", timeout=15_000)
    expect(page.locator("#live")).to_contain_text("可检索", timeout=30_000)


def test_what_was_done_is_announced(browser: Browser, demo: Demo) -> None:
    page = page_of(browser, demo, CLERK)
    page.goto(f"{demo.url}/search?q=机器人")
    page.goto(demo.url)
    page.locator(".recent button").press("Enter")
    toast = page.locator(".toast-x")
    expect(toast).to_be_visible()
    expect(page.locator("#live")).to_have_text(toast.inner_text().strip())


def test_nothing_moves_for_those_who_asked_for_that(browser: Browser, demo: Demo) -> None:
    page = page_of(browser, demo, CLERK)
    page.emulate_media(reduced_motion="reduce")
    for path in ("/", "/search?q=机器人", "/customers", "/upload", "/account"):
        page.goto(demo.url + path)
        moving = page.evaluate(
            """() => [...document.querySelectorAll("*")].filter(node => {
              const style = getComputedStyle(node);
              return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none"
                || style.scrollBehavior === "smooth";
            }).map(node => node.outerHTML.slice(0, 120))"""
        )
        assert moving == []


def test_a_phone_is_used_by_key_too(browser: Browser, demo: Demo) -> None:
    page = page_of(browser, demo, CLERK)
    page.set_viewport_size({"width": min(SIZES), "height": SIZES[min(SIZES)]})
    page.goto(f"{demo.url}/search?q=机器人")
    tab_to(page, "summary.fold-s")
    page.keyboard.press("Enter")
    tab_to(page, "[data-filters] input[type=checkbox]")
    page.keyboard.press("Space")
    tab_to(page, "[data-filters] button")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("a.chip")).to_have_count(1)
