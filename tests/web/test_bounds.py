"""No address and no form is too long, too deep or too large to be answered in a moment."""

import pytest

from service.permissions import Action
from tests.logged import entries
from web.uploads import FORM_ROOM

DEEP = "[" * 100_000
HUGE = (2**31, 2**63, 10**30, "9" * 3_000)


def test_an_address_with_a_thousand_filters_is_answered_by_the_first_of_them(portal):
    address = "/search?" + "&".join(f"category={n}" for n in range(1000))
    page = portal["archivist"].html(address)
    assert "category=49" in page
    assert "category=51" not in page
    assert len(page) < 1_000_000


@pytest.mark.parametrize("number", HUGE)
def test_a_number_that_no_row_has_is_nowhere(portal, number):
    person = portal["sales"]
    some = "a" * 26
    for path in (f"/documents/{some}/pages/{number}", f"/documents/{some}/pages/{number}/hits"):
        assert person.get(path).status_code == 404, path
    for what in ("", "/retry", "/skip", "/as-version", "/kind"):
        assert person.send(f"/imports/{some}/items/{number}{what}").status_code == 404
    assert person.get(f"/imports/{some}/rows?n={number}").status_code == 404


@pytest.mark.parametrize("number", HUGE)
def test_programs_are_told_that_there_is_no_such_number(programs, number):
    program, some = programs["auditor"], "a" * 26
    assert program.get(f"/audit/events/{number}").status_code == 404
    assert program.get(f"/documents/{some}/pages/{number}").status_code == 404


def test_a_list_nested_beyond_reading_names_no_files(portal):
    person = portal["sales"]
    customer = portal.world.customer(owner="sales").id
    headers = {"X-CSRFToken": person.token()}
    answer = person.client.post(
        f"/customers/{customer}/imports",
        data=DEEP,
        content_type="application/json",
        headers=headers,
    )
    assert answer.status_code == 422
    answer = portal["archivist"].upload(
        "/imports/listed", ("文件\n".encode(), "清单.csv"), customer=customer, names=DEEP
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("days", ["to=0001-01-05", "from=0001-01-05", "to=9999-12-31"])
def test_days_beyond_the_calendar_are_refused_in_words(portal, days):
    assert portal["auditor"].get(f"/log/figures?{days}").status_code == 422


@pytest.mark.parametrize("login", ["sales", "auditor"])
def test_a_form_of_fields_alone_is_no_longer_than_such_forms_are(portal, login):
    answer = portal[login].send("/log/1/open", case="z", more="1" * FORM_ROOM)
    assert answer.status_code == 413
    assert "请求过大" in answer.text
    assert entries(portal.world, Action.AUDIT_OPEN, decision="deny") == []


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\u202e", "\u2028"])
def test_a_kept_question_has_a_name_that_can_be_shown(portal, sign):
    person = portal["auditor"]
    answer = person.send("/log/filters", name=f"每周{sign}核查", dept="sales", dialog="save")
    assert answer.status_code == 422
    assert "格式不对" in answer.text
    assert sign not in person.html("/log")


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\u202e"])
def test_a_case_number_stands_on_one_line(portal, sign):
    answer = portal["auditor"].send("/log/1/open", case=f"FW-HC{sign}2026-03")
    assert answer.status_code == 422
    assert entries(portal.world, Action.AUDIT_OPEN) == []
