"""Client files at the portal: open, list, edit, file, move, and two who do it at once."""

import re
from urllib.parse import quote

import pytest

from service.codes import Category
from tests.web.browsing import form, found


def opened(person, **fields):
    answer = person.send(
        "/customers",
        **{"field.company.name": "苏州澄岚精密制造有限公司", "category": "potential", **fields},
    )
    assert answer.status_code == 302, answer.text
    return answer.location.split("?")[0]


def seen(page):
    return found(r'name="seen" value="(\d+)"', page)


def test_a_salesperson_opens_a_client_file_and_owns_it(portal):
    person = portal["sales"]
    page = person.html(opened(person))
    assert "苏州澄岚精密制造有限公司" in page
    assert "潜在客户" in page
    assert "草稿" in page
    assert "苏州澄岚精密制造有限公司" in person.html("/")


def test_the_form_offers_only_types_this_person_may_open(portal):
    page = portal["sales"].html("/customers/new")
    assert 'value="potential"' in page
    assert 'value="active"' not in page.split("</form>")[1]
    assert portal["auditor"].get("/customers/new").status_code == 403
    assert (
        portal["sales"]
        .send("/customers", **{"field.company.name": "甲", "category": "active"})
        .status_code
        == 403
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"field.company.name": "", "category": "potential"}, "此项必填。"),
        ({"field.company.name": "甲" * 201, "category": "potential"}, "内容过长。"),
        ({"field.company.name": "甲", "category": "nonsense"}, "没有这个选项。"),
        (
            {"field.company.name": "甲", "category": "potential", "owner": "a" * 26},
            "没有这个选项。",
        ),
        ({"field.company.name": "甲", "category": "potential", "field.x": "y"}, "有的内容未能受理"),
    ],
)
def test_a_refused_form_says_what_is_wrong_and_keeps_what_was_typed(portal, fields, sentence):
    answer = portal["service_officer"].send(
        "/customers", **fields, **{"field.company.region": "江苏 苏州"}
    )
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "江苏 苏州" in answer.text


def test_a_file_is_listed_by_name_number_and_pinyin(portal):
    portal.world.customer("宁波望潮汽车零部件有限公司", Category.ACTIVE, filed=True)
    portal.world.customer("青岛海岳食品有限公司", Category.INTENDED)
    person = portal["archivist"]
    for q in ("望潮", "KH-", "nbwc", "wangchao"):
        page = person.html(f"/customers?q={q}")
        assert "望潮" in page.split("<tbody>")[1], q
        assert "海岳" not in page, q
    assert "海岳" in person.html("/customers?category=intended")
    assert "没有符合条件的客户" in person.html("/customers?category=ended")


def test_a_name_that_no_client_has_can_be_looked_for_inside_documents(portal):
    page = portal["sales"].html("/customers?q=减速机异响")
    assert found('href="(/search[?]q=[^"]+)"', page) == f"/search?q={quote('减速机异响')}"
    assert "在文件正文里找" in page
    assert "在文件正文里找" not in portal["system_admin"].html("/customers?q=减速机异响")


def test_editing_enters_only_what_changed_and_keeps_its_source(portal):
    customer = portal.world.customer()
    person = portal["service_officer"]
    path = f"/customers/{customer.id}"
    rev = seen(person.html(path))
    answer = person.send(
        f"{path}/edit",
        seen=rev,
        **{
            "field.company.name": customer.name,
            "was.company.name": customer.name,
            "field.company.region": "浙江 宁波",
            "was.company.region": "",
        },
    )
    assert answer.status_code == 302, answer.text
    page = person.html(path)
    assert "浙江 宁波" in page
    assert "SERVICE_OFFICER 填报" in page


def test_the_second_of_two_who_edit_at_once_is_told_and_loses_nothing(portal):
    customer = portal.world.customer()
    first, second = portal["service_officer"], portal["archivist"]
    path = f"/customers/{customer.id}"
    rev = seen(first.html(path))
    changes = {"field.company.region": "浙江 宁波", "was.company.region": "", "dialog": "edit"}
    assert first.send(f"{path}/edit", seen=rev, **changes).status_code == 302
    late = second.send(f"{path}/edit", seen=rev, **changes | {"field.company.region": "浙江 北仑"})
    assert late.status_code == 412
    assert "期间有人改过此项" in late.text
    assert "浙江 北仑" in late.text
    assert "浙江 宁波" in late.text
    assert 'class="dlg shown" id="edit"' in late.text


def test_a_change_sent_again_after_another_persons_keeps_both(portal):
    customer = portal.world.customer()
    first, second = portal["service_officer"], portal["archivist"]
    path = f"/customers/{customer.id}"
    loaded = form(first.html(path), f"{path}/edit")
    first.send(f"{path}/edit", **{**loaded, "field.company.region": "浙江 宁波"})
    late = second.send(f"{path}/edit", **{**loaded, "field.company.name": "望潮二厂"})
    assert late.status_code == 412
    assert second.send(f"{path}/edit", **form(late.text, f"{path}/edit")).status_code == 302
    after = form(first.html(path), f"{path}/edit")
    assert after["field.company.region"] == ["浙江 宁波"]
    assert after["field.company.name"] == ["望潮二厂"]


def test_owner_and_coworkers_sent_again_after_another_persons_change_keep_both(portal):
    world = portal.world
    sales, sales2, officer = map(world.id, ("sales", "sales2", "service_officer"))
    customer = world.customer(owner="sales", coworkers=("service_officer",))
    first, second = portal["service_officer"], portal["archivist"]
    path, send = f"/customers/{customer.id}", f"/customers/{customer.id}/people"
    loaded = form(first.html(path), send)
    first.send(send, **{**loaded, "owner": sales2, "coworkers": []})
    late = second.send(send, **{**loaded, "coworkers": [officer, sales]})
    assert late.status_code == 412
    assert second.send(send, **form(late.text, send)).status_code == 302
    after = form(first.html(path), send)
    assert after["owner"] == [sales2]
    assert after["coworkers"] == [sales]


def test_the_owner_hands_a_client_over(portal):
    customer = portal.world.customer(owner="sales")
    person, path = portal["service_officer"], f"/customers/{customer.id}"
    assert portal["sales2"].get(path).status_code == 404
    person.send(f"{path}/people", seen=seen(person.html(path)), owner=portal.world.id("sales2"))
    assert portal["sales2"].get(path).status_code == 200
    assert portal["sales"].get(path).status_code == 404


def test_who_gave_a_client_away_is_told_so_among_those_they_have(portal):
    path = f"/customers/{portal.world.customer(owner='sales').id}"
    person = portal["sales"]
    to = portal.world.id("sales2")
    answer = person.send(f"{path}/people", seen=seen(person.html(path)), owner=to)
    assert "已保存。该客户现由他人负责，不再在你名下。" in person.html(answer.location)


def test_filing_gives_the_number_and_its_creator_is_not_offered_it(portal):
    customer = portal.world.customer(by="archivist2")
    path = f"/customers/{customer.id}"
    own, other = portal["archivist2"], portal["archivist"]
    assert f"{path}/file" not in own.html(path)
    page = other.html(path)
    assert f"{path}/file" in page
    assert own.send(f"{path}/file", seen=seen(page)).status_code == 403
    assert other.send(f"{path}/file", seen=seen(page)).status_code == 302
    assert re.search(r"KH-\d{4}-00001", other.html(path))
    again = other.send(f"{path}/file", seen=seen(page))
    assert again.status_code == 409
    assert "该客户已归档。" in again.text


def test_moving_a_client_needs_a_reason_and_changes_who_sees_it(portal):
    customer = portal.world.customer(category=Category.ACTIVE, owner="sales", filed=True)
    person, path = portal["service_manager"], f"/customers/{customer.id}"
    rev = seen(person.html(path))
    refused = person.send(f"{path}/category", seen=rev, to="ended", reason="", dialog="move")
    assert refused.status_code == 422
    assert "请写明变更类型的原因。" in refused.text
    assert portal["sales"].get(path).status_code == 200
    moved = person.send(f"{path}/category", seen=rev, to="ended", reason="合同到期")
    assert moved.status_code == 302
    assert portal["sales"].get(path).status_code == 404
    assert "终止合作" in person.html(path)


@pytest.mark.parametrize(
    ("coop_type", "wrong"),
    [("", "此项必填"), ("long_term", ""), ("project", ""), ("x", "没有这个选项")],
)
def test_an_active_client_is_a_long_term_or_a_project_client(portal, coop_type, wrong):
    name = {"field.company.name": "苏州澄岚精密制造有限公司"}
    officer, manager = portal["service_officer"], portal["service_manager"]
    customer = portal.world.customer()
    move = {"to": "active", "reason": "签约", "seen": str(customer.rev), "dialog": "move"}
    answers = (
        officer.send("/customers", **name, category="active", coop_type=coop_type),
        manager.send(f"/customers/{customer.id}/category", **move, coop_type=coop_type),
    )
    for answer in answers:
        assert answer.status_code == (422 if wrong else 302)
        assert not wrong or wrong in found(r'id="e-coop_type">(.*?)</div>', answer.text)


def test_a_refused_change_of_type_keeps_the_evidence_that_was_chosen(portal):
    customer = portal.world.customer()
    papers = [portal.world.document(customer.id, f"第{n}份纪要").id for n in range(3)]
    person, change = portal["service_manager"], f"/customers/{customer.id}/category"
    chosen = {"seen": str(customer.rev), "dialog": "move", "to": "ended", "evidence": papers[:2]}
    refused = person.send(change, **chosen, reason="")
    assert refused.status_code == 422
    again = form(refused.text, change)
    assert set(again["evidence"]) == set(papers[:2])
    assert person.send(change, **{**again, "reason": "合同到期"}).status_code == 302


def test_fields_nobody_asked_for_are_refused(portal):
    customer = portal.world.customer()
    person, path = portal["archivist"], f"/customers/{customer.id}"
    rev = seen(person.html(path))
    for verb in ("people", "file", "category"):
        answer = person.send(f"{path}/{verb}", seen=rev, status="filed", number="KH-1")
        assert answer.status_code == 422, verb
    assert "草稿" in person.html(path)


def test_a_refusal_is_read_even_when_its_dialog_is_no_longer_offered(portal):
    customer = portal.world.customer()
    person, path = portal["archivist"], f"/customers/{customer.id}"
    loaded = form(person.html(path), f"{path}/file")
    assert person.send(f"{path}/file", **loaded).status_code == 302
    twice = person.send(f"{path}/file", **loaded)
    assert twice.status_code in (409, 412)
    assert 'role="alert"' in twice.text


def test_buttons_are_drawn_by_right(portal):
    customer = portal.world.customer(owner="sales", by="service_officer")
    path = f"/customers/{customer.id}"
    for login, edit, move in (
        ("sales", True, False),
        ("management", False, False),
        ("service_manager", True, True),
    ):
        page = portal[login].html(path)
        assert (f"{path}/edit" in page) == edit, login
        assert (f"{path}/category" in page) == move, login


@pytest.mark.parametrize("tab", ["bogus", "", "0"])
def test_a_tab_that_is_not_there_shows_the_first(portal, tab):
    customer = portal.world.customer()
    page = portal["archivist"].html(f"/customers/{customer.id}?tab={tab}")
    assert "企业信息" in page
    assert found(r'tab=(\w+)" aria-current="page"', page) == "basic"
