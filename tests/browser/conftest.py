"""Chromium and a demo archive for each file of browser tests."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import Demo
from tests.live import chromium
from tests.screens import SWITCHES, archive


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with archive() as (url, accounts):
        yield Demo(url, json.loads(accounts.read_text(encoding="utf-8")), accounts.parent)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = chromium.exports()["GUIDANG_TEST_CHROMIUM"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield running
        running.close()
