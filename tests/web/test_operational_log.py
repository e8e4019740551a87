"""The operational log: one line for a request, under the number its answer carries; no values."""

import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from gunicorn.config import Config

from service.operation import set_up_logging
from tests.web.browsing import Portal
from web.app import create_app
from web.serving import ServerLog
from web.tracing import HEADER

#: What people look for, who they are, and where they come from.
CANARIES = ("金丝雀", "13800138000", "198.51.100.77", "Canary/9.9")

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Write logs as the commands do; return what reads the lines written since."""
    paper = io.StringIO()
    monkeypatch.setattr(sys, "stderr", paper)
    for where in (sys, threading):
        monkeypatch.setattr(where, "excepthook", where.excepthook)
    handlers = logging.getLogger().handlers
    monkeypatch.setattr(logging.getLogger(), "handlers", list(handlers))
    set_up_logging()

    def read() -> list[dict[str, Any]]:
        written = paper.getvalue()
        paper.seek(0)
        paper.truncate()
        assert not [canary for canary in CANARIES if canary in written]
        return [json.loads(line) for line in written.splitlines()]

    yield read
    structlog.reset_defaults()


HIDDEN = {
    "headers": {"User-Agent": "Canary/9.9"},
    "environ_overrides": {"REMOTE_ADDR": "198.51.100.77"},
}


def test_a_request_leaves_one_line_under_the_number_of_its_answer(portal: Portal, lines: Lines):
    person = portal["sales"]
    lines()
    answer = person.get("/search?q=金丝雀 13800138000", **HIDDEN)
    (line,) = lines()
    assert line["request"] == answer.headers[HEADER]
    assert (line["event"], line["endpoint"], line["status"]) == ("request", "search.show", 200)
    assert line["ms"] > 0


def test_every_request_has_a_number_of_its_own_whatever_the_client_sends(portal: Portal):
    person = portal["sales"]
    sent = {"headers": {HEADER: "chosen"}}
    numbers = {person.get("/account", **sent).headers[HEADER] for _ in range(2)}
    assert len(numbers) == 2
    assert "chosen" not in numbers


def test_what_is_not_there_has_no_number_but_a_line(portal: Portal, lines: Lines):
    person = portal["sales"]
    lines()
    assert HEADER not in person.get("/金丝雀?q=13800138000", **HIDDEN).headers
    (line,) = lines()
    assert (line["endpoint"], line["status"]) == (None, 404)


def test_machines_that_ask_every_few_seconds_leave_no_line(portal: Portal, lines: Lines):
    stranger = portal.stranger()
    for path in ("/healthz", "/readyz", "/metrics", "/static/app.css"):
        assert stranger.get(path).status_code == 200
    assert lines() == []


def test_what_broke_is_found_by_the_number_on_the_page(world, lines: Lines):
    portal = Portal(world, create_app(world.archive))

    def fail() -> None:
        raise LookupError(CANARIES[0]) from ValueError(CANARIES[1])

    portal.app.add_url_rule("/fail", "fail", fail)
    person = portal["sales"]
    lines()
    page = person.get("/fail?q=金丝雀", **HIDDEN)
    broken, request = lines()
    assert page.headers[HEADER] == broken["request"] == request["request"]
    assert page.headers[HEADER] in page.text
    assert broken["incident"] in page.text
    assert broken["error"] == "LookupError < ValueError"
    assert "raise LookupError(CANARIES[0])" in broken["where"]


def test_warnings_of_libraries_are_lines_without_what_they_were_filled_with(lines: Lines):
    logging.getLogger("urllib3.connectionpool").warning("Retrying after %r", "金丝雀")
    logging.getLogger("urllib3.connectionpool").warning("whole already: 金丝雀")
    filled, whole = lines()
    assert (filled["event"], filled["level"]) == ("library", "warning")
    assert filled["message"] == "Retrying after %r"
    assert "message" not in whole
    assert whole["place"].startswith("test_operational_log:")


def test_the_server_does_not_repeat_addresses_or_requests(lines: Lines):
    log = ServerLog(Config())
    log.warning("Invalid request from ip=198.51.100.77: 金丝雀")
    try:
        raise ValueError(CANARIES[0])
    except ValueError:
        log.exception("Error handling request %s %s", "GET", "/search?q=金丝雀")
    refused, broken = lines()
    assert refused["message"] == "Invalid request from ip"
    assert (broken["message"], broken["error"]) == ("Error handling request %s %s", "ValueError")


def test_what_nobody_caught_is_a_line_without_its_words(lines: Lines):
    def fail() -> None:
        raise ValueError(*CANARIES)

    thread = threading.Thread(target=fail, name="index")
    thread.start()
    thread.join()
    error = ValueError("金丝雀")
    sys.excepthook(ValueError, error, None)
    first, second = lines()
    assert (first["event"], first["thread"], first["error"]) == ("uncaught", "index", "ValueError")
    assert (second["event"], second["level"]) == ("uncaught", "critical")
