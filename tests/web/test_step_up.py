"""What changes rights or gives out keys asks the password again."""

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from service.models import AuditBody, AuditEvent, SignIn, Token
from service.permissions import Action
from tests import bundled, exported
from tests.logged import entries
from tests.web.browsing import form, found
from tests.web.programs import Programs
from tests.world import password

CASE = "FW-HC-2026-Q4-03"
CANARY = "谐波减速器"
WEB = Path(__file__).parents[2] / "web"


@pytest.fixture
def later(world):
    """Return what lets every password have been given long ago."""

    def passes():
        with world.archive.db.write() as db:
            for table in (SignIn, Token):
                db.execute(update(table).values(confirmed=datetime(2020, 1, 1, tzinfo=UTC)))

    return passes


def test_rights_are_changed_only_right_after_the_password_was_given(portal, later):
    admin = portal["security_admin"]
    assert admin.get("/people").status_code == 200
    later()
    asked = admin.get("/people")
    assert asked.status_code == 403
    assert 'action="/confirm"' in asked.text
    refused = admin.send("/people", login="x.y", name="X", department="sales", roles="sales")
    assert refused.status_code == 403
    assert "x.y" not in portal["security_admin"].html("/people")


@pytest.mark.parametrize(
    ("login", "path"),
    [("auditor", "/log/1/open"), ("legal", "/log/words"), ("security_admin", "/people")],
)
def test_that_somebody_was_asked_for_the_password_is_in_the_log(portal, later, login, path):
    person = portal[login]
    later()
    assert person.send(path, case=CASE).status_code == 403
    (one,) = entries(portal.world, Action.REQUEST_CHECK, decision="deny")
    assert (one["actor"]["id"], one["rule"]) == (portal.world.id(login), "session:step_up")


EVERYBODY = {"sales", "auditor", "legal", "security_admin", "system_admin", "hr"}
READERS, WATCHERS, KEEPERS = {"sales", "legal"}, {"auditor", "legal"}, {"security_admin"}

#: What asks for the password again at the portal → who has the right.
PAGES = {
    "GET /people": KEEPERS,
    "POST /people": KEEPERS,
    "POST /people/{person}": KEEPERS,
    "POST /people/{person}/link": KEEPERS,
    "GET /people/{person}/off": KEEPERS,
    "POST /people/{person}/active": KEEPERS,
    "POST /log/1/open": WATCHERS,
    "POST /log/words": WATCHERS,
    "POST /log/bundles": WATCHERS,
    "POST /log/bundles/{bundle}/file": {"auditor"},
    "POST /log/bundles/{bundle}/numbers": {"auditor"},
    "POST /exports": READERS,
    "POST /exports/{export}/file": {"sales"},
    "POST /account/tokens": EVERYBODY,
    "POST /account/deputies": EVERYBODY,
}
#: The same of programs.
OPERATIONS = {
    "POST /users": KEEPERS,
    "PATCH /users/{person}": KEEPERS,
    "GET /audit/events/1/details": WATCHERS,
    "GET /audit/sealed": WATCHERS,
    "POST /audit/exports": WATCHERS,
    "GET /audit/exports/{bundle}/bundle": {"auditor"},
    "GET /audit/exports/{bundle}/entries": {"auditor"},
    "POST /exports": READERS,
    "GET /exports/{export}/file": {"sales"},
    "POST /tokens": EVERYBODY,
    "POST /deputies": EVERYBODY,
}


@pytest.fixture
def things(portal):
    """Return what the addresses name: an account, a bundle of an auditor's, an export of sales."""
    world = portal.world
    world.document(world.customer(owner="sales").id, CANARY, by="sales")
    world.work()
    made = {"bundle": bundled.asked(world), "export": exported.asked(world, "sales")}
    world.work()
    return {"person": world.id("technical"), **made}


def refusals(world) -> list[tuple[str, str]]:
    """Return action and rule of what was refused, oldest first."""
    with world.archive.db.read() as db:
        bodies = select(AuditBody.body).join(AuditEvent, AuditEvent.seq == AuditBody.seq)
        denied = bodies.where(AuditEvent.decision == "deny").order_by(AuditEvent.seq)
        found = [json.loads(body) for body in db.scalars(denied)]
    return [(body["action"], body["rule"]) for body in found]


def test_every_page_that_asks_the_password_refuses_first_who_has_not_the_right(
    portal, later, things
):
    people = {login: portal[login] for login in EVERYBODY}
    tokens = {login: person.token() for login, person in people.items()}
    later()
    for (way, may), login in itertools.product(PAGES.items(), sorted(EVERYBODY)):
        method, path = way.format(**things).split()
        before = len(refusals(portal.world))
        form = {"csrf_token": tokens[login]} if method == "POST" else None
        answer = people[login].client.open(path, method=method, data=form, buffered=True)
        asked = 'action="/confirm"' in answer.text
        ((action, rule),) = refusals(portal.world)[before:]
        said = (way, login, answer.status_code, action, rule)
        assert answer.status_code in ({403} if login in may else {403, 404}), said
        assert asked == (login in may), said
        step_up = (action, rule) == ("request.check", "session:step_up")
        assert step_up == asked, said


def test_every_operation_that_asks_the_password_refuses_first_who_has_not_the_right(
    portal, later, things
):
    programs = Programs.of(portal.world)
    known = {login: programs[login] for login in EVERYBODY}
    later()
    for (way, may), login in itertools.product(OPERATIONS.items(), sorted(EVERYBODY)):
        method, path = way.format(**things).split()
        before = len(refusals(portal.world))
        answer = known[login].send(method, path)
        ((_, rule),) = refusals(portal.world)[before:]
        said = (way, login, answer.status_code, rule)
        assert answer.status_code in ({403} if login in may else {403, 404}), said
        assert (rule == "session:step_up") == (login in may), said


def test_the_tables_name_everything_that_asks_the_password():
    for folder, sign, table in (
        ("pages", "@guard.fresh(", PAGES),
        ("api", "access.fresh(", OPERATIONS),
    ):
        sources = (WEB / folder).glob("*.py")
        assert sum(s.read_text("utf-8").count(sign) for s in sources) == len(table)


def test_the_right_password_leads_back_and_renews_the_sign_in(portal, later):
    admin = portal["security_admin"]
    later()
    answer = admin.send("/confirm", password=password("security_admin"), next="/people")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/people")
    assert admin.get("/people").status_code == 200


def test_a_wrong_password_does_not_help_and_is_asked_again(portal, later):
    admin = portal["security_admin"]
    later()
    answer = admin.send("/confirm", password="wrong", next="/people")
    assert answer.status_code == 403
    assert 'name="next" value="/people"' in answer.text
    assert admin.get("/people").status_code == 403


def test_nobody_is_led_to_another_site(portal):
    admin = portal["security_admin"]
    answer = admin.send("/confirm", password=password("security_admin"), next="//evil.example/")
    assert answer.headers["Location"] == "/"


def test_an_api_token_is_made_only_right_after_the_password_was_given(portal, later):
    sales = portal["sales"]
    later()
    assert sales.send("/account/tokens", name="t", days="3").status_code == 403


def sealed(world):
    """Return the number of an entry with a sealed query."""
    world.search(CANARY, by="sales")
    with world.archive.db.read() as db:
        looked = select(AuditEvent.seq).where(AuditEvent.action == "search.run")
        return db.scalars(looked.order_by(AuditEvent.seq)).first()


def given(person, page, login):
    """Give the password that a page asks for."""
    fields = {name: said[0] for name, said in form(page, "/confirm").items()}
    return person.send("/confirm", **{**fields, "password": password(login)})


@pytest.mark.parametrize("login", ["auditor", "legal"])
def test_what_was_sealed_is_opened_only_right_after_the_password_was_given(portal, later, login):
    person, number = portal[login], sealed(portal.world)
    ways = {
        f"/log/{number}/open": {"case": CASE},
        "/log/words": {"words": CANARY, "case": CASE, "dept": "sales"},
    }
    for path, fields in ways.items():
        later()
        asked = person.send(path, **fields)
        assert asked.status_code == 403, path
        assert 'action="/confirm"' in asked.text
        assert "<tr data-hit" not in asked.text
        if path != "/log/words":
            assert CANARY not in asked.text
        # a wrong password keeps what was typed as well
        asked = person.send(
            "/confirm", **{n: v[0] for n, v in form(asked.text, "/confirm").items()}
        )
        assert asked.status_code == 403
        confirmed = given(person, asked.text, login)
        assert confirmed.status_code == 200
        again = {name: said[0] for name, said in form(confirmed.text, path).items()}
        assert again == fields
        answer = person.send(path, **again)
        assert answer.status_code == 200
        assert (CANARY if path != "/log/words" else "<tr data-hit") in answer.text
        # the next piece, or the next entry, asks nothing
        assert person.send(path, **again).status_code == 200


def test_a_form_without_fields_is_sent_on_after_the_password_too(portal, later):
    person = portal["auditor"]
    place = person.send("/log/bundles", case=CASE, statement="核查").headers["Location"]
    portal.world.work()
    later()
    confirmed = given(person, person.send(f"{place}/file").text, "auditor")
    assert (
        found(r'<form method="post" action="([^"]+)" data-go-on', confirmed.text) == f"{place}/file"
    )
    assert person.send(f"{place}/file").data[:2] == b"PK"


def test_a_password_is_in_no_form_that_waits(portal, later):
    admin = portal["security_admin"]
    later()
    asked = admin.send("/people", login="x.y", password="secret words here")
    assert "secret words" not in asked.text
    assert form(asked.text, "/confirm")["next"] == ["/people"]


def test_what_waits_is_sent_to_no_other_site(portal):
    admin = portal["security_admin"]
    sent = {"waits": "yes", "carried.case": CASE, "password": password("security_admin")}
    for place in ("//evil.example/", "https://evil.example/", "javascript:1"):
        answer = admin.send("/confirm", **sent, next=place)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert admin.send("/confirm", **sent, next="/", surplus="1").status_code == 422
