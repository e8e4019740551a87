"""Sentences of the contract that hold for every operation, asked of every operation."""

from datetime import timedelta
from typing import Any

import pytest

from service import signins
from service.models import Idempotency
from tests.web.programs import Programs
from tests.world import World, password

#: paths to which forms are sent
_FORMS = ("/versions", "/documents", "/zip", "/listed", "/photos")

NEW = {"name": "苏州同屿机电有限公司", "category": "intended"}


def furnish(world: World) -> dict[str, str]:
    customer = world.customer(category="active", owner="sales").id
    document = world.document(customer, "减速机异响", by="sales").id
    world.work()
    return {"customer_id": customer, "document_id": document, "person_id": world.id("sales2")}


@pytest.fixture
def ids(furnished, world, programs):
    for agent in ("Firefox", "Chrome"):
        signins.sign_in(
            world.archive, "archivist", password("archivist"), address="::1", agent=agent
        )
    mine = programs["archivist"]
    today = str(signins.today(world.archive))
    named = {"deputy": world.id("archivist2"), "from": today, "to": today}
    said = {"customer": furnished[1]["customer_id"], "kind": "minutes"}
    case = {"case": "FW-1", "statement": "核查"}
    export = programs["auditor"].post("/audit/exports", case).json["id"]
    batch = mine.post("/imports", {**said, "files": [{"file": "甲.txt", "size": 6}]}).json["id"]
    return {
        **furnished[1],
        "number": 1,
        "seq": 1,
        "batch_id": batch,
        "export_id": export,
        "made_id": mine.post("/exports", {}).json["id"],
        "deputy_id": mine.post("/deputies", named).json["id"],
        "session_id": mine.get("/sessions").json["items"][0]["id"],
        "token_id": mine.get("/tokens").json["items"][0]["id"],
    }


def operations(programs: Programs):
    """Yield method, path and description of everything but the description itself."""
    spec = programs.client.get("/api/v1/openapi.json").json
    assert spec is not None
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            if not path.endswith("openapi.json"):
                yield method.upper(), path.removeprefix("/api/v1"), operation


def who(path: str) -> str:
    """Return somebody who may do what an operation does."""
    if path.startswith("/audit"):
        return "auditor"
    return "security_admin" if path.startswith("/users") else "archivist"


def sent(programs, method, path, query="", **more):
    form = method == "POST" and (path.endswith(_FORMS) or "/items/" in path)
    data = {"data": {}, "content_type": "multipart/form-data"} if form else {"json": {}}
    if method in ("GET", "DELETE"):
        data = {}
    return programs[who(path)].send(method, path + query, **data, **more)


def test_an_unknown_parameter_is_422_everywhere(programs, ids):
    for method, path, _ in operations(programs):
        answer = sent(programs, method, path.format(**ids), "?nonsense=1")
        if method == "DELETE" and answer.status_code == 404:
            # what is not there is said first
            continue
        assert answer.status_code == 422, (method, path, answer.text)
        assert answer.json["fields"] == {"nonsense": "unknown"}, (method, path)
    assert sent(programs, "GET", "/sessions").json["total"] == 2
    assert sent(programs, "GET", "/tokens").json["total"] == 1


def test_every_change_of_state_needs_the_state(programs, ids):
    conditional = 0
    for method, path, operation in operations(programs):
        if not any(p["name"] == "If-Match" for p in operation["parameters"]):
            continue
        conditional += 1
        body: dict[str, Any] = {"to": "ended", "reason": "x"} if path.endswith("/category") else {}
        body |= {"reason": "x"} if path.endswith(("/return", "/withdraw", "/move")) else {}
        body |= {"text": "x"} if path.endswith("/text") else {}
        body |= {"revision": 1} if path.endswith("/history") else {}
        body |= {"take": []} if path.endswith("/suggestions") else {}
        body |= {"customer": ids["customer_id"]} if path.endswith("/move") else {}
        program, place = programs[who(path)], path.format(**ids)
        for tag, status in ((None, 428), ('"99"', 412), ('W/"1"', 412)):
            headers = {} if tag is None else {"If-Match": tag}
            answer = program.send(method, place, json=body, headers=headers)
            assert answer.status_code == status, (method, path, tag, answer.text)
            assert answer.json["event"]
    assert conditional >= 10


def test_every_record_has_a_state_and_its_etag_is_a_strong_one(programs, ids):
    for path in ("/customers/{customer_id}", "/documents/{document_id}", "/users/{person_id}"):
        tag = sent(programs, "GET", path.format(**ids)).headers["ETag"]
        assert tag == f'"{int(tag.strip(chr(34)))}"'


def test_a_page_of_a_list_holds_a_hundred_at_most(programs, ids):
    lists = [
        p
        for m, p, op in operations(programs)
        if any(q["name"] == "limit" for q in op["parameters"])
    ]
    assert len(lists) >= 4
    for path in lists:
        for limit, status in ((100, 200), (101, 422), (0, 422), (-1, 422)):
            answer = sent(programs, "GET", path.format(**ids), f"?limit={limit}")
            assert answer.status_code == status, (path, limit)
        assert {"items", "next_cursor", "total"} <= set(
            sent(programs, "GET", path.format(**ids)).json
        )


def test_after_a_day_a_key_is_free_again(programs):
    send = {"body": NEW, "headers": {"Idempotency-Key": "k"}}
    first = programs["sales"].post("/customers", **send)
    with programs.world.archive.db.write() as db:
        for row in db.query(Idempotency):
            row.created -= timedelta(hours=23, minutes=59)
    assert programs["sales"].post("/customers", **send).data == first.data
    with programs.world.archive.db.write() as db:
        for row in db.query(Idempotency):
            row.created -= timedelta(minutes=1)
    later = programs["sales"].post("/customers", **send)
    assert later.status_code == 201
    assert later.json["id"] != first.json["id"]
    again = programs["sales"].post("/customers", **send)
    assert again.data == later.data
