"""The log as a whole: words in sealed content, what stands out, figures."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from indexer import measuring
from service import sealed_words, unusual
from service.audit.entries import Subject
from service.codes import Category
from service.permissions import Action
from tests.logged import entries, intents
from tests.web.browsing import found

CASE = "FW-HC-2026-Q4-03"
OTHERS = ("archivist", "sales", "management", "security_admin", "system_admin", "hr")


def test_words_are_found_in_sealed_queries_for_a_case_and_nowhere_else(portal):
    portal["sales"].html("/search?q=谐波减速器 KR210")
    portal["archivist"].html("/search?q=焊接")
    person = portal["auditor"]
    answer = person.send("/log/words", words="减速器 kr210", case=CASE)
    assert answer.status_code == 200
    rows = answer.text.split("<tbody>")[1].split("</tbody>")[0]
    assert "SALES" in rows
    assert "ARCHIVIST" not in rows
    assert "全部条目已查完" in answer.text
    logged = intents(portal.world, Action.AUDIT_OPEN)[-1]["detail"]
    assert (logged["case"], logged["words"]) == (CASE, "减速器 kr210")
    none = person.send("/log/words", words="没有这个词", case=CASE).text
    assert "<tr data-hit" not in none


def test_words_are_looked_for_among_the_entries_of_the_conditions(portal):
    for login in ("sales", "archivist"):
        portal[login].html("/search?q=谐波")
    answer = portal["legal"].send("/log/words", words="谐波", case=CASE, dept="sales").text
    rows = answer.split("<tbody>")[1]
    assert "SALES" in rows
    assert "ARCHIVIST" not in rows


def test_looking_goes_on_where_it_was_and_keeps_what_was_found(portal, monkeypatch):
    for _ in range(3):
        portal["sales"].html("/search?q=谐波")
    monkeypatch.setattr(sealed_words, "_BATCH", 2)
    monkeypatch.setattr(sealed_words, "SECONDS", 0.0)
    person = portal["auditor"]
    page = person.send("/log/words", words="谐波", case=CASE).text
    pieces = 1
    while "data-go-on" in page:
        form = dict(re.findall(r'name="(words|case|below|newest|found)" value="([^"]*)">', page))
        page = person.send("/log/words", **form).text
        pieces += 1
    assert pieces > 3
    assert page.count("<tr data-hit") == 3
    assert len(entries(portal.world, Action.AUDIT_OPEN)) == pieces


@pytest.mark.parametrize(
    "fields", [{"words": "谐波"}, {"words": "", "case": CASE}, {"words": "x", "case": CASE}]
)
def test_words_without_a_case_are_not_looked_for(portal, fields):
    portal["sales"].html("/search?q=谐波")
    answer = portal["auditor"].send("/log/words", **fields)
    assert answer.status_code == 422
    assert "<tr data-hit" not in answer.text


@pytest.mark.parametrize("login", OTHERS)
def test_others_see_no_figure_no_warning_and_find_no_word(portal, login):
    person = portal[login]
    for path in ("/log/figures", "/log/unusual", "/log/words"):
        assert person.get(path).status_code == 403, path
        assert path not in person.html("/")
    assert person.send("/log/words", words="谐波", case=CASE).status_code == 403


def test_figures_count_looks_by_day_department_and_action_and_link_to_them(portal):
    for _ in range(3):
        portal["sales"].html("/search?q=x")
    portal["sales"].get("/log")
    page = portal["auditor"].html("/log/figures")
    today = f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m-%d}"
    searches = found(r'action=search\.run[^"]*">[^<]*</a></th><td class="num">(\d+)<', page)
    assert searches == "3"
    assert f"<title>{today}: " in page
    assert "style=" not in page
    # letters are not drawn smaller where the page is narrow
    assert "viewBox" not in found(r'(<svg class="plot"[^>]*>)', page)
    assert f'href="/log?from={today}&amp;to={today}"' in page
    refused = found(r'action=audit\.read&[^"]*">.*?</td><td class="num"><b class="bad">(\d+)', page)
    assert refused == "1"


@pytest.mark.parametrize("days", ["from=2026-12-01&to=2026-01-01", "from=1950-01-01"])
def test_days_that_are_no_range_are_refused(portal, days):
    assert portal["auditor"].get(f"/log/figures?{days}").status_code == 422


def stands_out(portal, hours: float = 0) -> set[tuple[str, str, int]]:
    """Return rule, person and figure of what stands out when asked so many hours later."""
    world = portal.world
    later = datetime.now(UTC) + timedelta(hours=hours)
    with world.archive.call(world.actor("auditor"), Action.AUDIT_READ, Subject("audit")) as call:
        items = unusual.look(call, later).items
    return {(item.rule, item.name, item.count) for item in items}


def daylight(monkeypatch) -> None:
    """Let no hour be at night or on a weekend: tests run at any time."""
    monkeypatch.setattr(unusual, "_odd", lambda _when, _limits: False)


def test_who_is_refused_often_and_tries_addresses_stands_out(portal, monkeypatch):
    daylight(monkeypatch)
    world = portal.world
    hidden = [world.customer(f"客户{n}", owner="sales").id for n in range(9)]
    person = portal["sales2"]
    for customer in hidden[:7]:
        person.get(f"/customers/{customer}")
    assert stands_out(portal) == set()
    for customer in hidden[7:]:
        person.get(f"/customers/{customer}")
    # absent ones count with those that are there: who tries cannot tell them apart
    person.get(f"/customers/{'a' * 26}")
    assert stands_out(portal) == {("walking", "SALES2", 10)}
    person.get("/log")
    assert ("many_denials", "SALES2", 10) in stands_out(portal)
    page = portal["auditor"].html("/log/unusual")
    assert "一小时内有 10 个不同地址" in page
    assert "客户1" not in page
    assert stands_out(portal, hours=24 * 9) == set()


def test_who_opens_much_more_than_usual_stands_out_and_when(portal, monkeypatch):
    world = portal.world
    customer = world.customer(category=Category.ACTIVE, owner="sales", filed=True)
    documents = [world.document(customer.id, f"纪要{n}").id for n in range(30)]
    daylight(monkeypatch)
    for document in documents[:29]:
        world.shown(document, "archivist")
    assert stands_out(portal) == set()
    world.shown(documents[29], "archivist")
    assert stands_out(portal) == {("many_opened", "ARCHIVIST", 30)}
    monkeypatch.setattr(unusual, "_odd", lambda _when, _limits: True)
    assert ("odd_hours", "ARCHIVIST", 30) in stands_out(portal)


def new(person) -> int:
    """Return how much the menu says is new of what stands out."""
    rail = person.html("/account").split("<aside")[1].split("</aside>")[0]
    link = rail.split('href="/log/unusual"')[1].split("</a>")[0]
    said = re.findall(r'class="bdg">(\d+) 条未看<', link)
    return int(said[0]) if said else 0


def test_the_menu_says_how_much_is_new_until_its_person_has_looked(portal, monkeypatch):
    daylight(monkeypatch)
    auditor, legal = portal["auditor"], portal["legal"]

    def refused(login):
        person = portal[login]
        for _ in range(10):
            person.get("/log")
        measuring.measure(portal.world.archive)

    measuring.measure(portal.world.archive)
    assert new(auditor) == 0
    refused("sales")
    assert (new(auditor), new(legal)) == (1, 1)
    assert new(auditor) == 1
    assert auditor.get("/log/unusual").status_code == 200
    assert (new(auditor), new(legal)) == (0, 1)
    refused("sales2")
    assert (new(auditor), new(legal)) == (1, 2)


def test_nobody_else_is_told_or_counted_for(portal):
    with portal.world.archive.db.write() as db:
        db.execute(text("DROP TABLE unusual_known"))
        db.execute(
            text("INSERT INTO probe (name, taken, body) VALUES ('unusual', :taken, :body)"),
            {"taken": "2026-01-01T00:00:00.000Z", "body": '{"findings": ["a"]}'},
        )
    for login in OTHERS:
        page = portal[login].html("/account")
        assert "条未看" not in page, login


def test_nights_and_weekends_are_those_of_the_archives_own_clock():
    limits = type("Limits", (), {"night_from": 22, "night_to": 6})()
    zone = ZoneInfo("Asia/Shanghai")
    friday = datetime(2026, 11, 27, tzinfo=zone)
    odd = [hour for hour in range(24) if unusual._odd(friday.replace(hour=hour), limits)]
    assert odd == [0, 1, 2, 3, 4, 5, 22, 23]
    assert unusual._odd(datetime(2026, 11, 28, 12, tzinfo=zone), limits)
    assert unusual._local("2026-11-27T20", zone) == datetime(2026, 11, 28, 4, tzinfo=zone)
