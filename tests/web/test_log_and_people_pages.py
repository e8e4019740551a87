"""The log for auditors, accounts for the security administrator, everybody's own sign-ins."""

import re
from dataclasses import replace

import pytest

from service.codes import Category
from service.permissions import Action
from tests.web.browsing import form, found

NEW = {
    "login": "chen.yan",
    "name": "陈砚",
    "department": "sales",
    "roles": "sales",
    "password": "a long enough password 9",
}


def test_the_auditor_sees_events_and_no_content(portal):
    customer = portal.world.customer("宁波望潮汽车零部件有限公司", Category.ACTIVE, filed=True)
    portal["sales2"].get(f"/customers/{customer.id}")
    portal["archivist"].html("/search?q=望潮减速机报价")
    page = portal["auditor"].html("/log")
    assert "检索词已封存" in page
    assert "望潮" not in page
    assert "拒绝" in page
    assert re.search(r"KH-\d{4}-00001", page)


def test_the_log_is_filtered_by_person_action_result_and_number(portal):
    portal["archivist"].html("/search?q=x")
    portal["sales"].get("/log")
    person = portal["auditor"]
    searches = person.html("/log?action=search.run&actor=archivist")
    rows = searches.split("<tbody>")[1].split("</tbody>")[0]
    assert "ARCHIVIST" in rows
    assert "SALES" not in rows
    denied = person.html("/log?decision=deny")
    assert "audit.read:none" in denied
    number = found(r'href="/log/(\d+)"', denied)
    assert person.html(f"/log?seq={number}").count("<tr data-hit") == 1
    for strange in ("from=x", "seq=x", "seq=99999999999999999999", "action=nonsense"):
        assert person.get(f"/log?{strange}").status_code == 200, strange


@pytest.mark.parametrize("typed", ["abc", "12a", "-1", "１２", "9" * 20])
def test_a_log_number_that_is_none_is_said_at_the_field(portal, typed):
    page = portal["auditor"].html(f"/log?seq={typed}")
    assert "日志号只有数字" in found(r'id="e-seq">(.*?)</div>', page)
    assert found(r'name="seq" value="([^"]*)"[^>]*aria-describedby="e-seq"', page) == typed
    for good in ("1", " 2 ", ""):
        assert 'id="e-seq"' not in portal["auditor"].html(f"/log?seq={good}")


@pytest.mark.parametrize(
    ("typed", "condition"),
    [
        ("7", "seq=7"),
        (" 沈映雪 ", "actor="),
        ("archivist", "actor=archivist"),
        ("KH-2026-00001", "customer=KH-2026-00001"),
        ("a" * 26, f"document={'a' * 26}"),
    ],
)
def test_what_is_typed_above_finds_entries_by_what_it_looks_like(portal, typed, condition):
    answer = portal["auditor"].get(f"/log?find={typed}")
    assert answer.status_code == 302
    assert answer.location.partition("?")[2].startswith(condition)
    assert portal["auditor"].get(answer.location).status_code == 200


def test_older_entries_are_a_page_away(portal):
    person = portal["auditor"]
    for _ in range(60):
        with portal.world.archive.call(portal.world.actor("sales"), Action.HOME_READ):
            pass
    older = found(r'href="([^"]+)" rel="next"', person.html("/log"))
    assert person.get(older).status_code == 200


@pytest.mark.parametrize("login", ["archivist", "sales", "management", "security_admin"])
def test_others_do_not_read_the_log(portal, login):
    answer = portal[login].get("/log")
    assert answer.status_code == 403
    assert re.search(r"第 \d+ 号", answer.text)


def test_the_security_administrator_opens_an_account_that_works(portal):
    admin = portal["security_admin"]
    assert admin.send("/people", **NEW).status_code == 302
    assert "陈砚" in admin.html("/people")
    person = portal.stranger()
    signed = person.send("/sign-in", login=NEW["login"], password=NEW["password"])
    assert signed.location == "/"
    assert "陈砚" in person.html("/")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"login": "A B"}, "账号以字母或数字开头，长 2 至 64 个字符"),
        ({"name": ""}, "姓名必填"),
        ({"roles": ""}, ""),
        ({"roles": "nonsense"}, "没有这个选项。"),
        ({"department": "nonsense"}, "没有这个选项。"),
        ({"password": "short"}, "口令至少"),
        ({"password": "password"}, ""),
        ({"active": "yes"}, "表单里有不受理的字段。"),
    ],
)
def test_an_account_that_cannot_be_opened_says_why_and_never_shows_the_password(
    portal, change, sentence
):
    answer = portal["security_admin"].send("/people", **{**NEW, "dialog": "new", **change})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'class="dlg shown" id="new"' in answer.text
    assert "a long enough password 9" not in answer.text


def test_nobody_changes_their_own_rights_or_makes_privileged_seats(portal):
    admin, me = portal["security_admin"], portal.world.id("security_admin")
    own = admin.send(f"/people/{me}", name="X", department="management", roles="archivist")
    assert own.status_code == 403
    seat = admin.send("/people", **{**NEW, "roles": "auditor"})
    assert seat.status_code == 403
    assert portal["archivist"].get("/people").status_code == 403


def test_only_what_the_administrator_may_give_and_change_is_offered(portal):
    admin, seat = portal["security_admin"], portal.world.id("auditor")
    page = admin.html("/people")
    offered = set(re.findall(r'name="roles" value="(\w+)"', page))
    assert "archivist" in offered
    assert not offered & {"system_admin", "security_admin", "auditor"}
    assert f"/people/{seat}" not in page
    assert "由运维人员变更" in page
    answer = admin.send(f"/people/{seat}/active", active="no")
    assert answer.status_code == 403
    assert "另一位安全管理员" in answer.text
    assert "把日志号告诉安全管理员" not in answer.text


def test_a_refusal_names_others_who_can_help(portal):
    assert "部门负责人或档案管理员" in portal["sales"].get("/people").text
    assert "部门负责人；" in portal["archivist"].get("/people").text
    head = portal["sales_head"].get("/people").text
    assert "档案管理员；" in head
    assert "部门负责人" not in head


@pytest.mark.parametrize("login", ["chen.yan", "chen_yan-2", "chen@example", "7chen", "CHEN"])
def test_a_login_name_may_have_what_its_hint_says(portal, login):
    admin = portal["security_admin"]
    for sign in ("字母、数字", "“.”", "“_”", "“@”", "“-”"):
        assert sign in admin.html("/people")
    assert admin.send("/people", **{**NEW, "login": login}).status_code == 302
    for wrong in (f".{login}", "c", f"{login}+"):
        assert admin.send("/people", **{**NEW, "login": wrong}).status_code == 422


def test_roles_change_on_the_next_request(portal):
    person, admin = portal["sales"], portal["security_admin"]
    answer = admin.send(
        f"/people/{portal.world.id('sales')}", name="S", department="hr", roles="hr"
    )
    assert answer.status_code == 302
    assert 'href="/search"' not in person.html("/")


def test_a_stale_tab_gives_no_role_back(portal):
    admin = portal["security_admin"]
    change = f"/people/{portal.world.id('service_officer')}"
    loaded = form(admin.html("/people"), change)
    taken = {**loaded, "roles": ["sales"], "department": "sales"}
    assert admin.send(change, **taken).status_code == 302
    late = admin.send(change, **{**loaded, "name": "新名"})
    assert late.status_code == 412
    assert "期间有人改过此项" in late.text
    assert form(admin.html("/people"), change)["roles"] == ["sales"]
    assert admin.send(change, **form(late.text, change)).status_code == 302
    after = form(admin.html("/people"), change)
    assert (after["name"], after["roles"], after["department"]) == (["新名"], ["sales"], ["sales"])


def test_a_refused_account_form_keeps_its_ticks(portal):
    admin = portal["security_admin"]
    change = f"/people/{portal.world.id('sales')}"
    loaded = form(admin.html("/people"), change)
    typed = {**loaded, "head": "on", "roles": ["sales", "finance"], "password": "short"}
    refused = admin.send(change, **typed)
    assert refused.status_code == 422
    again = form(refused.text, change)
    assert again["head"] == ["on"]
    assert set(again["roles"]) == {"sales", "finance"}
    new = admin.send("/people", **{**NEW, "head": "on", "password": "short", "dialog": "new"})
    assert form(new.text, "/people")["head"] == ["on"]


def test_the_list_of_accounts_names_a_persons_name_as_such(portal):
    assert 'data-l="姓名"' in portal["security_admin"].html("/people")


def test_a_link_begins_as_people_reach_the_archive_and_not_as_its_maker_came_by(portal):
    settings = portal.world.archive.settings
    portal.world.archive.settings = replace(settings, public_url="https://archive.example")
    admin = portal["security_admin"]
    admin.send(f"/people/{portal.world.id('sales')}/link")
    assert found(r"(\S+)/password\?link=", admin.html("/people")).endswith(
        "https://archive.example"
    )


def test_a_token_is_shown_once_works_and_is_revoked(portal):
    person = portal["sales"]
    assert person.send("/account/tokens", name="脚本", days="3").location == "/account"
    token = found(r"(gd_[\w-]+)", person.html("/account"))
    assert token not in person.html("/account")
    headers = {"Authorization": f"Bearer {token}"}
    program = portal.stranger()
    assert program.get("/api/v1/me", headers=headers).status_code == 200
    assert program.get("/", headers=headers).status_code == 302
    revoke = found(r'action="(/account/tokens/\w+/revoke)"', person.html("/account"))
    assert person.send(revoke).status_code == 302
    assert program.get("/api/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize("days", ["0", "99999", "-1", "x"])
def test_a_token_lives_for_a_limited_time(portal, days):
    answer = portal["sales"].send("/account/tokens", name="n", days=days)
    assert answer.status_code == 422
    assert "gd_" not in answer.text


def test_a_person_ends_a_sign_in_of_theirs_elsewhere_and_nobody_elses(portal):
    here, there = portal["sales"], portal["sales"]
    end = found(r'action="(/account/sign-ins/\w+/end)"', here.html("/account"))
    assert portal["sales2"].send(end).status_code == 404
    assert there.get("/").status_code == 200
    assert here.send(end).status_code == 302
    assert there.get("/").status_code == 302
    assert here.get("/").status_code == 200
