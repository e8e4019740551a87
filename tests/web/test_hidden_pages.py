"""What is hidden looks exactly like what is absent, on every page that names a thing."""

import re

import pytest

from service.codes import Category
from tests.web.browsing import bare

ABSENT = "a" * 26
PATHS = {
    "customer": ["/customers/{}", "/customers/{}?tab=all", "/upload?customer={}"],
    "document": [
        "/documents/{}",
        "/documents/{}?q=减速机",
        "/documents/{}/content",
        "/documents/{}/move",
    ],
}
FORMS = {
    "customer": ["/customers/{}/edit", "/customers/{}/people", "/customers/{}/file"],
    "document": [
        "/documents/{}/edit",
        "/documents/{}/file",
        "/documents/{}/retry",
        "/documents/{}/restore",
        "/documents/{}/move",
    ],
}


@pytest.fixture
def hidden(portal):
    customer = portal.world.customer(category=Category.ACTIVE, owner="sales")
    document = portal.world.document(customer.id, "谐波减速器", kind="contract")
    portal.world.work()
    return {"customer": customer.id, "document": document.id}


@pytest.mark.parametrize("what", ["customer", "document"])
def test_a_page_of_a_hidden_thing_is_that_of_an_absent_one(portal, hidden, what):
    person = portal["sales2"]
    for path in PATHS[what]:
        shown, absent = (person.get(path.format(i)) for i in (hidden[what], ABSENT))
        assert shown.status_code == 404, path
        assert bare(shown) == bare(absent), path


@pytest.mark.parametrize("what", ["customer", "document"])
def test_a_form_about_a_hidden_thing_is_refused_like_one_about_an_absent_thing(
    portal, hidden, what
):
    person = portal["sales2"]
    for path in FORMS[what]:
        shown, absent = (person.send(path.format(i)) for i in (hidden[what], ABSENT))
        assert shown.status_code == 404, path
        assert bare(shown) == bare(absent), path


def test_uploading_to_a_hidden_client_says_nothing_of_it(portal, hidden):
    person = portal["sales2"]
    shown, absent = (
        person.upload(f"/customers/{i}/documents", (b"text", "a.txt"), kind="minutes")
        for i in (hidden["customer"], ABSENT)
    )
    assert shown.status_code == 404
    assert bare(shown) == bare(absent)


def test_the_page_neither_repeats_the_address_nor_names_an_entry(portal):
    page = portal["sales"].get(f"/documents/{ABSENT}?q=秘密词").text
    assert ABSENT not in page
    assert "秘密词" not in page
    assert not re.search(r"第\s*\d+\s*号", page)


def test_an_unknown_page_and_an_unknown_thing_look_alike(portal):
    person = portal["sales"]
    assert bare(person.get("/nowhere")) == bare(person.get(f"/customers/{ABSENT}"))
    assert bare(person.get("/nowhere")) == bare(person.get(f"/documents/{ABSENT}?version=x"))


def test_lists_and_menus_hold_nothing_a_person_may_not_open(portal, hidden):
    page = portal["sales2"].html("/customers")
    assert hidden["customer"] not in page
    for login in ("auditor", "system_admin", "security_admin", "hr"):
        home = portal[login].html("/")
        assert 'href="/search"' not in home, login
        assert 'href="/upload"' not in home, login
    assert 'href="/log"' not in portal["archivist"].html("/")
    assert 'href="/people"' not in portal["archivist"].html("/")


@pytest.mark.parametrize(
    "login", ["archivist", "sales", "auditor", "security_admin", "legal", "hr"]
)
def test_every_entry_of_the_rail_opens(portal, login):
    person = portal[login]
    home = person.html("/")
    rail = home[home.index('<aside class="rail">') : home.index("</aside>")]
    paths = re.findall(r'href="([^"]+)"', rail)
    assert "/" in paths
    for path in paths:
        assert person.get(path).status_code == 200, path
