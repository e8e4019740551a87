"""What is hidden looks exactly like what is absent, on every route and with every mistake."""

from typing import Any

import pytest

from service.ids import new_id

#: what one can do to a customer and to a document: method, path, what is sent
CUSTOMER: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/customers/{}", {}),
    ("PATCH", "/customers/{}", {"json": {"fields": {}}}),
    ("POST", "/customers/{}/file", {}),
    ("POST", "/customers/{}/category", {"json": {"to": "active", "reason": "签约"}}),
    ("GET", "/customers/{}/documents", {}),
    ("POST", "/customers/{}/documents", {"data": {"kind": "minutes"}}),
    ("POST", "/customers/{}/photos", {"data": {"kind": "minutes"}}),
]
DOCUMENT: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/documents/{}", {}),
    ("PATCH", "/documents/{}", {"json": {"title": "别的"}}),
    ("POST", "/documents/{}/versions", {}),
    ("POST", "/documents/{}/withdraw", {"json": {"reason": "传错了"}}),
    ("POST", "/documents/{}/restore", {}),
    ("POST", "/documents/{}/move", {"json": {"customer": "a" * 26, "reason": "归错"}}),
    ("POST", "/documents/{}/return", {"json": {"reason": "缺页"}}),
    ("POST", "/documents/{}/file", {}),
    ("POST", "/documents/{}/retry", {}),
    ("GET", "/documents/{}/content", {}),
    ("GET", "/documents/{}/text", {}),
    ("GET", "/documents/{}/pages/1", {}),
    ("GET", "/documents/{}/thumbnail", {}),
    ("GET", "/documents/{}/pages/1/hits", {"query_string": {"q": "谐波"}}),
    ("GET", "/documents/{}/pages/1/text", {}),
    ("PATCH", "/documents/{}/pages/1/text", {"json": {"text": "别的"}}),
    ("GET", "/documents/{}/text/history", {}),
    ("POST", "/documents/{}/text/history", {"json": {"revision": 1}}),
    ("GET", "/documents/{}/text/difference", {"query_string": {"revision": "1"}}),
    ("GET", "/documents/{}/suggestions", {}),
    ("POST", "/documents/{}/suggestions", {"json": {"take": ["kind"]}}),
]
IMPORT: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/imports/{}", {}),
    ("GET", "/imports/{}/report", {}),
    ("GET", "/imports/{}/report.csv", {}),
    ("POST", "/imports/{}/items/1", {}),
    ("POST", "/imports/{}/retry", {}),
    ("POST", "/imports/{}/stop", {}),
    ("POST", "/imports/{}/resume", {}),
    ("GET", "/imports/{}/preview", {}),
    ("POST", "/imports/{}/begin", {"json": {"leave_out": True}}),
    ("POST", "/imports/{}/discard", {}),
]
#: mistakes that must not be told before existence is
MISTAKES: list[dict[str, Any]] = [
    {},
    {"headers": {"If-Match": '"999"'}},
    {"json": {"no": "such member"}},
    {"data": b"not json", "content_type": "application/json"},
    {"data": b"{}", "content_type": "text/plain"},
    {"query_string": {"nonsense": "1"}},
    {"query_string": {"version": "0"}},
    {"headers": {"Range": "bytes=999999-"}},
    {"headers": {"Idempotency-Key": "k"}},
]


@pytest.fixture
def theirs(programs):
    """A customer, a document and an import of another salesperson."""
    customer = programs.world.customer(owner="sales2").id
    document = programs.world.document(customer, "会议纪要 谐波减速器", by="sales2").id
    programs.world.work()
    said = {"customer": customer, "kind": "minutes", "files": [{"file": "甲.txt", "size": 6}]}
    batch = programs["sales2"].post("/imports", said).json["id"]
    return customer, document, batch


def outcome(answer):
    return answer.status_code, sorted(answer.headers.items()), answer.data


@pytest.mark.parametrize("mistakes", [3, pytest.param(len(MISTAKES), marks=pytest.mark.slow)])
def test_hidden_and_absent_answer_the_same_bytes_and_headers(programs, theirs, mistakes):
    """Every route with some mistakes of its own, so that each meets every third route; or all."""
    customer, document, batch = theirs
    plain = outcome(programs["sales"].get(f"/documents/{new_id()}"))
    assert plain[0] == 404
    routes = [(*r, customer) for r in CUSTOMER] + [(*r, document) for r in DOCUMENT]
    routes += [(*r, batch) for r in IMPORT]
    for n, (method, path, normal, hidden) in enumerate(routes):
        some = [MISTAKES[(n * mistakes + k) % len(MISTAKES)] for k in range(mistakes)]
        for mistake in [normal, *some]:
            seen = outcome(programs["sales"].send(method, path.format(hidden), **mistake))
            absent = outcome(programs["sales"].send(method, path.format(new_id()), **mistake))
            assert seen == absent == plain, (method, path, mistake)


def test_a_404_tells_neither_path_nor_number(programs, theirs):
    answer = programs["sales"].get(f"/documents/{theirs[1]}")
    assert set(answer.json) == {"type", "title", "status", "detail"}
    assert theirs[1] not in answer.text
    assert "ETag" not in answer.headers


def test_the_log_knows_the_difference(programs, theirs):
    programs["sales"].get(f"/documents/{theirs[1]}")
    (event, *_) = (
        programs["auditor"]
        .get("/audit/events", query_string={"action": "document.read", "document": theirs[1]})
        .json["items"]
    )
    assert (event["decision"], event["rule"]) == ("deny", "document:scope")


def test_lists_searches_and_facets_leave_it_out(programs, theirs):
    customer = theirs[0]
    sales = programs["sales"]
    assert sales.get("/customers").json == {"items": [], "total": 0, "next_cursor": None}
    for query in ({"q": "谐波减速器"}, {}, {"customer": customer}, {"category": "intended"}):
        answer = sales.get("/search", query_string=query).json
        assert (answer["total"], answer["items"]) == (0, [])
        assert all(not value["count"] for group in answer["facets"].values() for value in group)


def test_a_category_outside_the_scope_is_an_empty_answer(programs, theirs):
    answer = programs["sales"].get("/search?category=ended")
    assert (answer.status_code, answer.json["total"]) == (200, 0)


def test_nonsense_for_an_id_is_absent(programs):
    plain = outcome(programs["sales"].get(f"/documents/{new_id()}"))
    for nonsense in ("1", "%00", "..", "a" * 300, "档案", "'%20or%201=1"):
        answer = programs["sales"].get(f"/documents/{nonsense}/content")
        assert outcome(answer) == plain, nonsense


def test_what_one_may_know_but_not_do_is_said_so(programs):
    customer = programs.world.customer(owner="sales").id
    answer = programs["sales"].act(
        f"/customers/{customer}/category", {"to": "active", "reason": "签约"}, etag='"1"'
    )
    assert answer.status_code == 403
    assert answer.json["type"] == "denied"
    assert isinstance(answer.json["event"], int)
