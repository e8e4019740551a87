"""Signing in and out at the portal, and what the cookie holds."""

from dataclasses import replace

import pytest

from tests.web.browsing import found
from tests.world import password
from web.app import create_app
from web.display import browser


def cookie(answer, name="guidang"):
    return next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(f"{name}="))


def test_a_person_signs_in_and_sees_their_home(portal):
    assert "SALES" in portal["sales"].html("/")


@pytest.mark.parametrize(
    ("login", "typed"),
    [("sales", "wrong"), ("nobody", "wrong"), ("", ""), ("SALES'--", "x"), ("销售", "口令")],
)
def test_a_wrong_sign_in_says_the_same_whatever_was_wrong(portal, login, typed):
    answer = portal.stranger().send("/sign-in", login=login, password=typed)
    assert answer.status_code == 401
    assert "账号或口令不正确。" in answer.text
    assert f'value="{typed or "x"}"' not in answer.text


def test_many_wrong_passwords_lock_this_address_out_and_say_for_how_long(portal):
    stranger = portal.stranger()
    answers = [stranger.send("/sign-in", login="sales", password="no") for _ in range(6)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 60


def test_signing_in_as_another_ends_the_sign_in_that_this_browser_had(portal):
    browser, kept = portal["sales"], portal["sales"]
    earlier = portal.stranger()
    earlier.client.set_cookie("guidang", browser.client.get_cookie("guidang").value)
    assert earlier.get("/").status_code == 200
    browser.send("/sign-in", login="archivist", password=password("archivist"))
    assert earlier.get("/").status_code == 302
    assert kept.get("/").status_code == 200


def test_the_session_before_signing_in_is_worth_nothing_after(portal):
    stranger = portal.stranger()
    token = stranger.token()
    fixed = stranger.client.get_cookie("guidang").value
    stranger.send("/sign-in", login="sales", password=password("sales"))
    assert stranger.client.get_cookie("guidang").value != fixed
    victim = portal.stranger()
    victim.client.set_cookie("guidang", fixed)
    assert victim.get("/").status_code == 302
    late = stranger.client.post("/sign-out", data={"csrf_token": token})
    assert late.status_code == 400


def test_signing_out_ends_the_sign_in_on_the_server(portal):
    person = portal["sales"]
    kept = person.client.get_cookie("guidang").value
    assert person.send("/sign-out").location == "/sign-in"
    thief = portal.stranger()
    thief.client.set_cookie("guidang", kept)
    assert thief.get("/").status_code == 302


def test_a_switched_off_account_is_out_at_the_next_request(portal):
    person, admin = portal["sales"], portal["security_admin"]
    assert person.get("/").status_code == 200
    admin.send(f"/people/{portal.world.id('sales')}/active", active="no")
    assert person.get("/").status_code == 302


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(portal):
    answer = portal.stranger().get("/sign-in")
    assert "HttpOnly" in cookie(answer)
    assert "SameSite=Lax" in cookie(answer)


def test_behind_https_the_cookie_is_bound_to_the_host_and_never_sent_in_clear(world):
    world.archive.settings = replace(world.archive.settings, public_url="https://archive.example")
    client = create_app(world.archive).test_client()
    answer = client.get("/sign-in", base_url="https://archive.example")
    sent = cookie(answer, "__Host-guidang")
    assert "Secure" in sent
    assert "Path=/" in sent
    assert "Domain" not in sent
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("/search?q=库卡", "/search?q=库卡"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
    ],
)
def test_after_signing_in_one_goes_on_inside_this_site(portal, wanted, goes_to):
    answer = portal.stranger().send(
        "/sign-in", login="sales", password=password("sales"), next=wanted
    )
    assert answer.status_code == 302
    location = answer.location
    assert location.startswith("/")
    assert location.split("?")[0] == goes_to.split("?")[0]


def test_a_stranger_is_brought_back_to_where_they_wanted(portal):
    answer = portal.stranger().get("/search?q=KR210&year=2026")
    assert answer.location == "/sign-in?next=/search?q%3DKR210%26year%3D2026"


def test_the_language_is_chinese_unless_chosen(portal):
    stranger = portal.stranger()
    assert "登录" in stranger.get("/sign-in", headers={"Accept-Language": "en"}).text
    stranger.send("/language", language="en")
    page = stranger.get("/sign-in").text
    assert "Sign in" in page
    assert 'lang="en"' in page
    assert stranger.send("/language", language="xx").status_code == 400


@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("/customers?sort=name&q=%E5%BA%93", "/customers?sort=name&q=%E5%BA%93"),
        ("/search?q=KR210", "/search?q=KR210"),
        ("/account/tokens", "/account"),
        ("/nowhere/at/all", "/"),
    ],
)
def test_a_change_of_language_stays_on_the_page(portal, page, back):
    person = portal["archivist"]
    token = person.token()
    for origin, goes_to in (("http://localhost", back), ("https://evil.example", "/")):
        answer = person.client.post(
            "/language",
            data={"csrf_token": token, "language": "en"},
            headers={"Referer": f"{origin}{page}"},
        )
        assert answer.location == goes_to
    assert "Client files" in person.html("/customers")


def test_after_a_refused_sign_in_a_change_of_language_keeps_where_one_wanted_to_go(portal):
    stranger = portal.stranger()
    page = stranger.html("/sign-in?next=/search?q%3DKR210")
    address = found(r'action="(/sign-in[^"]*)"', page)
    data = {"csrf_token": stranger.token(), "login": "sales", "next": "/search?q=KR210"}
    assert stranger.client.post(address, data=data).status_code == 401
    chosen = {"csrf_token": stranger.token(), "language": "en"}
    sent = {"Referer": f"http://localhost{address}"}
    answer = stranger.client.post("/language", data=chosen, headers=sent)
    page = stranger.html(answer.location)
    assert 'lang="en"' in page
    assert 'name="next" value="/search?q=KR210"' in page


def test_the_language_goes_with_the_account_to_another_browser(portal):
    portal["sales"].send("/language", language="en")
    elsewhere = portal["sales"]
    assert "Client files" in elsewhere.html("/customers")
    assert "客户档案" in portal["sales2"].html("/customers")
    elsewhere.send("/language", language="zh_CN")
    assert "客户档案" in portal["sales"].html("/customers")


def test_who_never_chose_a_language_keeps_that_of_the_browser(portal):
    stranger = portal.stranger()
    stranger.send("/language", language="en")
    stranger.send("/sign-in", login="sales", password=password("sales"))
    assert "Client files" in stranger.html("/customers")
    assert "客户档案" in portal["sales"].html("/customers")


def test_one_browser_follows_whoever_signs_in_with_it(portal):
    portal["sales"].send("/language", language="en")
    portal["archivist"].send("/language", language="zh_CN")
    shared = portal.stranger()
    for login, word in (("sales", "Client files"), ("archivist", "客户档案"), ("sales", "Client")):
        shared.send("/sign-in", login=login, password=password(login))
        assert word in shared.html("/customers")
        shared.send("/sign-out")


def test_who_is_signed_in_already_goes_on_from_the_sign_in_page(portal):
    person = portal["archivist"]
    assert person.get("/sign-in").location == "/"
    assert person.get("/sign-in?next=/customers%3Fsort%3Dname").location == "/customers?sort=name"
    assert person.get("/sign-in?next=https://evil.example/").location == "/"
    person.send("/sign-out")
    assert person.get("/sign-in").status_code == 200


def test_a_form_left_open_too_long_is_offered_again(portal):
    person = portal["service_officer"]
    stale = person.token()
    person.client.delete_cookie("guidang")
    person.send("/sign-in", login="service_officer", password=password("service_officer"))
    answer = person.client.post(
        "/customers", data={"csrf_token": stale, "field.company.name": "苏州澄岚精密制造"}
    )
    assert answer.status_code == 400
    assert "苏州澄岚精密制造" in answer.text
    assert "csrf_token" in answer.text


def test_a_password_is_never_offered_again(portal):
    person = portal["security_admin"]
    answer = person.client.post(
        "/people", data={"csrf_token": "stale", "login": "x", "password": "do not show this"}
    )
    assert answer.status_code == 400
    assert "do not show this" not in answer.text


def test_when_the_sign_in_ended_a_form_says_how_to_go_on(portal):
    answer = portal.stranger().client.post(
        "/customers", data={"name": "x"}, headers={"Origin": "http://localhost"}
    )
    assert answer.status_code == 401
    assert "/sign-in" in answer.text


AS_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
AS_WECHAT = "AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50"


@pytest.mark.parametrize(
    ("agent", "names"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0) {AS_CHROME} Edg/140.0.0.0", ("Edge", "Windows")),
        (f"Mozilla/5.0 (iPhone; like Mac OS X) {AS_WECHAT}", ("WeChat", "iPhone")),
        (f"Mozilla/5.0 (X11; Linux x86_64) {AS_CHROME}", ("Chrome", "Linux")),
        ("curl/8.5.0", ("curl/8.5.0",)),
    ],
)
def test_a_sign_in_is_known_by_the_names_of_browser_and_system(agent, names):
    assert browser(agent) == names
