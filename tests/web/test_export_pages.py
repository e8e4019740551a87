"""The pages of exports: from a search and from a client, after the password, for who asked."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, update

from service.models import ArchiveExport, CustomerPerson, SignIn
from service.properties import Properties
from tests.bundled import Bundle
from tests.exported import of_csv
from tests.web.browsing import bare, form, found

CANARY = "谐波减速器异响"
MOBILE = "13800138000"


def furnish(world):
    customer = world.customer(owner="sales").id
    said = Properties(title=f"联系 {MOBILE}", dated=date(2026, 3, 1))
    world.document(customer, CANARY, by="sales", properties=said)
    world.document(customer, f"{CANARY} 二", by="sales")
    world.work()
    return customer


def ask(person, **more):
    """Ask for a list; return the address of its page."""
    answer = person.send("/exports", **{"format": "csv", "q": CANARY, **more})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def test_a_search_is_exported_with_its_conditions(portal):
    sales = portal["sales"]
    page = sales.html(f"/search?q={CANARY}&category=intended&sort=newest&page=1")
    assert "一次最多 50 行" in page
    address = found(r'href="(/exports/new[^"]*)"', page)
    page = sales.html(address)
    sent = form(page, "/exports")
    assert {name: sent[name] for name in ("q", "category", "sort")} == {
        "q": [CANARY],
        "category": ["intended"],
        "sort": ["newest"],
    }
    assert "2 份" in page
    answer = sales.send("/exports", **{**sent, "format": "csv"})
    place = answer.headers["Location"]
    page = sales.html(place)
    assert "<progress" in page
    assert sales.send(f"{place}/file").status_code == 409
    portal.world.work()
    assert "可以下载" in sales.html(place)
    answer = sales.send(f"{place}/file")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    rows, about = of_csv(answer.data)
    assert len(rows) == 2
    assert about["筛选"] == "客户类型：意向客户"
    assert MOBILE not in answer.text
    assert "下载" in sales.html("/exports")


def test_a_clients_documents_are_exported_from_its_page_by_days(portal, furnished):
    sales = portal["sales"]
    page = sales.html(f"/customers/{furnished[1]}?tab=all")
    address = found(r'href="(/exports/new[^"]*)"', page)
    page = sales.html(f"{address}&from=2026-03-01&to=2026-03-01")
    assert "1 份" in page
    sent = form(page, "/exports")
    assert (sent["from"], sent["to"]) == (["2026-03-01"], ["2026-03-01"])
    place = sales.send("/exports", **{**sent, "format": "csv"}).headers["Location"]
    portal.world.work()
    rows, about = of_csv(sales.send(f"{place}/file").data)
    assert len(rows) == 1
    assert "望潮" in about["客户"]
    # which of one's exports it was is told by its client and days, as long as one may see that
    assert "望潮" in found(rf'href="{place}">(.*?)</a>', sales.html("/exports"))
    assert "2026-03-01 – 2026-03-01 CSV" in sales.html(place)
    with portal.world.archive.db.write() as db:
        db.execute(delete(CustomerPerson).where(CustomerPerson.customer == furnished[1]))
    assert "望潮" not in sales.html("/exports")
    assert "望潮" not in sales.html(place)


def test_everything_about_a_client_is_packed(portal, furnished):
    sales = portal["sales"]
    assert "ZIP" in sales.html(f"/exports/new?of={furnished[1]}")
    answer = sales.send("/exports", format="zip", of=furnished[1])
    place = answer.headers["Location"]
    portal.world.work()
    answer = sales.send(f"{place}/file")
    assert answer.headers["Content-Type"] == "application/zip"
    found = Bundle.of(answer.data)
    assert CANARY.encode() in found.files.values()


def test_copies_with_a_watermark_are_chosen_by_their_name(portal, furnished):
    sales = portal["sales"]
    page = sales.html(f"/exports/new?of={furnished[1]}")
    assert found(r'<option value="copies"[^>]*>([^<]+)<', page).startswith("带水印副本")
    place = sales.send("/exports", format="copies", of=furnished[1]).headers["Location"]
    portal.world.work()
    assert "带水印副本" in sales.html(place)
    answer = sales.send(f"{place}/file")
    assert answer.headers["Content-Type"] == "application/zip"
    files = Bundle.of(answer.data).files
    assert sum(name.endswith(".pdf") for name in files) == 2
    assert CANARY.encode() not in b"".join(files.values())
    assert "导出副本包" in sales.html("/history?action=export.copies")


def test_a_refused_form_says_why(portal, furnished):
    sales = portal["sales"]
    for wrong in (
        {"format": "exe"},
        {"q": "不存在的词"},
        {"of": furnished[1], "from": "2026-03-02", "to": "2026-03-01"},
    ):
        answer = sales.send("/exports", **{"format": "csv", "q": CANARY, **wrong})
        assert answer.status_code == 422, wrong
    assert "截止日期早于起始日期" in answer.text
    assert sales.send("/exports", format="csv", q=CANARY, surplus="1").status_code == 422
    assert "还没有导出" in sales.html("/exports")


def test_the_password_is_asked_before_asking_and_before_fetching(portal):
    sales = portal["sales"]
    place = ask(sales)
    portal.world.work()
    with portal.world.archive.db.write() as db:
        db.execute(update(SignIn).values(confirmed=datetime(2020, 1, 1, tzinfo=UTC)))
    for path, fields in (("/exports", {"format": "csv", "q": CANARY}), (f"{place}/file", {})):
        answer = sales.send(path, **fields)
        assert answer.status_code == 403
        assert 'action="/confirm"' in answer.text
        assert CANARY not in answer.text or path == "/exports"


def test_others_see_neither_page_nor_file_and_who_reads_nothing_has_no_door(portal, furnished):
    place = ask(portal["sales"])
    portal.world.work()
    for login in ("sales2", "archivist", "management"):
        person = portal[login]
        absent = person.get(f"/exports/{'a' * 26}")
        assert bare(person.get(place)) == bare(absent)
        assert absent.status_code == 404
        assert person.send(f"{place}/file").status_code == 404
        assert place not in person.html("/exports")
    for login in ("auditor", "hr", "system_admin", "security_admin"):
        person = portal[login]
        assert "/exports" not in person.html("/")
        for path in ("/exports", f"/exports/new?q={CANARY}", f"/exports/new?of={furnished[1]}"):
            assert person.get(path).status_code == 403
        assert person.send("/exports", format="csv", q=CANARY).status_code == 403
    assert portal["sales2"].get(f"/exports/new?of={furnished[1]}").status_code == 404


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_why_a_list_was_not_made_is_said_in_words(portal, language):
    sales = portal["sales"]
    sales.send("/language", language=language)
    place = ask(sales)
    for error in ("too_large", "corrupt", "denied"):
        with portal.world.archive.db.write() as db:
            db.execute(update(ArchiveExport).values(state="failed", error=error))
        said = found(r"<b>[^<]*</b> ([^<]+)</", sales.html(place).split("<main")[1])
        assert error not in said
        assert bool(re.search("[一-鿿]", said)) == (language == "zh_CN")
