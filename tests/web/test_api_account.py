"""Tokens, sign-ins and accounts over HTTP."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from service import signins
from service.models import Token
from tests.web.programs import Program
from tests.world import password


def test_me_tells_who_calls_and_where_they_may_do_what(programs):
    me = programs["sales"].get("/me").json
    assert me["person"] == {
        "id": programs.world.id("sales"),
        "login": "sales",
        "name": "SALES",
        "department": "sales",
    }
    assert me["roles"] == ["sales"]
    assert me["scopes"]["search.run"] == ["potential", "intended", "active"]
    assert me["scopes"]["customer.create"] == ["potential", "intended"]
    assert "customer.move_category" not in me["scopes"]
    assert "audit.read" not in me["scopes"]


def test_a_person_without_content_reaches_nothing(programs):
    scopes = programs["auditor"].get("/me").json["scopes"]
    assert scopes["audit.read"] == []
    assert "search.run" not in scopes
    assert "document.add" not in scopes


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic c2FsZXM6eA=="},
        {"Cookie": "guidang=x"},
    ],
)
def test_without_a_token_every_operation_is_401(programs, headers):
    spec = programs.client.get("/api/v1/openapi.json").json
    for path, operations in spec["paths"].items():
        for method in operations:
            if path.endswith("/openapi.json"):
                continue
            answer = programs.client.open(path, method=method.upper(), headers=headers)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.content_type == "application/problem+json"


def test_a_browser_cookie_opens_nothing_here(programs):
    archive = programs.world.archive
    begun = signins.sign_in(archive, "sales", password("sales"), address="::1", agent="t")
    headers = {"Authorization": f"Bearer {begun.token}"}
    assert programs.client.get("/api/v1/me", headers=headers).status_code == 401


def test_no_answer_sets_a_cookie(programs):
    for answer in (programs["sales"].get("/me"), programs.client.get("/api/v1/me")):
        assert "Set-Cookie" not in answer.headers


def test_a_token_is_made_shown_once_and_revoked(programs):
    made = programs["sales"].post("/tokens", {"name": "导入", "days": 7})
    assert made.status_code == 201
    token = made.json["token"]
    mine = {"Authorization": f"Bearer {token}"}
    assert programs.client.get("/api/v1/me", headers=mine).json["person"]["login"] == "sales"
    listed = programs["sales"].get("/tokens")
    assert token not in listed.text
    assert {t["name"] for t in listed.json["items"]} == {"导入", "test"}
    gone = programs["sales"].send("DELETE", f"/tokens/{made.json['id']}")
    assert (gone.status_code, gone.data) == (204, b"")
    assert programs.client.get("/api/v1/me", headers=mine).status_code == 401


def test_a_repeated_request_does_not_show_the_token_again(programs):
    send = {"body": {"name": "导入"}, "headers": {"Idempotency-Key": "t"}}
    first, second = (programs["sales"].post("/tokens", **send) for _ in range(2))
    assert "token" in first.json
    assert second.json == {k: v for k, v in first.json.items() if k != "token"}


def test_nobody_revokes_the_token_of_somebody_else(programs):
    theirs = programs["sales2"].get("/tokens").json["items"][0]["id"]
    assert programs["sales"].send("DELETE", f"/tokens/{theirs}").status_code == 404
    assert programs["sales2"].get("/me").status_code == 200


def test_all_own_tokens_stop_at_once(programs):
    programs["sales2"].get("/me")
    assert programs["sales"].send("DELETE", "/tokens").status_code == 204
    assert programs["sales"].get("/me").status_code == 401
    assert programs["sales2"].get("/me").status_code == 200


def test_own_sign_ins_are_listed_and_ended(programs):
    archive = programs.world.archive
    for agent in ("Firefox", "Chrome"):
        signins.sign_in(archive, "sales", password("sales"), address="192.0.2.7", agent=agent)
    found = programs["sales"].get("/sessions").json
    assert found["total"] == 2
    assert {s["agent"] for s in found["items"]} == {"Firefox", "Chrome"}
    first = found["items"][0]["id"]
    assert programs["sales2"].send("DELETE", f"/sessions/{first}").status_code == 404
    assert programs["sales"].send("DELETE", f"/sessions/{first}").status_code == 204
    assert programs["sales"].get("/sessions").json["total"] == 1
    assert programs["sales"].send("DELETE", "/sessions").status_code == 204
    assert programs["sales"].get("/sessions").json["total"] == 0


NEW = {
    "login": "li.na",
    "name": "李娜",
    "department": "sales",
    "roles": ["sales"],
    "password": "a long password nobody uses",
}


def test_a_security_administrator_opens_changes_and_closes_an_account(programs):
    admin = programs["security_admin"]
    made = admin.post("/users", NEW)
    assert made.status_code == 201, made.text
    path = f"/users/{made.json['id']}"
    assert "password" not in made.text
    assert admin.get(path).json == made.json
    assert admin.patch(path, {"name": "李娜娜"}).status_code == 428
    changed = admin.patch(path, {"name": "李娜娜", "head": True}, etag=made.headers["ETag"])
    assert (changed.json["name"], changed.json["head"]) == ("李娜娜", True)
    assert admin.patch(path, {"head": False}, etag=made.headers["ETag"]).status_code == 412
    her = programs["li.na"]
    assert her.get("/me").status_code == 200
    closed = admin.patch(path, {"active": False}, etag=changed.headers["ETag"])
    assert closed.json["active"] is False
    assert her.get("/me").status_code == 401


@pytest.fixture
def aged(programs):
    """Make the password for all tokens given so long ago."""

    def aged(minutes):
        with programs.world.archive.db.write() as db:
            for row in db.scalars(select(Token)).all():
                row.confirmed -= timedelta(minutes=minutes)

    return aged


def test_rights_and_keys_need_a_password_given_lately(programs, aged):
    admin, path = programs["security_admin"], f"/users/{programs.world.id('sales')}"
    etag = admin.etag(path)
    aged(11)
    before = admin.get(path).json
    for answer in (
        admin.post("/users", NEW),
        admin.patch(path, {"roles": ["archivist"]}, etag=etag),
        admin.post("/tokens", {"name": "导入"}),
    ):
        assert (answer.status_code, answer.json["type"]) == (403, "step-up")
    assert admin.get(path).json == before
    assert "li.na" not in admin.get("/users").text
    assert admin.get("/tokens").json["total"] == 1
    assert programs["sales"].patch(path, {"head": True}).json["type"] == "denied"


def test_a_token_gives_another_neither_a_longer_life_nor_a_later_password(programs, aged):
    admin = programs["security_admin"]
    short = admin.post("/tokens", {"name": "短", "days": 2})
    aged(6)
    programs.known["short"] = Program(programs.client, short.json["token"])
    made = programs["short"].post("/tokens", {"name": "长", "days": 300}).json
    assert made["expires"] == short.json["expires"]
    assert programs["short"].post("/tokens", {"name": "又"}).json["expires"] == made["expires"]
    aged(5)
    programs.known["made"] = Program(programs.client, made["token"])
    assert programs["made"].get("/users").status_code == 200
    assert programs["made"].post("/users", NEW).json["type"] == "step-up"


def test_accounts_are_no_business_of_others(programs):
    for answer in (
        programs["sales"].get("/users"),
        programs["sales"].post("/users", NEW),
        programs["archivist"].patch(f"/users/{programs.world.id('sales')}", {"head": True}),
        programs["archivist"].patch("/users/nobody", {"head": True}),
    ):
        assert answer.status_code == 403


def test_accounts_are_checked(programs):
    admin = programs["security_admin"]
    assert admin.post("/users", {**NEW, "login": "sales"}).status_code == 409
    assert admin.get("/users/nobody").status_code == 404
    wrongs: list[dict[str, object]] = [
        {"roles": []},
        {"roles": ["king"]},
        {"admin": True},
        {"head": "yes"},
    ]
    for wrong in wrongs:
        assert admin.post("/users", {**NEW, **wrong}).status_code == 422, wrong
    short = admin.post("/users", {**NEW, "password": "short"})
    assert "password" in short.json["fields"]


def test_privileged_seats_and_own_rights_are_not_given_here(programs):
    admin = programs["security_admin"]
    assert admin.post("/users", {**NEW, "roles": ["auditor"]}).status_code == 403
    mine = f"/users/{programs.world.id('security_admin')}"
    answer = admin.patch(mine, {"roles": ["management"]}, etag=admin.etag(mine))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "change",
    [{"active": False}, {"name": "冒名"}, {"head": True}, {"department": "sales"}],
)
def test_a_privileged_seat_is_touched_by_no_other(programs, change):
    admin, auditor = programs["security_admin"], programs["auditor"]
    path = f"/users/{programs.world.id('auditor')}"
    before = admin.get(path).json
    assert admin.patch(path, change, etag=admin.etag(path)).status_code == 403
    assert admin.get(path).json == before
    assert auditor.get("/me").status_code == 200
