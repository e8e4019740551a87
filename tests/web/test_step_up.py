"""What changes rights or gives out keys asks the password again."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from service.models import SignIn
from tests.world import password


@pytest.fixture
def later(world):
    """Return what lets every password have been given long ago."""

    def passes():
        with world.archive.db.write() as db:
            db.execute(update(SignIn).values(confirmed=datetime(2020, 1, 1, tzinfo=UTC)))

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
