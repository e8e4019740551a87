"""A link to set a password: made by others, used once by its person, and known to nobody after."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from service import accounts, password_links
from service.accounts import PersonChange
from service.audit.entries import Subject
from service.codes import Role
from service.models import AuditBody, PasswordLink, Person
from service.permissions import Action, service_actor
from tests.web.browsing import found
from tests.world import password

NEW = "a password nobody else knows 7"
DEAD = "此链接无效或已失效。"


@pytest.fixture
def token(portal):
    return made(portal.world, "sales")


def made(world, login):
    person = world.id(login)
    cli, subject = service_actor("cli"), Subject("person", person)
    with world.archive.call(cli, Action.USER_MANAGE, subject, writes=True) as call:
        return password_links.make(call, person)


def set_by(browser, token, given=NEW, again=None):
    return browser.send("/password", link=token, password=given, again=again or given)


def signs_in(portal, login, given):
    return portal.stranger().send("/sign-in", login=login, password=given).status_code == 302


def test_who_has_the_link_sets_a_password_and_signs_in_with_it(portal, token):
    browser = portal.stranger()
    page = browser.get(f"/password?link={token}")
    assert page.status_code == 200
    assert "设置口令" in page.text
    assert 'autocomplete="new-password"' in page.text
    answer = set_by(browser, token)
    assert answer.status_code == 302
    assert "口令已设置，请用它登录。" in browser.html("/sign-in")
    assert signs_in(portal, "sales", NEW)
    assert not signs_in(portal, "sales", password("sales"))


def test_setting_a_password_ends_what_was_signed_in(portal, token):
    earlier = portal["sales"]
    set_by(portal.stranger(), token)
    assert earlier.get("/").status_code == 302


def test_wrong_used_replaced_and_old_links_look_the_same_and_change_nothing(portal, token):
    world = portal.world
    set_by(portal.stranger(), token)
    replaced = made(world, "sales2")
    made(world, "sales2")
    old = made(world, "technical")
    with world.archive.db.write() as db:
        late = datetime.now(UTC) - timedelta(seconds=1)
        db.query(PasswordLink).filter(PasswordLink.person == world.id("technical")).update(
            {"expires": late}
        )
    with world.archive.db.read() as db:
        before = sorted(p.password_hash for p in db.query(Person))
    shown = set()
    for dead in ("wrong", token, replaced, old):
        for answer in (
            portal.stranger().get(f"/password?link={dead}"),
            set_by(portal.stranger(), dead, "another password of mine 8"),
        ):
            assert answer.status_code == 404, dead
            assert DEAD in answer.text
            shown.add(re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text))
    assert len(shown) == 1
    with world.archive.db.read() as db:
        assert sorted(p.password_hash for p in db.query(Person)) == before


def test_the_form_says_before_how_long_a_password_is(portal, token):
    assert "至少 10 个字符" in portal.stranger().html(f"/password?link={token}")


def test_a_password_that_will_not_do_leaves_the_link_as_it_was(portal, token):
    browser = portal.stranger()
    for given, again, sentence in (
        ("short", None, "口令至少"),
        ("sales sales sales sales", None, "这个口令太容易被猜到"),
        (NEW, "another one than before", "两次输入的口令不一致。"),
    ):
        answer = set_by(browser, token, given, again)
        assert answer.status_code == 422, given
        assert sentence in answer.text
        assert given not in answer.text
    assert set_by(browser, token).status_code == 302


def test_after_a_refusal_a_change_of_language_comes_back_to_the_form(portal, token):
    browser = portal.stranger()
    address = found(r'action="(/password[^"]*)"', browser.html(f"/password?link={token}"))
    data = {"csrf_token": browser.token(), "link": token, "password": "short", "again": "short"}
    refused = browser.client.post(address, data=data)
    assert refused.status_code == 422
    assert found(r'action="(/password[^"]*)"', refused.text) == address
    chosen = {"csrf_token": browser.token(), "language": "en"}
    sent = {"Referer": f"http://localhost{address}"}
    answer = browser.client.post("/language", data=chosen, headers=sent)
    page = browser.html(answer.location)
    assert "Set your password" in page
    assert f'name="link" value="{token}"' in page


def test_trying_links_locks_the_address_out(portal, token):
    answers = [set_by(portal.stranger(), f"guess {n}") for n in range(6)]
    assert answers[-1].status_code == 429
    assert set_by(portal.stranger(), token).status_code == 429
    assert not signs_in(portal, "sales", NEW)


def test_without_a_form_token_no_password_is_set(portal, token):
    data = {"link": token, "password": NEW, "again": NEW}
    assert portal.stranger().client.post("/password", data=data).status_code == 400
    assert not signs_in(portal, "sales", NEW)


def test_the_link_of_an_account_that_was_switched_off_does_not_work(portal, token):
    person = portal.world.id("sales")
    portal["security_admin"].send(f"/people/{person}/active", active="no")
    assert set_by(portal.stranger(), token).status_code == 404


def test_the_link_of_an_account_that_was_off_does_not_work_when_it_is_on_again(portal, token):
    path = f"/people/{portal.world.id('sales')}/active"
    for active in ("no", "yes"):
        assert portal["security_admin"].send(path, active=active).status_code == 302
    assert set_by(portal.stranger(), token).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"password": "a password somebody else set 5"}, 404),
        ({"roles": frozenset({Role.SYSTEM_ADMIN})}, 404),
        ({"roles": frozenset({Role.SALES}), "name": "另一个名字"}, 302),
    ],
)
def test_a_link_ends_when_the_password_or_the_seat_becomes_another(portal, token, wanted, status):
    person, cli = portal.world.id("sales"), service_actor("cli")
    subject = Subject("person", person)
    with portal.world.archive.call(cli, Action.USER_MANAGE, subject, writes=True) as call:
        accounts.change(call, person, PersonChange(**wanted))
    assert set_by(portal.stranger(), token).status_code == status


def test_the_security_administrator_makes_a_link_and_sees_it_once(portal):
    admin = portal["security_admin"]
    answer = admin.send(f"/people/{portal.world.id('sales')}/link")
    assert answer.status_code == 302
    page = admin.html("/people")
    token = found(r"/password\?link=([\w-]+)", page)
    assert "/password?link=" not in admin.html("/people")
    assert set_by(portal.stranger(), token).status_code == 302
    assert signs_in(portal, "sales", NEW)


def test_an_account_opened_without_a_password_gets_a_link(portal):
    admin = portal["security_admin"]
    new = {"login": "chen.yan", "name": "陈砚", "department": "sales", "roles": "sales"}
    assert admin.send("/people", **new, password="").status_code == 302
    token = found(r"/password\?link=([\w-]+)", admin.html("/people"))
    assert not signs_in(portal, "chen.yan", "")
    assert set_by(portal.stranger(), token).status_code == 302
    assert signs_in(portal, "chen.yan", NEW)


@pytest.mark.parametrize("login", ["auditor", "sales", "security_admin"])
def test_nobody_makes_a_link_to_a_seat_that_they_may_not_change(portal, login):
    answer = portal[login].send(f"/people/{portal.world.id('security_admin')}/link")
    assert answer.status_code == 403
    assert portal[login].send(f"/people/{portal.world.id('system_admin')}/link").status_code == 403


def test_making_and_using_is_logged_without_the_link(portal, token):
    set_by(portal.stranger(), "wrong")
    set_by(portal.stranger(), token)
    with portal.world.archive.db.read() as db:
        bodies = "|".join(row.body.decode() for row in db.query(AuditBody))
        stored = [row.id_hash for row in db.query(PasswordLink)]
    assert '"session.manage_own:link"' in bodies
    assert token not in bodies
    assert NEW not in bodies
    assert token not in stored
    assert portal.world.verify().code == 0
