"""An address that is none (`http://[`) is like that of another site: no answer breaks by it."""

from dataclasses import replace

import pytest

from tests.web.browsing import Person, Portal
from tests.world import password
from web.app import create_app

MALFORMED = ("http://[", "http://[::1", "https://[localhost]/", "//[", "[")
#: without the line feed or the tab this is an address whose host is malformed
FOLDED = ("/\t/[", "/\n/[x")


@pytest.mark.parametrize("wanted", [*MALFORMED, *FOLDED])
def test_after_signing_in_one_goes_home_instead_of_to_an_address_that_is_none(portal, wanted):
    stranger = portal.stranger()
    assert stranger.get("/sign-in", query_string={"next": wanted}).status_code == 200
    answer = stranger.send("/sign-in", login="sales", password=password("sales"), next=wanted)
    assert (answer.status_code, answer.location) == (302, "/")
    answer = stranger.get("/sign-in", query_string={"next": wanted})
    assert (answer.status_code, answer.location) == (302, "/")
    answer = stranger.send("/confirm", password=password("sales"), next=wanted)
    assert (answer.status_code, answer.location) == (302, "/")


@pytest.mark.parametrize("origin", MALFORMED)
def test_a_form_from_an_origin_that_is_none_is_refused(portal, origin):
    person = portal["sales"]
    data = {"csrf_token": person.token(), "name": "n", "days": "3"}
    answer = person.client.post("/account/tokens", data=data, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "这个请求来自别的网站" in answer.text


@pytest.mark.parametrize("referrer", [*MALFORMED, "http://localhost/%FF", "http://localhost/["])
def test_a_change_of_language_from_a_page_that_is_none_leads_home(portal, referrer):
    person = portal["sales"]
    data = {"csrf_token": person.token(), "language": "en"}
    answer = person.client.post("/language", data=data, headers={"Referer": referrer})
    assert (answer.status_code, answer.location) == (302, "/")
    assert "Client files" in person.html("/customers")


@pytest.mark.parametrize("referrer", MALFORMED)
def test_by_https_a_form_from_a_page_that_is_none_is_refused(world, referrer):
    world.archive.settings = replace(world.archive.settings, public_url="https://archive.example")
    person = Person(create_app(world.archive).test_client())
    there = {"base_url": "https://archive.example"}
    page = person.get("/sign-in", **there)
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    data = {"csrf_token": token, "login": "sales", "password": password("sales")}
    sent = person.client.post("/sign-in", data=data, headers={"Referer": referrer}, **there)
    assert sent.status_code == 400
    assert person.get("/", **there).status_code == 302
    good = {"Referer": "https://archive.example/sign-in"}
    assert person.client.post("/sign-in", data=data, headers=good, **there).location == "/"


@pytest.fixture(scope="module")
def reader(standing):
    """Somebody who is signed in and only asks."""
    return Portal.of(standing)["sales"]


@pytest.mark.parametrize("host", [*MALFORMED, "localhost:[", "[localhost]:x", "localhost:99999999"])
@pytest.mark.parametrize("path", ["/sign-in", "/customers", "/api/v1/me", "/static/app.css"])
def test_a_host_that_is_none_is_400(standing, reader, host, path):
    Portal.of(standing)
    answer = reader.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.text
