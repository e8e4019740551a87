"""What a page says after a form was sent: once. A reload neither repeats it nor the change."""

import base64
import re
from urllib.parse import unquote

from tests.web.browsing import Person, Portal, found

TOKEN = r"gd_[\w-]{43}"
TOAST = 'class="toast-x"'


def make_token(person: Person) -> str:
    """Make a token as a browser does, and return the address it is led to."""
    answer = person.send("/account/tokens", name="脚本", days="3")
    assert answer.status_code == 302
    return str(answer.location)


def rows(page: str) -> int:
    return page.count("/revoke")


def test_a_new_token_is_shown_once_and_a_reload_makes_no_second_one(portal: Portal) -> None:
    person = portal["sales"]
    address = make_token(person)
    first = person.html(address)
    assert re.search(TOKEN, first)
    for _ in range(2):
        again = person.html(address)
        assert not re.search(TOKEN, again)
        assert rows(again) == 1


def test_a_new_token_is_in_no_cookie_in_clear(portal: Portal) -> None:
    person = portal["sales"]
    person.send("/account/tokens", name="脚本", days="3")
    cookie = person.client.get_cookie("guidang")
    assert cookie
    payload = unquote(cookie.value).split(".")[0]
    clear = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    token = found(f"({TOKEN})", person.html("/account"))
    assert token not in clear
    assert token not in cookie.value


def test_a_new_token_is_shown_to_the_sign_in_that_made_it_alone(portal: Portal) -> None:
    maker, other = portal["sales"], portal["sales2"]
    make_token(maker)
    with maker.client.session_transaction() as mine:
        sealed = mine["s.token"]
    with other.client.session_transaction() as theirs:
        theirs["s.token"] = sealed
    assert not re.search(TOKEN, other.html("/account"))


def test_what_is_shown_once_is_shown_as_what_it_is_alone(portal: Portal) -> None:
    admin = portal["security_admin"]
    make_token(admin)
    admin.send(f"/people/{portal.world.id('sales')}/link")
    with admin.client.session_transaction() as kept:
        kept["s.token"], kept["s.password_link"] = kept["s.password_link"], kept["s.token"]
    assert not re.search(TOKEN, admin.html("/people"))
    assert "/password?link=" not in admin.html("/account")


def test_what_is_shown_once_waits_for_its_own_page(portal: Portal) -> None:
    admin = portal["security_admin"]
    address = make_token(admin)
    admin.send(f"/people/{portal.world.id('sales')}/link")
    page = admin.html("/people")
    assert "/password?link=" in page
    assert not re.search(TOKEN, page)
    assert re.search(TOKEN, admin.html(address))


def test_what_was_done_is_said_once(portal: Portal) -> None:
    customer = portal.world.customer()
    person = portal["archivist"]
    answer = person.send(f"/customers/{customer.id}/file", seen=str(customer.rev))
    assert answer.location == f"/customers/{customer.id}"
    assert TOAST in person.html(answer.location)
    assert TOAST not in person.html(answer.location)
    assert TOAST not in person.html(f"{answer.location}?done=filed")
