"""Recognised text corrected in a browser: by keyboard alone, seen in its history, withdrawn."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import Demo, page_of
from tests.browser.test_accessibility import findings
from tests.browser.test_keyboard import tab_to
from tests.indexer import scans
from tests.live import axe as axe_core
from tests.screens import OFFICER, SIZES
from web.session import LANGUAGES

pytestmark = pytest.mark.browser


LAST = scans.CONTRACT[-1]
FIELD = "textarea#text"


def scanned(page: Page, url: str, folder: Path) -> str:
    """Bring a scan in, as people do; return where its document is once it was recognised."""
    page.goto(f"{url}/customers?category=active&q=隼翼")
    listed = page.locator("main a[href*='/customers/']").filter(has_text="隼翼")
    customer = str(listed.first.get_attribute("href")).rsplit("/", 1)[-1].split("?")[0]
    file = folder / "扫描合同.png"
    file.write_bytes(scans.saved(scans.page()))
    page.goto(f"{url}/upload?customer={customer}")
    page.locator("form[data-upload] input[name=file]").first.set_input_files(file)
    page.locator("#uploads tr").first.locator("select[name=kind]").select_option("inspection")
    page.locator("[data-send]").click()
    row = page.locator("#uploads tr").first
    expect(row.locator("[data-state]")).to_have_text("可检索", timeout=60_000)
    return url + str(row.locator("td.num a[href*='/documents/']").get_attribute("href"))


def unusable(browser: Browser, demo: Demo, address: str) -> list[str]:
    """Say what keeps somebody from using a page, in each language and at each width."""
    found = []
    for language in LANGUAGES:
        page = page_of(browser, demo, OFFICER, language)
        page.goto(address)
        found += [f"{language}: {one}" for one in findings(page, axe_core.script(), language)]
        page.context.close()
    return found


def test_a_line_is_corrected_and_the_correction_withdrawn_without_a_mouse(
    browser: Browser, demo: Demo, tmp_path: Path
) -> None:
    page = page_of(browser, demo, OFFICER)
    page.set_viewport_size({"width": max(SIZES), "height": SIZES[max(SIZES)]})
    document = scanned(page, demo.url, tmp_path)
    page.goto(document)
    tab_to(page, "main a[href*='/pages/1/correct']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pages/1/correct**")
    place = page.url
    expect(page.locator(FIELD)).to_have_value(re.compile(re.escape(LAST)))
    as_recognised = page.locator(FIELD).input_value()

    tab_to(page, FIELD)
    page.keyboard.press("Control+End")
    page.keyboard.type(" net")
    tab_to(page, "form.typed button.btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/documents/\w+\?version=1#page-1$"))
    expect(page.locator("#main")).to_contain_text(f"{LAST} net")
    expect(page.locator("body")).to_contain_text("更正已保存")

    tab_to(page, "main a[href*='/text/history']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/text/history**")
    history = page.url
    expect(page.locator("#difference ins")).to_contain_text("net")
    expect(page.locator("main table.labelled tbody tr").first).to_contain_text("更正")
    found = [f"history: {one}" for one in unusable(browser, demo, history)]
    found += [f"correcting: {one}" for one in unusable(browser, demo, place)]

    tab_to(page, "main td form button")
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text("已采用这一版文字")
    expect(page.locator("main table.labelled tbody tr")).to_have_count(3)
    page.goto(place)
    expect(page.locator(FIELD)).to_have_value(as_recognised)
    page.goto(document)
    expect(page.locator("#main")).not_to_contain_text(f"{LAST} net")
    assert not found, "\n".join(["", *found])
