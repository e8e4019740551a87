"""Everybody can use every page: axe and our own rules, in both languages, at both widths."""

import sqlite3

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.checking import by_axe, by_rule, wider_than
from tests.browser.people import Demo, page_of
from tests.live import axe as axe_core
from tests.screens import CLERK, SCREEN_LIST, SECURITY, SIZES, arrive
from web.session import LANGUAGE_COOKIE, LANGUAGES

pytestmark = pytest.mark.browser

PHONE = min(SIZES)
#: 1440 px at 200 %, the phone, and the narrowest page there is
NARROW = (720, PHONE, 320)
LANG = {"zh_CN": "zh-CN", "en": "en"}


@pytest.fixture(scope="module")
def axe() -> str:
    return axe_core.script()


def findings(page: Page, axe: str, language: str) -> list[str]:
    """Say what is wrong with the page as it stands, at every width."""
    found = []
    if page.locator("html").get_attribute("lang") != LANG[language]:
        found.append("the language of the page is not named")
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        here = by_axe(page, axe) + by_rule(page, phone=width == PHONE)
        found += [f"at {width} px: {one}" for one in here]
    for width in NARROW:
        found += wider_than(page, width)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_can_be_used_by_everybody(
    browser: Browser, demo: Demo, axe: str, language: str
) -> None:
    found: list[str] = []
    titles: dict[str, set[str]] = {}
    for person in dict.fromkeys(screen.person for screen in SCREEN_LIST):
        page = page_of(browser, demo, person, language)
        for screen in [one for one in SCREEN_LIST if one.person == person]:
            page.set_viewport_size({"width": max(SIZES), "height": SIZES[max(SIZES)]})
            arrive(page, demo.url, screen)
            found += [f"{screen.name}: {one}" for one in findings(page, axe, language)]
            titles.setdefault(page.title(), set()).add(page.url.split("?")[0].split("#")[0])
        page.context.close()
    found += [
        f"one title, {title!r}, for {urls}" for title, urls in titles.items() if len(urls) > 1
    ]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_to_forms_can_be_used_by_everybody(
    browser: Browser, demo: Demo, axe: str, language: str
) -> None:
    found: list[str] = []
    page = page_of(browser, demo, "", language)

    def look(name: str) -> None:
        found.extend(f"{name}: {one}" for one in findings(page, axe, language))

    page.goto(f"{demo.url}/sign-in")
    page.locator("input[name=login]").fill("nobody")
    page.locator("input[name=password]").fill("wrong")
    page.keyboard.press("Enter")
    page.locator("[role=alert]").wait_for()
    look("refused sign-in")
    page.goto(f"{demo.url}/password?link=wrong")
    look("link to set a password that does not work")

    page = page_of(browser, demo, CLERK, language)
    page.goto(f"{demo.url}/customers/new")
    page.locator("main form.card-x").evaluate("form => { form.noValidate = true }")
    page.locator("main form button.btn-primary").click()
    page.locator("[aria-invalid=true]").first.wait_for()
    look("refused form")
    page.locator("#field\\.company\\.name").fill("公司")
    page.locator("main input[name=csrf_token]").evaluate("field => { field.value = 'old' }")
    page.locator("main form button.btn-primary").click()
    page.locator(".oops").wait_for()
    look("form that is too old")
    page.goto(f"{demo.url}/customers/new")
    page.locator("#field\\.company\\.name").fill("公司")
    page.context.clear_cookies()
    page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": demo.url}])
    page.locator("main form button.btn-primary").click()
    page.locator(".oops, .enter").first.wait_for()
    look("form sent signed out")
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("language", LANGUAGES)
def test_asking_for_the_password_again_and_a_broken_page_can_be_used_by_everybody(
    browser: Browser, demo: Demo, axe: str, language: str
) -> None:
    page = page_of(browser, demo, SECURITY, language)
    page.goto(f"{demo.url}/people")
    written(demo, "UPDATE signin SET confirmed = '2020' || substr(confirmed, 5)")
    page.locator("td form[action*='/people/'] button").first.click(timeout=9000)
    page.locator("#confirm-password").wait_for()
    found = [f"confirm: {one}" for one in findings(page, axe, language)]

    page = page_of(browser, demo, CLERK, language)
    page.goto(f"{demo.url}/customers")
    customer = str(page.locator("tr[data-hit] a").first.get_attribute("href"))
    uid = customer.rsplit("/", 1)[-1]
    written(demo, "UPDATE customer SET category = category || '-' WHERE id = ?", uid)
    answer = page.goto(demo.url + customer)
    assert answer is not None
    assert answer.status == 500
    found += [f"broken: {one}" for one in findings(page, axe, language)]
    written(demo, "UPDATE customer SET category = rtrim(category, '-') WHERE id = ?", uid)
    assert not found, "\n".join(["", *found])


def written(demo: Demo, statement: str, *values: str) -> None:
    """Change the archive's tables behind its back: time that passed, damage."""
    with sqlite3.connect(demo.data / "archive.db") as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute(statement, values)
    database.close()
