"""Deputies on the account's page and over the API."""

from datetime import date, timedelta

import pytest

from service.codes import Category
from tests.web.browsing import form

TODAY = date.today()  # noqa: DTZ011 - far from the limits that are tested elsewhere
LATER = TODAY + timedelta(days=20)


def furnish(world):
    return world.customer("甲机械有限公司", Category.ACTIVE, owner="sales").id


@pytest.fixture
def customer(furnished):
    return furnished[1]


def days():
    return {"from": str(TODAY - timedelta(days=1)), "to": str(LATER)}


def test_a_person_names_a_deputy_sees_them_and_ends_it(portal, customer):
    own, other = portal["sales"], portal["sales2"]
    deputy = portal.world.id("sales2")
    assert other.get(f"/customers/{customer}").status_code == 404
    filled = form(own.html("/account"), "/account/deputies") | {"deputy": deputy} | days()
    assert own.send("/account/deputies", **filled).location == "/account"
    page = own.html("/account")
    assert "已指定代理人。" in page
    assert f"至 {LATER}" in page
    assert "你在代理 SALES" in other.html("/account")
    assert "甲机械有限公司" in other.html(f"/customers/{customer}")
    assert other.send(f"/account/deputies/{deputy}/end").status_code == 404
    assert own.send(f"/account/deputies/{deputy}/end").status_code == 302
    assert f"至 {LATER}" not in own.html("/account")
    assert other.get(f"/customers/{customer}").status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"from": ""}, "请写明起止日期。"),
        ({"to": "2020-01-01"}, "结束日期早于开始日期，或已过去。"),
        ({"to": "nonsense"}, "日期写作 YYYY-MM-DD。"),
        ({"deputy": "a" * 26}, "代理人须是你所在部门的同事。"),
    ],
)
def test_a_deputy_that_cannot_be_named_is_refused_with_the_reason(portal, change, sentence):
    own = portal["sales"]
    filled = {"deputy": portal.world.id("sales2")} | days() | change
    answer = own.send("/account/deputies", **filled)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_who_has_no_colleagues_with_customers_is_offered_no_deputy(portal):
    page = portal["auditor"].html("/account")
    assert 'id="deputies"' not in page


def test_a_program_names_lists_and_ends_a_deputy(programs, customer):
    own, other = programs["sales"], programs["sales2"]
    wanted = {"deputy": programs.world.id("sales2")} | days()
    made = own.post("/deputies", wanted)
    assert made.status_code == 201, made.text
    assert made.json == {
        "id": wanted["deputy"],
        "deputy": {"id": wanted["deputy"], "name": "SALES2"},
        "of": {"id": programs.world.id("sales"), "name": "SALES"},
        "from": wanted["from"],
        "to": wanted["to"],
    }
    for program in (own, other):
        assert program.get("/deputies").json["items"] == [made.json]
    assert programs["sales_head"].get("/deputies").json["items"] == []
    assert other.get(f"/customers/{customer}").status_code == 200
    assert other.send("DELETE", f"/deputies/{wanted['deputy']}").status_code == 404
    assert own.send("DELETE", f"/deputies/{wanted['deputy']}").status_code == 204
    assert other.get(f"/customers/{customer}").status_code == 404


def test_a_deputy_is_where_the_answer_to_naming_one_says(programs):
    own, other, stranger = programs["sales"], programs["sales2"], programs["sales_head"]
    made = own.post("/deputies", {"deputy": programs.world.id("sales2")} | days())
    place = made.headers["Location"].removeprefix("/api/v1")
    assert place == f"/deputies/{programs.world.id('sales2')}"
    for program in (own, other):
        found = program.get(place)
        assert (found.status_code, found.json) == (200, made.json)
        assert found.headers["ETag"] == made.headers["ETag"]
    hidden, absent = stranger.get(place), stranger.get(f"/deputies/{'a' * 26}")
    assert (hidden.status_code, hidden.data) == (404, absent.data)
    longer = {"deputy": programs.world.id("sales2")} | days() | {"to": str(LATER + timedelta(1))}
    changed = own.post("/deputies", longer)
    assert changed.headers["ETag"] != made.headers["ETag"]
    assert own.get(place).headers["ETag"] == changed.headers["ETag"]
    assert own.send("DELETE", place).status_code == 204
    assert own.get(place).status_code == 404
    assert other.get(place).status_code == 404


def test_a_program_that_names_nobodys_colleague_is_told_which_member_is_wrong(programs):
    refused = programs["sales"].post("/deputies", {"deputy": "a" * 26} | days())
    assert refused.status_code == 422
    assert list(refused.json["fields"]) == ["deputy"]
