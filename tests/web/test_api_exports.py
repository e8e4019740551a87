"""Compliance bundles over HTTP: asked for, made, fetched, numbers opened; hidden from others."""

import pytest

from service.ids import new_id
from tests.bundled import Bundle, verdicts
from tests.web.test_api_hidden import MISTAKES, outcome

ASKED = {"case": "FW-1", "statement": "核查"}


def furnish(world):
    world.search("谐波减速器", by="sales")


def test_a_program_asks_waits_fetches_and_opens_numbers(programs, tmp_path):
    auditor = programs["auditor"]
    answer = auditor.post("/audit/exports", {**ASKED, "action": "search.run"})
    assert answer.status_code == 202
    assert answer.headers["Retry-After"]
    place = answer.headers["Location"].removeprefix("/api/v1")
    assert place == f"/audit/exports/{answer.json['id']}"
    assert (answer.json["state"], answer.json["matching"]) == ("waiting", 2)
    assert auditor.get(f"{place}/bundle").status_code == 409
    programs.world.work()
    shown = auditor.get(place).json
    assert (shown["state"], shown["done"]) == ("ready", shown["last"] - shown["first"] + 1)
    packed = auditor.get(f"{place}/bundle")
    assert packed.headers["ETag"] == f'"{shown["sha256"]}"'
    bundle = Bundle.of(packed.data)
    assert {body["action"] for body in bundle.shown()} == {"search.run"}
    assert "details.ndjson" not in bundle.files
    assert verdicts(bundle.put(tmp_path / "b.zip")) == ((0, None), (0, None))
    named = {"case": "FW-2", "number": [1, 2]}
    opened = auditor.get(f"{place}/entries", query_string=named).json["items"]
    assert [one["seq"] for one in opened] == [1, 2]
    assert auditor.get(f"{place}/entries", query_string={"number": 1}).status_code == 422


def test_a_request_sent_again_under_its_key_makes_one_bundle(programs):
    send = {"body": ASKED, "headers": {"Idempotency-Key": "k"}}
    first = programs["auditor"].post("/audit/exports", **send)
    assert programs["auditor"].post("/audit/exports", **send).json["id"] == first.json["id"]


@pytest.mark.parametrize("wrong", [{"case": ""}, {"statement": ""}, {"from": "x"}, {"no": "1"}])
def test_a_bad_request_makes_none(programs, wrong):
    answer = programs["auditor"].post("/audit/exports", {**ASKED, **wrong})
    assert answer.status_code == 422
    assert set(answer.json["fields"]) == set(wrong)


def test_a_bundle_of_somebody_else_is_absent_whatever_is_wrong(programs):
    mine = programs["auditor"].post("/audit/exports", {**ASKED, "details": True}).json["id"]
    programs.world.work()
    legal = programs["legal"]
    plain = outcome(legal.get(f"/audit/exports/{new_id()}"))
    assert plain[0] == 404
    for ending in ("", "/bundle", "/entries"):
        for mistake in MISTAKES:
            for one in (mine, new_id()):
                seen = outcome(legal.send("GET", f"/audit/exports/{one}{ending}", **mistake))
                assert seen == plain, (ending, mistake)


def test_others_may_not_and_learn_nothing(programs):
    mine = programs["auditor"].post("/audit/exports", ASKED).json["id"]
    programs.world.work()
    for who in ("sales", "archivist", "management", "security_admin", "system_admin"):
        assert programs[who].post("/audit/exports", {"nonsense": 1}).status_code == 403
        for ending in ("", "/bundle", "/entries"):
            answer = programs[who].get(f"/audit/exports/{mine}{ending}")
            assert answer.status_code == 403, (who, ending)
            assert "FW-1" not in answer.text
