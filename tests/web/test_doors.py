"""Closed unless listed: every route and method, as a stranger, forged, and seen by its headers."""

import pytest
from werkzeug.routing import Rule

from service.models import AuditEvent
from tests.world import password
from web import guard

ID = "a" * 26
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def address(rule: Rule) -> str:
    """Return an address that matches a rule."""
    values: dict[str, object] = dict.fromkeys(rule.arguments, ID)
    for counted in {"number", "ordinal", "seq"} & values.keys():
        values[counted] = 1
    if "filename" in values:
        values["filename"] = "app.css"
    built = rule.build(values) if values else None
    return built[1] if built else rule.rule


def doors(app, *, unsafe: bool | None = None):
    """Yield endpoint, method and address of everything the application answers."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"OPTIONS", "HEAD"}):
            if unsafe is None or (method in UNSAFE) == unsafe:
                yield rule.endpoint, method, address(rule)


def test_a_stranger_gets_no_further_than_the_list(portal):
    stranger = portal.stranger()
    for endpoint, method, path in doors(portal.app):
        answer = stranger.client.open(path, method=method, buffered=True)
        if endpoint in guard.PUBLIC:
            assert answer.status_code in (200, 302, 400, 404), (endpoint, answer.status)
        elif path.startswith("/api/") or method != "GET":
            assert answer.status_code == 401, (endpoint, answer.status)
        else:
            assert answer.status_code == 302, (endpoint, answer.status)
            assert answer.location.startswith("/sign-in"), endpoint


def test_every_listed_endpoint_exists(portal):
    endpoints = {rule.endpoint for rule in portal.app.url_map.iter_rules()}
    assert endpoints >= guard.PUBLIC


def test_an_address_that_is_not_there_tells_a_stranger_nothing(portal):
    answer = portal.stranger().get("/customers/nobody/nothing")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in")


@pytest.mark.parametrize("login", ["archivist", "security_admin"])
def test_a_form_without_its_token_is_refused_at_every_door(portal, login):
    person = portal[login]
    before = numbers(portal.world, "allow")
    tried = 0
    for endpoint, method, path in doors(portal.app, unsafe=True):
        if not path.startswith("/api/"):
            answer = person.client.open(path, method=method, data={"name": "x"})
            assert answer.status_code == 400, (endpoint, answer.status)
            tried += endpoint not in guard.PUBLIC
    assert numbers(portal.world, "allow") == before
    assert numbers(portal.world, "deny", "request.check") == tried


def numbers(world, decision: str, action: str = "") -> int:
    """Return how many entries the log holds that ended so."""
    with world.archive.db.read() as db:
        found = db.query(AuditEvent).filter(AuditEvent.decision == decision)
        return int((found.filter(AuditEvent.action == action) if action else found).count())


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_from_another_site_is_refused_whatever_token_it_has(portal, headers):
    person = portal["archivist"]
    token = person.token()
    for endpoint, method, path in doors(portal.app, unsafe=True):
        if not path.startswith("/api/"):
            data = {"csrf_token": token, "login": "x", "password": password("archivist")}
            answer = person.client.open(path, method=method, data=data, headers=headers)
            assert answer.status_code == 403, (endpoint, answer.status)
    assert numbers(portal.world, "deny", "request.check") > 10


def test_a_form_from_this_site_is_taken(portal):
    person = portal["archivist"]
    answer = person.client.post(
        "/account/tokens",
        data={"csrf_token": person.token(), "name": "n", "days": "3"},
        headers={"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 302


def test_every_answer_has_the_security_headers(portal):
    person = portal["archivist"]
    paths = [(method, path) for _, method, path in doors(portal.app)]
    paths += [("GET", "/nowhere"), ("GET", "/log"), ("GET", "/customers?sort=nonsense")]
    for method, path in paths:
        answer = person.client.open(path, method=method, buffered=True)
        where = (method, path, answer.status)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, where
        assert "default-src 'self'" in policy or "default-src 'none'" in policy, where
        assert answer.headers["X-Content-Type-Options"] == "nosniff", where
        assert answer.headers["Referrer-Policy"], where
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", where
        assert "Strict-Transport-Security" not in answer.headers, where
        if "/static/" not in path:
            assert "no-store" in answer.headers["Cache-Control"], where


def test_the_pages_themselves_may_neither_be_framed_nor_post_elsewhere(portal):
    policy = portal["archivist"].get("/").headers["Content-Security-Policy"]
    for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy
    assert "form-action 'self'" in policy


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b"])
def test_a_host_that_is_not_ours_is_not_answered(portal, host):
    answer = portal.stranger().get("/sign-in", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text


def test_looking_changes_nothing_but_the_log(portal):
    customer = portal.world.customer()
    document = portal.world.document(customer.id, "减速机异响")
    portal.world.work()
    person = portal["archivist"]
    for _endpoint, _method, path in doors(portal.app, unsafe=False):
        person.get(path.replace(ID, document.id if "documents" in path else customer.id))
    with portal.world.archive.db.read() as db:
        found = db.query(AuditEvent.action).filter(AuditEvent.phase == "event").distinct()
        looked = {action for (action,) in found}
    assert looked <= {
        "session.sign_in",
        "user.manage",
        "customer.create",
        "document.extract",
        "document.index",
        # a further piece of what was opened
        "document.read",
        "policy.import",
    }
