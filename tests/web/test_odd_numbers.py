"""Numbers, days and positions that cannot be get a clear refusal on pages and in the API."""

import base64
import json

import pytest

DIGITS = "9" * 5000


def packed(content):
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


DEEP = packed("[" * 60_000)
LARGE = [packed(json.dumps(["newest", at, 0])) for at in (2**63, 2**64, 2**63 - 1)]


@pytest.mark.parametrize(
    ("login", "path"),
    [("sales", "/search?q=x&sort=newest"), ("sales", "/customers?x="), ("auditor", "/log?x=")],
)
def test_pages_refuse_a_cursor_of_nothing_but_brackets(portal, login, path):
    assert portal[login].get(f"{path}&cursor={DEEP}").status_code == 422


def test_a_cursor_beyond_every_sort_key_is_none_of_ours(programs):
    for cursor in LARGE:
        answer = programs["sales"].get(f"/search?q=x&sort=newest&cursor={cursor}")
        assert (answer.status_code, answer.json["fields"]) == (422, {"cursor": "invalid"})


def test_a_year_that_is_none_narrows_nothing(portal):
    world, person = portal.world, portal["sales"]
    world.document(world.customer(owner="sales").id, "谐波减速器", by="sales")
    world.work()
    for year in (DIGITS, "9" * 30, "x"):
        assert "1 份文件" in person.html(f"/search?q=谐波&year={year}")
    assert "1 份文件" not in person.html("/search?q=谐波&year=2001")


def test_a_revision_that_cannot_be_is_refused(portal):
    customer = portal.world.customer(owner="sales").id
    for seen in (DIGITS, "9" * 20):
        answer = portal["sales"].send(f"/customers/{customer}/file", seen=seen)
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("name", "day"), [("to", "9999-12-31"), ("from", "0001-01-01"), ("from", "0500-01-01")]
)
def test_days_at_the_ends_of_the_calendar_are_refused(programs, portal, name, day):
    answer = programs["auditor"].get(f"/audit/events?{name}={day}")
    assert (answer.status_code, answer.json["fields"]) == (422, {name: "range"})
    assert portal["auditor"].get(f"/log?{name}={day}").status_code == 422


def test_a_range_of_a_version_that_cannot_be_is_answered_like_the_whole(programs):
    customer = programs.world.customer(owner="sales")
    document = programs.world.document(customer.id, "会议纪要", by="sales").id
    for version in ("99999999999999999999", "2147483648", "-1", "0", "7"):
        path = f"/documents/{document}/content?version={version}"
        whole = programs["sales"].get(path).status_code
        ranged = programs["sales"].get(path, headers={"Range": "bytes=0-1"})
        assert ranged.status_code == whole
        assert whole in {404, 422}
