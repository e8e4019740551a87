"""One entry of the log over HTTP, what was sealed with it, and one's own history."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from service import sealed_words
from service.models import Token
from service.permissions import Action
from tests.logged import entries, intents

CASE, CANARY = "FW-HC-2026-Q4-03", "谐波减速器"
OTHERS = ("archivist", "sales", "management", "security_admin", "system_admin", "hr")


def furnish(world):
    customer = world.customer(owner="sales", filed=True).id
    made = world.document(customer, f"会议纪要 {CANARY}", by="sales").id
    world.work()
    return made


def searched(programs, by="sales"):
    """Search; return the number of the entry."""
    return programs[by].get(f"/search?q={CANARY}").json["event"]


def ways(number):
    """Return the paths that open what was sealed, and what is asked of them."""
    sought = {"words": CANARY, "case": CASE}
    return {f"/audit/events/{number}/details": {"case": CASE}, "/audit/sealed": sought}


def test_one_entry_is_shown_with_its_outcome_and_all_it_showed(programs, furnished):
    number = searched(programs)
    shown = programs["auditor"].get(f"/audit/events/{number}")
    parts = shown.json["parts"]
    assert [part["event"]["phase"] for part in parts] == ["intent", "outcome"]
    assert [part["sealed"] for part in parts] == [True, True]
    assert {"document": furnished[1], "how": "snippet"} in parts[1]["documents"]
    assert parts[0]["body"]["seq"] == shown.json["seq"] == number
    assert len(bytes.fromhex(parts[0]["leaf"])) == 32
    assert CANARY not in shown.text
    later = programs["legal"].get(f"/audit/events/{number + 1}").json
    assert later["seq"] == number
    assert later["newest"] > shown.json["newest"]
    for none in (0, 10**9, 2**53, 10**30):
        assert programs["auditor"].get(f"/audit/events/{none}").status_code == 404
        assert programs["auditor"].get(f"/audit/events/{none}/details").status_code == 404
    assert programs.world.verify().code == 0


def test_what_was_sealed_opens_for_a_case_and_that_is_an_entry(programs):
    number = searched(programs)
    for path, asked in ways(number).items():
        without = {name: said for name, said in asked.items() if name != "case"}
        for case in ({}, {"case": ""}, {"case": "FW"}):
            refused = programs["auditor"].get(path, query_string=without | case)
            assert refused.status_code == 422
            assert set(refused.json["fields"]) == {"case"}
    opened = programs["auditor"].get(f"/audit/events/{number}/details", query_string={"case": CASE})
    assert opened.json["seq"] == number
    assert opened.json["items"][0]["members"]["q"] == CANARY
    told = intents(programs.world, Action.AUDIT_OPEN)[-1]
    assert (told["detail"]["case"], told["detail"]["entry"]) == (CASE, str(number))


def test_words_are_found_piece_by_piece_in_what_was_sealed(programs, monkeypatch):
    mine = [searched(programs) for _ in range(3)]
    searched(programs, by="archivist")
    monkeypatch.setattr(sealed_words, "_BATCH", 2)
    monkeypatch.setattr(sealed_words, "SECONDS", 0.0)
    asked = {"words": CANARY, "case": CASE, "dept": "sales"}
    found, pieces = [], 0
    while True:
        piece = programs["auditor"].get("/audit/sealed", query_string=asked).json
        found += [item["ref"] or item["seq"] for item in piece["items"]]
        pieces += 1
        if piece["below"] is None:
            break
        asked |= {"below": piece["below"], "newest": piece["newest"]}
    assert pieces > 3
    assert set(mine) <= set(found)
    assert {item["actor_name"] for item in piece["items"]} <= {"SALES"}
    assert len(entries(programs.world, Action.AUDIT_OPEN)) == pieces


def test_what_was_sealed_needs_a_password_given_lately(programs):
    number = searched(programs)
    token = programs["auditor"].token
    assert token
    with programs.world.archive.db.write() as db:
        for row in db.scalars(select(Token)).all():
            row.confirmed -= timedelta(minutes=11)
    assert programs["auditor"].get(f"/audit/events/{number}").status_code == 200
    for path, asked in ways(number).items():
        bare: dict[str, str] = {}
        for query in (asked, bare):
            refused = programs["auditor"].get(path, query_string=query)
            assert (refused.status_code, refused.json["type"]) == (403, "step-up")
            assert CANARY not in refused.text
    absent = programs["auditor"].get("/audit/events/99999999/details")
    assert absent.status_code == 404


@pytest.mark.parametrize("who", OTHERS)
def test_others_see_neither_entry_nor_what_was_sealed(programs, who):
    number = searched(programs)
    refusing: dict[str, dict[str, str]] = {f"/audit/events/{number}": {}, **ways(number)}
    for path, asked in refusing.items():
        queries: list[dict[str, str]] = [asked, {}, {"nonsense": "1"}]
        for query in queries:
            refused = programs[who].get(path, query_string=query)
            assert (refused.status_code, refused.json["type"]) == (403, "denied"), (path, query)
            assert CANARY not in refused.text


def test_everybody_finds_what_they_did_with_their_words_and_nothing_of_others(programs, furnished):
    number = searched(programs)
    programs["sales"].get(f"/documents/{furnished[1]}")
    searched(programs, by="archivist")
    mine = programs["sales"].get("/me/history").json
    (search,) = (one for one in mine["items"] if one["action"] == "search.run")
    assert (search["seq"], search["q"], search["decision"]) == (number, CANARY, "allow")
    (read,) = (one for one in mine["items"] if one["action"] == "document.read")
    assert (read["thing"]["kind"], read["thing"]["id"]) == ("document", furnished[1])
    for other in ("auditor", "security_admin", "sales2"):
        told = programs[other].get("/me/history")
        assert CANARY not in told.text
        assert furnished[1] not in told.text
    programs.world.edit(furnished[1], by="archivist", grade="top")
    again = programs["sales"].get("/me/history?action=document.read")
    assert [one["thing"] for one in again.json["items"]] == [None]
    assert furnished[1] not in again.text


def test_ones_own_history_is_narrowed_and_paged(programs):
    for _ in range(3):
        searched(programs)
    sales = programs["sales"]
    page = sales.get("/me/history?limit=2&action=search.run").json
    assert (len(page["items"]), page["total"]) == (2, 3)
    rest = sales.get(f"/me/history?limit=2&action=search.run&cursor={page['next_cursor']}").json
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    assert sales.get("/me/history?from=2001-01-01&to=2001-12-31").json["total"] == 0
    one = page["items"][0]["seq"]
    assert [i["seq"] for i in sales.get(f"/me/history?seq={one}").json["items"]] == [one]
    assert sales.get(f"/me/history?seq={2**60}").status_code == 422
