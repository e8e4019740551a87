"""When a part is away or something breaks: the page says which, under a number, and no more."""

import re
from typing import Any

import pytest

from service.errors import Unavailable
from tests.web.browsing import Portal
from tests.web.programs import Programs
from web import guard
from web.app import create_app


@pytest.fixture
def portal_with(world):
    """Return a portal in which a page raises what a test wants."""

    def made(error):
        # an application of its own: one that answers already takes no more pages
        portal = Portal(world, create_app(world.archive))

        def fail():
            raise error

        portal.app.add_url_rule("/fail", "fail", fail, methods=["GET", "POST"])
        portal.app.add_url_rule("/api/v1/fail", "fail_api", fail)
        return portal

    return made


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("log", "为保证留痕"),
        ("database", "为保证留痕"),
        ("search", "客户档案列表不受影响"),
        ("blobs", "文件存储没有应答"),
        ("keystore", "密钥库没有应答"),
    ],
)
def test_a_part_that_is_away_is_named(portal_with, part, words):
    answer = portal_with(Unavailable(part))["archivist"].get("/fail")
    assert answer.status_code == 503
    assert words in answer.text
    assert answer.headers["Retry-After"]
    assert 'role="search"' in answer.text or part in ("log", "database")


def test_what_broke_shows_a_number_and_nothing_of_the_error(portal_with):
    answer = portal_with(RuntimeError("客户张三 13800138000"))["archivist"].get("/fail")
    assert answer.status_code == 500
    assert re.search(r"编号 E-[0-9A-F]{4}", answer.text)
    assert "张三" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["Content-Security-Policy"] == guard.HEADERS["Content-Security-Policy"]


def test_a_program_is_told_the_number_under_the_name_that_the_description_has(portal_with):
    portal = portal_with(RuntimeError("客户张三 13800138000"))
    sales = Programs(portal.world, portal.app.test_client(use_cookies=False), {})["sales"]
    answer = sales.get("/fail")
    assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
    assert "张三" not in answer.text
    spec: Any = sales.get("/openapi.json").json
    problem, told = spec["components"]["schemas"]["ProblemShown"], set(answer.json or ())
    assert set(problem["required"]) <= told <= set(problem["properties"])
