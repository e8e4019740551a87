"""Exports of the archive over HTTP: asked for, made, fetched; hidden from others."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from service.ids import new_id
from service.models import Token
from tests.bundled import Bundle
from tests.exported import of_csv, of_workbook
from tests.web.test_api_hidden import MISTAKES, outcome

CANARY = "谐波减速器异响"
ASKED = {"q": CANARY, "format": "csv"}


def furnish(world):
    customer = world.customer(owner="sales").id
    world.document(customer, CANARY, by="sales")
    world.work()
    return customer


def test_a_program_asks_waits_and_fetches(programs, furnished):
    sales = programs["sales"]
    answer = sales.post("/exports", ASKED)
    assert answer.status_code == 202
    assert answer.headers["Retry-After"]
    place = answer.headers["Location"].removeprefix("/api/v1")
    assert place == f"/exports/{answer.json['id']}"
    assert (answer.json["state"], answer.json["wanted"]) == ("waiting", 1)
    assert sales.get(f"{place}/file").status_code == 409
    programs.world.work()
    shown = sales.get(place).json
    assert (shown["state"], shown["done"], shown["left_out"]) == ("ready", 1, 0)
    packed = sales.get(f"{place}/file")
    assert packed.headers["ETag"] == f'"{shown["sha256"]}"'
    assert len(of_csv(packed.data)[0]) == 1
    place = f"/exports/{sales.post('/exports', {'of': furnished[1]}).json['id']}"
    programs.world.work()
    assert len(of_workbook(sales.get(f"{place}/file").data)[0]) == 1
    place = f"/exports/{sales.post('/exports', {'of': furnished[1], 'format': 'zip'}).json['id']}"
    programs.world.work()
    assert CANARY.encode() in Bundle.of(sales.get(f"{place}/file").data).files.values()
    items = programs["auditor"].get("/audit/events?action=export.documents").json["items"]
    assert place.rpartition("/")[2] in {one["object"] for one in items}


def test_a_program_has_copies_made_and_the_log_says_that_it_was_copies(programs, furnished):
    sales = programs["sales"]
    asked = sales.post("/exports", {"of": furnished[1], "format": "copies"}).json
    assert (asked["what"], asked["format"]) == ("copies", "copies")
    programs.world.work()
    files = Bundle.of(sales.get(f"/exports/{asked['id']}/file").data).files
    assert sum(name.endswith(".pdf") for name in files) == 1
    assert CANARY.encode() not in b"".join(files.values())
    items = programs["auditor"].get("/audit/events?action=export.copies").json["items"]
    assert asked["id"] in {one["object"] for one in items}


def test_a_request_sent_again_under_its_key_makes_one(programs):
    send = {"body": ASKED, "headers": {"Idempotency-Key": "k"}}
    first = programs["sales"].post("/exports", **send)
    assert programs["sales"].post("/exports", **send).json["id"] == first.json["id"]


@pytest.mark.parametrize(
    "wrong", [{"format": "exe"}, {"what": "all"}, {"from": "x"}, {"limit": 1}, {"sort": "x"}]
)
def test_a_bad_request_makes_none(programs, wrong):
    answer = programs["sales"].post("/exports", {**ASKED, **wrong})
    assert answer.status_code == 422
    assert set(answer.json["fields"]) == set(wrong)


def test_what_is_somebody_elses_is_absent_whatever_is_wrong(programs, furnished):
    mine = programs["sales"].post("/exports", ASKED).json["id"]
    programs.world.work()
    other = programs["sales2"]
    plain = outcome(other.get(f"/exports/{new_id()}"))
    assert plain[0] == 404
    for ending in ("", "/file"):
        for mistake in MISTAKES:
            for one in (mine, new_id()):
                seen = outcome(other.send("GET", f"/exports/{one}{ending}", **mistake))
                assert seen == plain, (ending, mistake)
    for of in (furnished[1], new_id()):
        assert outcome(other.post("/exports", {"of": of})) == plain


def test_who_reads_nothing_may_not_and_a_stale_token_steps_up(programs):
    for who in ("auditor", "hr", "security_admin", "system_admin"):
        assert programs[who].post("/exports", {"nonsense": 1}).status_code == 403
    sales = programs["sales"]
    mine = sales.post("/exports", ASKED).json["id"]
    programs.world.work()
    with programs.world.archive.db.write() as db:
        db.execute(update(Token).values(confirmed=datetime(2020, 1, 1, tzinfo=UTC)))
    for answer in (sales.post("/exports", ASKED), sales.get(f"/exports/{mine}/file")):
        assert answer.status_code == 403
        assert answer.json["type"].endswith("step-up")
        assert CANARY not in answer.text
    assert sales.get(f"/exports/{mine}").status_code == 200
