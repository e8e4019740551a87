"""Forms and searches of the portal count towards the same limit as a person's programs."""

import re

import pytest

from service.codes import Department, Role
from service.rates import Rates
from tests.web.browsing import Portal
from tests.web.programs import Programs
from tests.web.test_api_rates import LIMIT, asked, clock, refusals, template

__all__ = ["clock", "template"]


@pytest.fixture
def portal(world, clock):
    """The pages, counting by the clock of the test."""
    world.archive.rates = Rates(clock)
    return Portal.of(world)


def searched(person, times):
    return [person.get("/search?q=KR210").status_code for _ in range(times)]


def test_who_searches_too_often_is_told_when_to_go_on_and_others_are_not(portal, clock):
    sales, other = portal["sales"], portal["service_officer"]
    assert searched(sales, LIMIT) == [200] * LIMIT
    over = sales.get("/search?q=KR210")
    assert over.status_code == 429
    assert over.headers["Retry-After"] == "50"
    assert "操作过于频繁" in over.text
    assert over.text.count("50 秒") == 1
    (entry,) = refusals(portal.world)
    assert f"第 {entry[0]} 号" in over.text
    assert searched(other, 1) == [200]
    clock.now += int(over.headers["Retry-After"])
    assert searched(sales, 2) == [200, 200]


def test_it_is_said_in_english_too(portal):
    sales = portal["sales"]
    sales.send("/language", language="en")
    searched(sales, LIMIT)
    page = sales.get("/search?q=KR210").text
    assert "Too often" in page
    assert "Too many requests in a minute. Try again in 50 seconds." in page
    assert not re.search("[一-鿿]", re.sub(r'<[^>]* lang="zh"[^>]*>[^<]*<', "", page))


@pytest.mark.parametrize(
    "path",
    ["/customers", "/customers?q=KR210", "/upload?q=KR210", "/exports/new?q=KR210"],
)
def test_lists_that_search_count_too(portal, path):
    sales = portal["sales"]
    assert [sales.get(path).status_code for _ in range(LIMIT + 1)] == [200] * LIMIT + [429]


@pytest.mark.parametrize(
    "path",
    [
        *("/log", "/log/figures", "/log/unusual", "/log/bundles/new", "/history"),
        *(f"/log/documents/{'a' * 26}", f"/log/people/{'a' * 26}"),
    ],
)
def test_what_reads_the_log_at_length_counts_too(portal, path):
    portal.world.person("auditor", frozenset({Role.AUDITOR}), Department.MANAGEMENT)
    auditor = portal["auditor"]
    answers = [auditor.get(path).status_code for _ in range(LIMIT + 1)]
    assert (set(answers[:-1]) <= {200, 404}, answers[-1]) == (True, 429)


def test_a_form_sent_too_often_changes_nothing_and_may_be_sent_again(portal, clock):
    sales = portal["sales"]
    token = sales.token()
    searched(sales, LIMIT)
    new = {"csrf_token": token, "category": "intended", "field.company.name": "苏州同屿机电"}
    answer = sales.client.post("/customers", data=new)
    assert answer.status_code == 429
    assert "你填写的内容" in answer.text
    clock.now += 60
    assert "苏州同屿机电" not in sales.html("/customers")
    assert sales.client.post("/customers", data=new).status_code == 302
    assert "苏州同屿机电" in sales.html("/customers")


def test_programs_and_pages_of_a_person_share_one_limit(portal):
    programs = Programs.of(portal.world)
    sales, program = portal["sales"], programs["sales"]
    assert searched(sales, LIMIT // 2) + asked(program, LIMIT // 2) == [200] * LIMIT
    assert searched(sales, 1) + asked(program, 1) == [429, 429]


def test_who_asked_too_often_still_reads_and_signs_out(portal):
    sales = portal["sales"]
    token = sales.token()
    searched(sales, LIMIT)
    assert sales.get("/account").status_code == 200
    answer = sales.client.post("/sign-out", data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (302, "/sign-in")


def test_strangers_take_nothing_of_anybodys_limit(portal):
    stranger = portal.stranger()
    for _ in range(LIMIT + 1):
        assert stranger.get("/search?q=KR210").status_code == 302
    assert searched(portal["sales"], 1) == [200]
