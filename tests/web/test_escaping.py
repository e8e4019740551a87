"""Whatever people type stays text: on every page, in every field, in addresses and headers."""

from html.parser import HTMLParser

import pytest

from service.codes import Category
from service.properties import Properties

#: several in one, so that each follows what another one may have opened
PAYLOADS = [
    '"><img src=x onerror=alert(1)><script src="//evil.example/x.js"></script>{{ 7*7 }}',
    "'><svg/onload=alert(1)></title></textarea><iframe srcdoc='<script>alert(1)</script>'>",
    '--></option></select>" autofocus onfocus=alert(1) x="javascript:alert(1)',
]
SCRIPTS = (
    "/static/app.js",
    "/static/imports.js",
    "/static/listed.js",
    "/static/log.js",
    "/static/photos.js",
    "/static/viewer.js",
)
TAGS = {"script", "iframe", "object", "embed", "base", "style", "img"}


class Reader(HTMLParser):
    """Collects what a browser would run or fetch."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in TAGS and not (values.get("src") or "").startswith(SCRIPTS):
            self.found.append((tag, values))
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.found.append((tag, name, value))
            if name in ("href", "src", "action") and not safe(value or ""):
                self.found.append((tag, name, value))


def safe(address):
    return address.startswith(("/", "#")) and not address.startswith("//")


def dangers(page):
    reader = Reader()
    reader.feed(page)
    return reader.found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_people_typed_runs_nowhere(portal, payload):
    world = portal.world
    customer = world.customer(f"望潮{payload}", Category.ACTIVE, by="service_officer", filed=True)
    document = world.document(
        customer.id,
        f"减速机 {payload} 异响",
        file_name=f"纪要{payload}.txt".replace("/", "_"),
        properties=Properties(title=f"纪要{payload}", number=payload[:90], note=payload),
    )
    world.work()
    person = portal["archivist"]
    person.send(f"/documents/{document.id}/return", reason=payload)
    pages = [
        "/",
        "/customers",
        f"/customers?q={payload}&sort=newest",
        f"/customers/{customer.id}",
        f"/customers/{customer.id}?tab=all",
        f"/customers/{customer.id}?tab={payload}",
        f"/documents/{document.id}",
        f"/documents/{document.id}?q={payload}&done={payload}",
        "/search?q=减速机",
        f"/search?q={payload}&category={payload}&owner={payload}&year={payload}&from={payload}",
        "/upload",
        f"/upload?customer={customer.id}",
        "/nowhere",
    ]
    for path in pages:
        answer = person.get(path)
        assert answer.status_code in (200, 404), (path, answer.status)
        assert dangers(answer.text) == [], path
    for path in ("/", "/upload"):
        assert dangers(portal["service_officer"].html(path)) == [], path


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_refused_form_shows_again_runs_nowhere(portal, payload):
    answer = portal["archivist"].send(
        "/customers", category=payload, owner=payload, **{"field.company.name": payload}
    )
    assert answer.status_code == 422
    assert dangers(answer.text) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_log_and_the_accounts_run_nothing(portal, payload):
    agent = {"User-Agent": payload}
    stranger = portal.stranger()
    stranger.client.post(
        "/sign-in", data={"csrf_token": stranger.token(), "login": payload}, headers=agent
    )
    path = f"/log?actor={payload}&customer={payload}&action={payload}"
    assert dangers(portal["auditor"].html(path)) == []
    admin = portal["security_admin"]
    admin.send("/people", login="newone", name=payload, department="sales", roles="sales")
    assert dangers(admin.html("/people")) == []
    person = portal["sales"]
    person.send("/account/tokens", name=payload, days="3")
    assert dangers(person.html("/account")) == []


@pytest.mark.parametrize(
    "name",
    ["a\r\nSet-Cookie: x=1.txt", 'b".txt', "纪要;.txt", "\u202etxt.exe.txt", "字" * 300 + ".txt"],
)
def test_a_file_name_stays_inside_its_header(portal, name):
    customer = portal.world.customer()
    document = portal.world.document(customer.id, "text", file_name=name)
    answer = portal["service_officer"].get(f"/documents/{document.id}/content")
    header = answer.headers["Content-Disposition"]
    assert header.startswith("attachment; filename=")
    assert "\r" not in header
    assert "\n" not in header
    assert header.isascii()
    assert [cookie for cookie in answer.headers.getlist("Set-Cookie") if "x=1" in cookie] == []
