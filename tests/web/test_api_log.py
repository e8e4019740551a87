"""The log over HTTP: for those who may, columns only, and it says what was done here."""

import pytest
from sqlalchemy import text


def furnish(world):
    customer = world.customer(owner="sales").id
    made = world.document(customer, "会议纪要 谐波减速器", by="sales").id
    world.work()
    return made


@pytest.fixture
def document(furnished):
    return furnished[1]


def events(programs, **query):
    return programs["auditor"].get("/audit/events", query_string=query).json


def test_a_search_is_in_the_log_under_the_number_in_its_answer(programs, document):
    answer = programs["sales"].get("/search?q=谐波减速器").json
    found = events(programs, action="search.run")["items"]
    assert [(e["phase"], e["seq"], e["ref"]) for e in found] == [
        ("outcome", found[0]["seq"], answer["event"]),
        ("intent", answer["event"], None),
    ]
    assert (found[0]["count"], found[0]["via"]) == (1, "token")
    assert "谐波" not in str(found)


def test_entries_are_found_by_what_they_are_about(programs, document):
    programs["sales"].get("/search?q=谐波减速器")
    programs["sales"].get(f"/documents/{document}")
    programs["sales2"].get(f"/documents/{document}")
    sales = programs.world.id("sales")
    assert {e["actor"] for e in events(programs, actor=sales)["items"]} == {sales}
    assert {e["verb"] for e in events(programs, verb="read")["items"]} == {"read"}
    assert {e["object"] for e in events(programs, document=document)["items"]} == {document}
    denied = events(programs, decision="deny", document=document)["items"]
    assert [e["actor_name"] for e in denied] == ["SALES2"]
    shown = events(programs, contains=document)["items"]
    assert {e["action"] for e in shown} == {"search.run", "document.read"}
    assert events(programs, **{"from": "2001-01-01", "to": "2001-12-31"})["total"] == 0


def test_entries_are_paged_without_a_gap(programs, document):
    page = events(programs, limit=7)
    seen = [e["seq"] for e in page["items"]]
    while cursor := page["next_cursor"]:
        # every look at the log makes it longer
        page = events(programs, limit=7, cursor=cursor)
        seen += [e["seq"] for e in page["items"]]
    assert seen == list(range(seen[0], 0, -1))


def test_reading_the_log_is_an_entry(programs):
    events(programs, actor="sales")
    assert events(programs, action="audit.read")["total"] >= 2


def test_the_state_of_the_log_tells_how_far_it_holds(programs, document):
    status = programs["auditor"].get("/audit/status").json
    assert set(status) == {"verified_to", "events", "root", "anchor"}
    assert len(bytes.fromhex(status["root"])) == 32
    assert status["verified_to"] == status["events"] > 0


def test_the_log_is_for_auditors_and_lawyers_alone(programs):
    assert programs["legal"].get("/audit/events").status_code == 200
    for who in ("sales", "archivist", "management", "security_admin", "system_admin"):
        for path in ("/audit/events", "/audit/status", "/audit/events?nonsense=1"):
            assert programs[who].get(path).status_code == 403, (who, path)


def damage(programs, statement):
    """Do to the database what the archive itself never does."""
    with programs.world.archive.db.write() as db:
        db.execute(text("PRAGMA ignore_check_constraints=ON"))
        db.execute(text(statement))


def test_when_the_log_cannot_be_written_nothing_is_read(programs, document):
    programs["sales"].get("/me")
    damage(programs, "ALTER TABLE audit_body RENAME TO elsewhere")
    for path in ("/search?q=谐波", f"/documents/{document}", f"/documents/{document}/content"):
        answer = programs["sales"].get(path)
        assert answer.status_code == 503
        assert answer.json["part"] == "log"
        assert answer.headers["Retry-After"]
        assert "谐波" not in answer.text


def test_what_broke_is_told_by_a_number_and_nothing_else(programs, document):
    damage(programs, "UPDATE document SET grade = 'secret words'")
    answer = programs["sales"].get(f"/documents/{document}")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert answer.json["incident"].startswith("E-")
    assert "secret" not in answer.text
