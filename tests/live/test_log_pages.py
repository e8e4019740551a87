"""The pages of the log on PostgreSQL: every condition, figures, what stands out, sealed words."""

from datetime import date

import pytest

from indexer import checking
from service import jobs
from service.codes import Category
from tests.web.browsing import Portal, found
from tests.world import World

pytestmark = pytest.mark.live

CASE = "FW-HC-2026-Q4-03"
DAYS = f"from={date(2026, 1, 1)}&to={date(2099, 1, 1)}"


@pytest.fixture
def portal(half: World) -> Portal:
    return Portal.of(half)


def test_every_condition_finds_entries_and_every_page_opens(portal):
    world = portal.world
    customer = world.customer(category=Category.ACTIVE, owner="sales", filed=True)
    document = world.document(customer.id, "谐波减速器", by="sales")
    portal["sales"].html(f"/documents/{document.id}")
    portal["sales2"].get(f"/documents/{document.id}")
    portal["sales"].html("/history")
    portal["sales"].html("/imports")
    auditor = portal["auditor"]
    conditions = (
        *("actor=sales", "dept=sales", "action=document.read", "verb=read", "decision=deny"),
        *(f"customer={customer.number}", f"document={document.id}", "category=active"),
        *("grade=confidential", "seq=5", DAYS, f"actor=sales&decision=allow&{DAYS}"),
    )
    for condition in conditions:
        assert "<tr data-hit" in auditor.html(f"/log?{condition}"), condition
    assert "<tr data-hit" not in auditor.html("/log?from=2001-01-01&to=2001-12-31")
    older = found(r'href="([^"]+)" rel="next"', auditor.html("/log?action=user.manage&newer=1"))
    assert auditor.get(older).status_code == 200
    for path in (
        "/log/1",
        f"/log/documents/{document.id}",
        f"/log/people/{world.id('sales')}",
        "/log/figures",
        "/log/unusual",
    ):
        assert auditor.get(path).status_code == 200, path
    assert "仅查看" in auditor.html("/log/figures")


def test_words_are_found_and_filters_kept(portal):
    portal["sales"].get("/search?q=谐波减速器")
    auditor = portal["auditor"]
    page = auditor.send("/log/words", words="谐波", case=CASE, dept="sales").text
    assert "<tr data-hit" in page
    assert auditor.send("/log/filters", name="销售", dept="sales").status_code == 302
    assert "销售" in auditor.html("/log")
    number = found(r'href="/log/(\d+)"', page)
    assert "谐波" in auditor.send(f"/log/{number}/open", case=CASE).text


def test_a_worker_verifies_the_log_when_asked_and_the_page_says_to_which_entry(portal):
    archive, auditor = portal.world.archive, portal["auditor"]
    checking.check_if_due(archive, jobs.holder())
    assert auditor.send("/log/check").status_code == 302
    assert "已请求校验" in auditor.html("/log")
    found_whole = checking.check_if_due(archive, jobs.holder())
    assert found_whole is not None
    assert found_whole.code == 0
    said = auditor.html("/log")
    assert f"链条完整，已校验至第 {found_whole.events:,} 条" in said
    assert "已请求校验" not in said
    assert checking.check_if_due(archive, jobs.holder()) is None
