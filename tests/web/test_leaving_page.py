"""Switching off an account that owns clients: at the portal and over the API."""

import pytest

from service import leaving
from service.codes import Category
from tests.web.browsing import form
from tests.web.test_same_content import statements


def furnish(world):
    world.customer("甲机械有限公司", Category.ACTIVE, owner="sales")
    world.customer("乙汽车有限公司", Category.INTENDED, owner="sales")


def test_the_page_says_how_many_clients_are_theirs_and_never_which(portal):
    admin, person = portal["security_admin"], portal.world.id("sales")
    assert f'href="/people/{person}/off"' in admin.html("/people")
    page = admin.html(f"/people/{person}/off")
    assert "名下有 2 个客户，由谁接手？" in page
    assert "甲机械" not in page
    path = f"/people/{person}/active"
    refused = admin.send(path, **form(page, path))
    assert refused.status_code == 409
    assert "此人名下还有 2 个客户" in refused.text
    assert "名下有 2 个客户，由谁接手？" in refused.text
    assert portal["sales"].get("/customers").status_code == 200


def test_clients_are_handed_over_and_the_account_ends_in_one_step(portal):
    admin, person = portal["security_admin"], portal.world.id("sales")
    gone = portal["sales"]
    assert "甲机械有限公司" in gone.html("/customers")
    path = f"/people/{person}/active"
    filled = form(admin.html(f"/people/{person}/off"), path)
    filled |= {"successor": portal.world.id("sales2")}
    assert admin.send(path, **filled).status_code == 302
    assert gone.get("/customers").status_code == 302
    heir = portal["sales2"].html("/customers")
    assert "甲机械有限公司" in heir
    assert "乙汽车有限公司" in heir
    page = admin.html("/people")
    assert f"/people/{person}/off" not in page
    assert admin.get(f"/people/{person}/off").location == "/people"
    assert admin.send(path, active="yes").status_code == 302
    back = portal["sales"].html("/customers")
    assert "甲机械有限公司" not in back


def test_a_successor_who_cannot_be_one_is_refused_on_the_same_page(portal):
    admin, path = portal["security_admin"], f"/people/{portal.world.id('sales')}"
    for chosen in (portal.world.id("auditor"), portal.world.id("sales"), "a" * 26):
        refused = admin.send(f"{path}/active", active="no", successor=chosen)
        assert refused.status_code == 422
        assert 'id="e-successor"' in refused.text
        assert "由谁接手？" in refused.text
    assert portal["sales"].get("/customers").status_code == 200


def test_who_owns_nothing_is_switched_off_without_a_successor(portal):
    admin, person = portal["security_admin"], portal.world.id("technical")
    page = admin.html(f"/people/{person}/off")
    assert "名下没有客户" in page
    assert 'name="successor"' not in page
    path = f"/people/{person}/active"
    assert admin.send(path, **form(page, path)).status_code == 302
    assert "/off" not in admin.html("/people").partition("TECHNICAL")[2].partition("</tr>")[0]


@pytest.mark.parametrize(
    ("by", "whose", "status"),
    [
        ("sales2", "sales", 403),
        ("archivist", "sales", 403),
        ("security_admin", "security_admin", 403),
        ("security_admin", "auditor", 403),
        ("security_admin", "nobody", 404),
    ],
)
def test_who_may_not_switch_an_account_off_is_not_asked_for_a_successor(portal, by, whose, status):
    person = "a" * 26 if whose == "nobody" else portal.world.id(whose)
    answer = portal[by].get(f"/people/{person}/off")
    assert answer.status_code == status
    assert "由谁接手" not in answer.text
    assert 'name="successor"' not in answer.text


def test_a_program_of_the_administrator_does_the_same(programs):
    admin, person = programs["security_admin"], programs.world.id("sales")
    sales, path = programs["sales"], f"/users/{person}"
    assert admin.get(path).json["customers"] == 2
    refused = admin.patch(path, {"active": False}, etag=admin.etag(path))
    assert refused.status_code == 409
    assert "2" in refused.json["detail"]
    assert sales.get("/me").status_code == 200
    wanted = {"active": False, "successor": programs.world.id("sales2")}
    done = admin.patch(path, wanted, etag=admin.etag(path))
    assert (done.status_code, done.json["active"], done.json["customers"]) == (200, False, 0)
    assert sales.get("/me").status_code == 401
    assert programs["sales2"].get("/customers").json["total"] == 2


def off(programs, login, successor=None):
    """Switch an account off."""
    path = f"/users/{programs.world.id(login)}"
    wanted = {"active": False} | ({"successor": programs.world.id(successor)} if successor else {})
    return programs["security_admin"].patch(path, wanted, etag="*")


def test_who_gets_more_clients_at_the_last_moment_does_not_leave_with_them(programs, monkeypatch):
    world, begin = programs.world, leaving.begin

    def meanwhile(*given):
        begin(*given)
        world.customer("丙电子有限公司", owner="sales")

    with monkeypatch.context() as patched:
        patched.setattr(leaving, "STEP", 2)
        patched.setattr(leaving, "begin", meanwhile)
        assert off(programs, "sales", "sales2").status_code == 412
    assert programs["sales"].get("/customers").json["total"] == 3
    assert off(programs, "sales", "sales2").status_code == 200
    assert programs["sales2"].get("/customers").json["total"] == 3


def test_who_comes_to_own_clients_at_the_last_moment_needs_a_successor(programs, monkeypatch):
    world, archivist, begin = programs.world, programs["archivist"], leaving.begin
    made = [world.customer(name, coworkers=("technical",)).id for name in ("丙电子", "丁物流")]
    person = world.id("technical")

    def meanwhile(*given):
        for customer in made:
            path = f"/customers/{customer}"
            assert archivist.patch(path, {"owner": person}, etag="*").status_code == 200
        begin(*given)

    monkeypatch.setattr(leaving, "STEP", 1)
    monkeypatch.setattr(leaving, "begin", meanwhile)
    refused = off(programs, "technical")
    assert (refused.status_code, refused.json["type"]) == (409, "conflict")
    assert "2" in refused.json["detail"]
    assert {archivist.get(f"/customers/{c}").json["owner"]["id"] for c in made} == {person}
    assert programs["technical"].get("/me").status_code == 200


def test_nobody_elses_clients_are_counted_and_who_could_follow_is_looked_up_once(programs):
    path = f"/users/{programs.world.id('sales')}"
    with statements() as asked:
        assert off(programs, "sales", "sales2").status_code == 200
        wanted = {"name": "另一个名字"}
        assert programs["security_admin"].patch(path, wanted, etag="*").json["customers"] == 0
        assert programs["security_admin"].get(path).json["customers"] == 0
    assert [one for one in asked if "count(" in one and "customer_person" in one]
    assert not [one for one in asked if "GROUP BY customer_person" in one]
    assert len([one for one in asked if "ORDER BY person.name" in one]) == 1


@pytest.mark.parametrize("by", ["archivist", "sales2", "system_admin"])
def test_nobody_else_lets_a_person_leave(programs, by):
    path = f"/users/{programs.world.id('sales')}"
    wanted = {"active": False, "successor": programs.world.id("sales2")}
    answer = programs[by].patch(path, wanted, etag="*")
    assert answer.status_code == 403
    assert programs["sales"].get("/customers").json["total"] == 2
