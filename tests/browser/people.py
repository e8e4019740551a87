"""The demo archive as a browser meets it, and a signed-in person's page."""

from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from tests.screens import sign_in
from web.session import LANGUAGE_COOKIE


class Demo(NamedTuple):
    """Where it answers, the passwords by login name, and its data folder."""

    url: str
    passwords: dict[str, str]
    data: Path


def page_of(browser: Browser, demo: Demo, login: str, language: str = "") -> Page:
    """Open a page, with a person signed in if one is named; an error of a script fails the test."""
    page = browser.new_context(locale="zh-CN").new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    if language:
        cookie = {"name": LANGUAGE_COOKIE, "value": language, "url": demo.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
    if login:
        sign_in(page, demo.url, login, demo.passwords[login])
    return page
