"""One entry of the log, its sealed content, who saw a document, and what somebody looked at."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from service import auditing
from service.audit.entries import Subject
from service.audit.log import head_seq
from service.codes import Category
from service.log_questions import Wanted
from service.models import AuditDetail
from service.permissions import Action
from tests.logged import entries, intents
from tests.web.browsing import found

NAME, TITLE = "宁波望潮汽车零部件有限公司", "谐波减速器第三轴回差"
CASE = "FW-HC-2026-Q4-03"


def furnish(world) -> str:
    customer = world.customer(NAME, Category.ACTIVE, owner="sales", filed=True)
    made = world.document(customer.id, TITLE, by="sales")
    world.edit(made.id, "sales", title=TITLE)
    world.work()
    return str(made.id)


@pytest.fixture
def document(furnished) -> str:
    return str(furnished[1])


def searched(portal) -> int:
    """Search as an archivist; return the number of the entry."""
    page = portal["archivist"].html(f"/search?q={TITLE[:5]}")
    return int(found(r"第 (\d+) 号", page))


def test_an_entry_is_shown_with_its_outcome_and_nothing_of_what_was_sealed(portal, document):
    number = searched(portal)
    for login in ("auditor", "legal"):
        page = portal[login].html(f"/log/{number}")
        for word in ("意图", "结果", "ARCHIVIST", "查阅", "检索", "岗位", "浏览器", document[:8]):
            assert word in page, word
        assert "显示摘录" in page
        for sealed in (TITLE[:5], NAME, "127.0.0.1", "werkzeug"):
            assert sealed.lower() not in page.lower(), sealed
    # the outcome's own number leads to the same group
    assert f"日志第 {number} 号" in portal["auditor"].html(f"/log/{number + 1}")


def test_sealed_content_opens_for_a_case_number_once_and_that_is_an_entry(portal, document):
    number = searched(portal)
    person = portal["auditor"]
    answer = person.send(f"/log/{number}/open", case=CASE)
    assert answer.status_code == 200
    assert TITLE[:5] in answer.text
    assert "127.0.0.1" in answer.text
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert TITLE[:5] not in person.html(f"/log/{number}")
    opened = intents(portal.world, Action.AUDIT_OPEN)[-1]
    assert (opened["detail"]["case"], opened["detail"]["entry"]) == (CASE, number)
    outcome = entries(portal.world, Action.AUDIT_OPEN)[-1]
    assert outcome["part"] == {"from": number, "to": number}
    assert outcome["purpose"] == "case"
    assert found(r"已记入日志第 (\d+) 号", answer.text) == str(opened["seq"])


@pytest.mark.parametrize("path", ["/log/1/open", "/log/words"])
def test_nobody_fills_the_log_with_what_is_refused(portal, path):
    long = "z" * 500_000
    for login in ("sales", "auditor"):
        answer = portal[login].send(path, case=long, words=long)
        assert answer.status_code in (403, 422)
        with portal.world.archive.db.read() as db:
            assert db.scalar(select(func.max(func.length(AuditDetail.ct)))) < 25_000


@pytest.mark.parametrize("case", ["", "  ", "abc", "x" * 61, "a\nbcde"])
def test_without_a_case_number_nothing_opens(portal, document, case):
    number = searched(portal)
    answer = portal["auditor"].send(f"/log/{number}/open", case=case)
    assert answer.status_code == 422
    assert TITLE[:5] not in answer.text
    assert 'id="e-case"' in answer.text
    assert entries(portal.world, Action.AUDIT_OPEN) == []


@pytest.mark.parametrize(
    "login", ["archivist", "sales", "management", "security_admin", "system_admin", "hr"]
)
def test_others_see_no_entry_and_open_nothing(portal, document, login):
    number = searched(portal)
    person = portal[login]
    sales = portal.world.id("sales")
    for path in (f"/log/{number}", f"/log/documents/{document}", f"/log/people/{sales}"):
        answer = person.get(path)
        assert answer.status_code == 403, path
        assert "ARCHIVIST" not in answer.text.replace(login.upper(), "")
    refused = person.send(f"/log/{number}/open", case=CASE)
    assert refused.status_code == 403
    assert TITLE[:5] not in refused.text
    assert person.send("/log/filters", name="x", actor="sales").status_code == 403


def test_an_entry_that_is_not_there_is_not_found(portal):
    for path in ("/log/0", "/log/999999", "/log/99999999999999999999", "/log/x"):
        assert portal["auditor"].get(path).status_code == 404, path
    for path in (f"/log/documents/{'a' * 26}", "/log/documents/x", f"/log/people/{'a' * 26}"):
        assert portal["auditor"].get(path).status_code == 404, path


def test_who_saw_a_document_is_told_by_person_and_by_how(portal, document):
    searched(portal)
    portal["sales"].html(f"/documents/{document}")
    portal["sales"].get(f"/documents/{document}/content")
    assert portal["sales2"].get(f"/documents/{document}").status_code == 404
    page = portal["auditor"].html(f"/log/documents/{document}")
    table = page.split("<tbody>")[1].split("</tbody>")[0]
    rows = {row.split()[0]: row.split()[2:7] for row in texts_of(table)}
    # listed, with a snippet, opened, downloaded, refused
    assert rows == {
        "ARCHIVIST": ["0", "1", "0", "0", "0"],
        "SALES": ["0", "0", "1", "1", "0"],
        "SALES2": ["0", "0", "0", "0", "1"],
    }
    assert NAME not in page
    assert TITLE not in page


def texts_of(table: str) -> list[str]:
    """Return the text of every row of a table's body."""
    return [re.sub(r"<[^>]+>", " ", row) for row in table.split("</tr>") if row.strip()]


def test_what_somebody_looked_at_is_told_without_content(portal, document):
    portal["sales"].html(f"/documents/{document}")
    portal["sales"].get("/log")
    page = portal["legal"].html(f"/log/people/{portal.world.id('sales')}")
    assert document[:8] in page
    assert "audit.read:none" in page
    assert NAME not in page
    assert TITLE not in page


def test_the_page_of_a_document_leads_to_who_saw_it_for_those_who_may(portal, document):
    assert f"/log/documents/{document}" in portal["legal"].html(f"/documents/{document}")
    assert "/log/" not in portal["archivist"].html(f"/documents/{document}")


def test_every_look_at_the_log_is_an_entry_of_its_own(portal, document):
    person, number = portal["auditor"], searched(portal)
    sales = portal.world.id("sales")
    for path in (f"/log/{number}", f"/log/documents/{document}", f"/log/people/{sales}"):
        before = len(entries(portal.world, Action.AUDIT_READ))
        person.html(path)
        assert len(entries(portal.world, Action.AUDIT_READ)) == before + 1, path


FILTERS = {
    "dept": ("customer_service", "sales"),
    "verb": ("read", "share"),
    "grade": ("confidential", "top"),
    "category": ("active", "ended"),
    "action": ("search.run", "import.run"),
    "decision": ("deny", "fail"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_entries_are_filtered_by_every_condition(portal, document, name):
    searched(portal)
    portal["archivist"].html(f"/documents/{document}")
    portal["archivist"].get("/log")
    person = portal["auditor"]
    found_it, none = (
        person.html(f"/log?{name}={value}&actor=archivist") for value in FILTERS[name]
    )
    assert "<tr data-hit" in found_it
    assert "没有符合条件的记录" in none
    assert "<tr data-hit" not in none


def test_entries_about_a_document_are_those_that_showed_it_too(portal, document):
    searched(portal)
    page = portal["auditor"].html(f"/log?document={document}")
    assert "检索词已封存" in page
    assert "上传" in page


def test_a_clock_that_was_set_back_hides_no_entry_of_a_day(portal):
    with portal.world.archive.db.write() as db:
        db.execute(text("DROP TRIGGER audit_event_no_update"))
        db.execute(text("UPDATE audit_event SET ts = '2020-03-01T00:00:00.000Z' WHERE seq = 5"))
    person = portal["auditor"]
    assert numbers_of(person.html("/log?from=2020-03-01&to=2020-03-01")) == [5]
    others = numbers_of(person.html("/log?from=2021-01-01&action=user.manage"))
    assert {4, 6} <= set(others)
    assert 5 not in others


def test_a_list_of_days_says_how_many_entries_they_have_with_and_without_gaps(world):
    today = datetime.now(UTC).date()

    def total(first, **more):
        wanted = Wanted(day_from=first, day_to=today + timedelta(days=1), **more)
        with world.archive.call(
            world.actor("auditor"), Action.AUDIT_READ, Subject("audit")
        ) as call:
            return auditing.events(call, wanted).total, head_seq(call.db)

    whole = total(today - timedelta(days=1))
    assert whole[0] == whole[1] > 10
    assert total(today + timedelta(days=1))[0] == 0
    assert 0 < total(today - timedelta(days=1), action="user.manage")[0] < whole[0]
    with world.archive.db.write() as db:
        db.execute(text("DROP TRIGGER audit_event_no_update"))
        db.execute(text("UPDATE audit_event SET ts = '2020-03-01T00:00:00.000Z' WHERE seq = 5"))
    gap = total(today - timedelta(days=1))
    assert gap[0] == gap[1] - 1


def test_the_list_goes_to_older_and_newer_entries_and_back(portal):
    person = portal["auditor"]
    for _ in range(70):
        person.get("/log?seq=1")
    first = person.html("/log?action=audit.read")
    assert 'rel="prev"' not in first
    second = person.html(found(r'href="([^"]+)" rel="next"', first))
    numbers = numbers_of(second)
    assert max(numbers) < min(numbers_of(first))
    again = person.html(found(r'href="([^"]+)" rel="prev"', second))
    assert numbers_of(again) == numbers_of(first)


def test_a_call_is_one_row_with_how_it_ended_on_whichever_page(portal):
    world, person = portal.world, portal["auditor"]
    for _ in range(60):
        with world.archive.call(world.actor("sales"), Action.HOME_READ):
            pass
    page = person.html("/log?actor=sales&action=home.read")
    # both entries of each are counted: programs and bundles have them one by one
    assert "共 120 条" in page
    first = numbers_of(page)
    second = numbers_of(person.html(found(r'href="([^"]+)" rel="next"', page)))
    assert (len(first), len(second)) == (50, 10)
    assert len({*first, *second}) == 60
    assert page.count("允许</span>") == 50
    assert "已登记" not in page
    assert f"第 {first[-1]}–{first[0] + 1} 号" in page
    begun, ended = first[0], found(r"连同结果第 (\d+) 号", page)
    both = person.html(f"/log/{begun}")
    assert f"第 {begun} 号" in both
    assert f"第 {ended} 号" in both


def test_what_has_not_ended_stays_in_the_list(portal):
    world, person = portal.world, portal["auditor"]
    with world.archive.call(world.actor("sales"), Action.HOME_READ) as call:
        page = person.html("/log?actor=sales&action=home.read")
        assert numbers_of(page) == [call.event]
        assert "已登记" in page
    page = person.html("/log?actor=sales&action=home.read")
    assert numbers_of(page) == [call.event]
    assert "已登记" not in page


def test_what_began_and_ended_on_different_days_is_on_both(portal):
    world, person = portal.world, portal["auditor"]
    with world.archive.call(world.actor("sales"), Action.HOME_READ) as call:
        begun = call.event
    with world.archive.db.write() as db:
        db.execute(text("DROP TRIGGER audit_event_no_update"))
        db.execute(
            text("UPDATE audit_event SET ts = '2020-03-01T12:00:00.000Z' WHERE seq = :seq"),
            {"seq": begun},
        )
    page = person.html("/log?from=2020-03-01&to=2020-03-01")
    assert numbers_of(page) == [begun]
    assert "已登记" in page
    assert begun in numbers_of(person.html("/log?from=2021-01-01&actor=sales"))


def numbers_of(page: str) -> list[int]:
    """Return the numbers that a list of entries shows, with those of further pieces."""
    cells = re.findall(r'data-l="日志号">(.*?)</td>', page, re.DOTALL)
    return [
        int(found(r'href="/log/(\d+)"', cell)) + int((re.findall(r"\+(\d+)", cell) or [0])[0])
        for cell in cells
    ]


def test_a_filter_is_kept_for_its_person_alone_and_taken_away(portal):
    person = portal["auditor"]
    answer = person.send("/log/filters", name="夜间下载", action="document.original", actor="")
    assert answer.status_code == 302
    assert answer.location == "/log?action=document.original"
    page = person.html("/log")
    assert "夜间下载" in page
    again = person.send("/log/filters", name="夜间下载", action="search.run", dialog="save")
    assert again.status_code == 422
    assert "你已有同名的常用条件" in again.text
    assert 'class="dlg shown" id="save"' in again.text
    assert page.count("夜间下载</a>") == person.html("/log").count("夜间下载</a>") == 1
    assert "夜间下载" not in portal["legal"].html("/log")
    raw = b"".join(p.read_bytes() for p in portal.world.archive.settings.data.glob("archive.db*"))
    assert "夜间下载".encode() not in raw
    way = found(r'action="(/log/filters/\w+/forget)"', page)
    assert portal["legal"].send(way).status_code == 404
    assert person.send(way).status_code == 302
    assert "夜间下载" not in person.html("/log")


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "x" * 41}, {"name": "x"}, {"name": "x", "nonsense": "1"}]
)
def test_a_filter_without_name_or_condition_is_not_kept(portal, fields):
    conditions = {} if fields["name"] == "x" else {"actor": "sales"}
    assert portal["auditor"].send("/log/filters", **fields, **conditions).status_code == 422
