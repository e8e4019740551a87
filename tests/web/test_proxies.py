"""Where a request came from is what the connection says, unless a proxy is trusted to say it."""

from dataclasses import replace
from typing import Any

import pytest

from tests.web.browsing import Person
from tests.web.programs import Programs
from tests.world import password
from web.app import create_app

FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X-Real-IP": "203.0.113.9",
}


@pytest.mark.parametrize(
    ("proxies", "said", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_address_of_a_sign_in_is_the_connections_or_that_of_the_trusted_proxy(
    world, proxies, said, address
):
    world.archive.settings = replace(world.archive.settings, trusted_proxies=proxies)
    app = create_app(world.archive)
    own = {"X-Forwarded-Host": "localhost", "X-Forwarded-Proto": "http"}
    headers = FORGED | own | {"X-Forwarded-For": said}
    person = Person(app.test_client())
    fields = {"csrf_token": person.token(), "login": "sales", "password": password("sales")}
    sent = person.client.post("/sign-in", data=fields, headers=headers)
    assert sent.status_code == 302
    sales = Programs(world, app.test_client(use_cookies=False), {})["sales"]
    told: Any = sales.get("/sessions").json
    assert [one["address"] for one in told["items"]] == [address]


def test_a_host_from_a_header_leads_nowhere(portal):
    answer = portal.stranger().get("/customers", headers=FORGED)
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in")
    assert "Strict-Transport-Security" not in answer.headers
