"""Starting, and how large the page of results is."""

import re
from http.cookiejar import CookieJar
from time import perf_counter
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from tests.bench import queries
from tests.bench.figures import Figure
from tests.bench.loading import ARCHIVIST, password
from tests.bench.queries import Query
from tests.bench.stack import Stack, Stacks
from tests.live.process import LOOPBACK

_TIMES = 3
_START = 5.0
_PAGE, _PAGE_SIZE = 20, 150.0
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
#: What stands once in each result of the page.
_RESULT = " data-hit"


def start(stacks: Stacks) -> list[Figure]:
    """Start web and worker at once, some times; then look at the largest page of results."""
    stack = stacks.loaded()
    took = [_started(stack) for _ in range(_TIMES)]
    with stack.part("web"):
        size, query = _largest(stack)
    return [
        Figure("start of web and worker", max(took), _START, f"slowest of {_TIMES}", unit="s"),
        Figure("page of 20 results", size / 1000, _PAGE_SIZE, f"HTML of {query.q}", unit="KB"),
    ]


def _started(stack: Stack) -> float:
    """Return the seconds until the web answers /healthz and the worker looks for work."""
    parts = [stack.server("web"), stack.server("worker")]
    started = perf_counter()
    for part in parts:
        part.start()
    try:
        for part in parts:
            part.wait()
        return perf_counter() - started
    finally:
        for part in parts:
            part.stop()


def _largest(stack: Stack) -> tuple[int, Query]:
    """Return the bytes of the largest full page that one of the queries gives, and that query."""
    address = f"http://{LOOPBACK}:{stack.port}"
    browser = _signed_in(address)
    found = []
    for query in queries.read():
        if "limit" in dict(query.parameters):
            continue
        with browser.open(f"{address}/search?{urlencode(query.sent)}", timeout=60) as answer:
            page = answer.read()
        if page.count(_RESULT.encode()) == _PAGE:
            found.append((len(page), query))
    if not found:
        raise RuntimeError("no query gave a full page")
    return max(found, key=lambda each: each[0])


def _signed_in(address: str) -> OpenerDirector:
    """Return a browser in which the archivist has signed in; it asks for nothing compressed."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(f"{address}/sign-in", timeout=60) as answer:
        token = _TOKEN.search(answer.read().decode())
    if token is None:
        raise RuntimeError("the sign-in page holds no form")
    form = {"csrf_token": token[1], "login": ARCHIVIST, "password": password(ARCHIVIST)}
    with browser.open(f"{address}/sign-in", urlencode(form).encode(), timeout=60) as answer:
        if answer.url.endswith("/sign-in"):
            raise RuntimeError("the archivist could not sign in")
    return browser
