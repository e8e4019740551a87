"""Photographs every page of a demo archive: `make screens` writes screens/NAME-LANGUAGE-WIDTH.png.

`--url URL --accounts FILE` photographs an archive that runs already; `--only NAME` takes one page.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

from tests.live import chromium
from tests.live.process import LOOPBACK, Server, answers, free_port
from web.session import LANGUAGE_COOKIE, LANGUAGES

SCREENS = Path(__file__).parent.parent / "screens"
SIZES = {1440: 900, 390: 844}
STRANGER = ""
CLERK, AUDITOR, SECURITY, SALES = "shenyingxue", "yanshouzhuo", "duanmingzhe", "yechengze"
OFFICER = "luqinghe"
#: a root user needs the first; the others keep the browser from calling home
SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@dataclass(frozen=True, slots=True)
class Screen:
    """A page: who looks at it, where it is, the link to follow from there, and what to press then.

    Link and presses are selectors; files are chosen by name for the page's file field. `shown`
    selects an address that the page tells in words, and that is gone to then; `until` what must
    have appeared in the end.
    """

    name: str
    person: str
    path: str
    link: str = ""
    press: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    shown: str = ""
    until: str = ""


#: where a customer's page leads to adding documents
_UPLOAD = "main a[href*='/upload?customer=']"
_DOCUMENT = "main a[href*='/documents/']"
_CUSTOMER = "main a[href^='/customers/']:not([href$='/new'])"
_WAITING = "#waiting td.num a"
_OWN_WAITING = "#uploads tr[data-stage$='-submitted'] td.num a"
#: an import of which every file has come
_DONE = "#sums[data-state='done']"
#: names that say in both languages what kind of document they are
_MINUTES = ("洽谈纪要 Minutes 1.txt", "洽谈纪要 Minutes 2.txt")
_LINK = "main form[action$='/link'] button"
_MENU = "details.menu summary"


def _dialog(name: str) -> str:
    """Select the link that opens a dialog."""
    return f"a[data-dialog][href^='#{name}']"


SCREEN_LIST = (
    Screen("sign-in", STRANGER, "/"),
    Screen("home", CLERK, "/"),
    Screen("home-sales", SALES, "/"),
    Screen("home-security", SECURITY, "/"),
    Screen("results", CLERK, "/search?q=焊接机器人"),
    Screen("results-filtered", CLERK, "/search?q=机器人&category=active&sort=newest"),
    Screen("results-empty", CLERK, "/search?q=没有这个词"),
    Screen("results-refused", CLERK, "/search?q=*器人"),
    Screen("document", CLERK, "/search?q=焊接机器人", _DOCUMENT),
    Screen("document-edit", CLERK, "/search?q=焊接机器人", _DOCUMENT, (_dialog("edit"),)),
    Screen("document-version", CLERK, "/search?q=焊接机器人", _DOCUMENT, (_dialog("version"),)),
    Screen("document-withdraw", OFFICER, "/upload", _OWN_WAITING, (_dialog("withdraw"),)),
    Screen("document-file", CLERK, "/upload", _WAITING, (_dialog("file"),)),
    Screen("document-return", CLERK, "/upload", _WAITING, (_dialog("return"),)),
    Screen("document-move", CLERK, "/search?q=焊接机器人", _DOCUMENT, ("main a[href$='/move']",)),
    Screen("customers", CLERK, "/customers"),
    Screen("customers-empty", CLERK, "/customers?q=没有这个词"),
    Screen("customer", CLERK, "/customers", _CUSTOMER),
    Screen("customer-all", CLERK, "/customers", _CUSTOMER, ("nav.tabs a.end",)),
    Screen("customer-edit", CLERK, "/customers", _CUSTOMER, (_dialog("edit"),)),
    Screen("customer-people", CLERK, "/customers", _CUSTOMER, (_dialog("who"),)),
    Screen("customer-type", CLERK, "/customers", _CUSTOMER, (_dialog("move"),)),
    Screen("customer-file", CLERK, "/customers?status=draft", _CUSTOMER, (_dialog("file"),)),
    Screen("customer-new", CLERK, "/customers/new"),
    Screen("upload", SALES, "/upload"),
    Screen("upload-here", SALES, "/upload", _UPLOAD),
    Screen("upload-rows", SALES, "/upload", _UPLOAD, files=("会议纪要.txt", "未知.bin")),
    Screen("upload-untyped", SALES, "/upload", _UPLOAD, ("[data-send]",), files=("未知.bin",)),
    Screen("import-new", SALES, "/imports/new"),
    Screen("import", SALES, "/upload", _UPLOAD, ("[data-send]",), files=_MINUTES, until=_DONE),
    Screen("imports", SALES, "/imports"),
    Screen("imports-empty", OFFICER, "/imports?page=9"),
    Screen("imports-others", CLERK, "/imports"),
    Screen("photos", SALES, "/photos"),
    Screen("photos-here", SALES, "/photos", "main a[href*='/photos?customer=']"),
    Screen("filing", CLERK, "/upload"),
    Screen("account", SALES, "/account"),
    Screen("menu", SALES, "/account", press=(_MENU,)),
    Screen("keys", SALES, "/account", press=(_MENU, _dialog("keys"))),
    Screen("toast", SALES, "/search?q=机器人", "header a.brand", (".recent button",)),
    Screen("log", AUDITOR, "/log"),
    Screen("log-filtered", AUDITOR, "/log?action=document.add"),
    Screen("log-empty", AUDITOR, "/log?action=import.run&decision=deny"),
    Screen("log-save", AUDITOR, "/log?action=document.add", press=(_dialog("save"),)),
    Screen("log-entry", AUDITOR, "/log?action=document.add", "main td a[href^='/log/']"),
    Screen("log-document", AUDITOR, "/log?action=document.add", "main a[href^='/log/documents/']"),
    Screen("log-person", AUDITOR, "/log?action=session.sign_in", "main a[href^='/log/people/']"),
    Screen("log-words", AUDITOR, "/log/words?dept=sales"),
    Screen("log-figures", AUDITOR, "/log/figures"),
    Screen("log-unusual", AUDITOR, "/log/unusual"),
    Screen("history", CLERK, "/history"),
    Screen("exports", SALES, "/exports"),
    Screen("export-new", SALES, "/exports/new?q=机器人"),
    Screen("bundles", AUDITOR, "/log/bundles"),
    Screen("bundle-new", AUDITOR, "/log/bundles/new?action=search.run"),
    Screen("people", SECURITY, "/people"),
    Screen("status", SECURITY, "/status"),
    Screen("person-new", SECURITY, "/people", press=(_dialog("new"),)),
    Screen("person-change", SECURITY, "/people", press=(_dialog("p-"),)),
    Screen("person-leaving", SECURITY, "/people", "main a[href$='/off']"),
    Screen("person-link", SECURITY, "/people", press=(_LINK,)),
    Screen("password", SECURITY, "/people", press=(_LINK,), shown=".note .mono"),
    Screen("password-used", STRANGER, "/password?link=used"),
    Screen("forbidden", CLERK, "/log"),
    Screen("not-found", CLERK, "/nowhere"),
    Screen("not-allowed", CLERK, "/sign-out"),
)


@contextmanager
def archive() -> Iterator[tuple[str, Path]]:
    """Start an embedded archive with the demo in a temporary folder; give address and accounts."""
    folder = Path(tempfile.mkdtemp(prefix="guidang-screens-"))
    listen = f"{LOOPBACK}:{free_port()}"
    server = Server(
        name="guidang",
        command=[str(Path(sys.executable).with_name("guidang")), "run"],
        log=folder / "guidang.log",
        healthy=answers(f"http://{listen}/readyz"),
        environment={
            "GUIDANG_DATA": str(folder / "data"),
            "GUIDANG_LISTEN": listen,
            # pages that appear while somebody looks make no two runs alike
            "GUIDANG_SOFFICE": "none",
        },
        deadline=180,
    )
    try:
        server.start()
        server.wait()
        yield f"http://{listen}", folder / "data" / "demo-accounts.json"
    finally:
        server.stop()
        shutil.rmtree(folder)


def sign_in(page: Page, url: str, login: str, password: str) -> None:
    page.goto(url)
    page.locator("input[autocomplete=username]").fill(login)
    page.locator("input[type=password]").fill(password)
    page.keyboard.press("Enter")
    page.locator("input[type=password]").wait_for(state="detached")


def arrive(page: Page, url: str, screen: Screen) -> None:
    """Go to the page as a reader does: the address, the link, the files, what is pressed."""
    page.goto(url + screen.path)
    if screen.link:
        page.goto(url + str(page.locator(screen.link).first.get_attribute("href")))
    if screen.files:
        field = page.locator("form[data-upload] input[name=file]").first
        field.set_input_files(
            [FilePayload(name=n, mimeType="text/plain", buffer=b"text") for n in screen.files]
        )
    for pressed in screen.press:
        page.locator(pressed).first.click()
        page.wait_for_load_state()
    if screen.shown:
        page.goto(page.locator(screen.shown).inner_text())
    if screen.until:
        page.locator(screen.until).wait_for()


def shoot(page: Page, url: str, screen: Screen, language: str) -> list[str]:
    """Photograph one page at every width; name what is wider than its window."""
    page.set_viewport_size({"width": max(SIZES), "height": SIZES[max(SIZES)]})
    arrive(page, url, screen)
    wide = []
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=SCREENS / f"{screen.name}-{language[:2]}-{width}.png", full_page=True)
        reach = int(page.evaluate("document.documentElement.scrollWidth"))
        if reach > width:
            wide.append(f"{screen.name} ({language}) is {reach} px wide in a window of {width}")
    return wide


def photograph(browser: Browser, url: str, accounts: dict[str, str], names: set[str]) -> list[str]:
    """Take the screens, person by person: each signs in once."""
    wide = []
    screens = [screen for screen in SCREEN_LIST if not names or screen.name in names]
    for person in dict.fromkeys(screen.person for screen in screens):
        with browser.new_context(locale="zh-CN", device_scale_factor=1) as context:
            page = context.new_page()
            if person:
                sign_in(page, url, person, accounts[person])
            for language in LANGUAGES:
                context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": url}])
                for screen in screens:
                    if screen.person == person:
                        wide += shoot(page, url, screen, language)
    return wide


def take(url: str, accounts: Path, names: set[str]) -> int:
    SCREENS.mkdir(exist_ok=True)
    program = chromium.exports()["GUIDANG_TEST_CHROMIUM"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        wide = photograph(browser, url, json.loads(accounts.read_text("utf-8")), names)
        browser.close()
    print("\n".join([*wide, f"screens are in {SCREENS.name}/"]))
    return int(bool(wide))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.screens", description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--accounts", type=Path)
    parser.add_argument("--only", action="append", default=[])
    options = parser.parse_args()
    if options.url:
        return take(options.url, options.accounts, set(options.only))
    with archive() as (url, accounts):
        return take(url, accounts, set(options.only))


if __name__ == "__main__":
    sys.exit(main())
