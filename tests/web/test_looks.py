"""Who opened the page of something has not done it: the log tells one from the other."""

import re

import pytest
from sqlalchemy import select

from service import looking
from service.models import AuditEvent

LOOKS = {
    "sales": ("/imports", "/imports/new", "/exports", "/exports/new?q=x"),
    "auditor": ("/log/bundles", "/log/bundles/new"),
}


def rows(page: str) -> list[str]:
    return re.findall(r"<tr data-hit.*?</tr>", page, re.DOTALL)


@pytest.mark.parametrize("login", LOOKS)
def test_a_page_that_was_opened_is_called_a_look_in_the_log_and_in_ones_own_history(portal, login):
    person = portal[login]
    for path in LOOKS[login]:
        person.html(path)
    named = ("批量导入", "导出清单", "取回导出", "导出合规包")
    for page in (portal["auditor"].html("/log"), person.html("/history")):
        found = [row for row in rows(page) if any(name in row for name in named)]
        assert len(found) >= len(LOOKS[login])
        assert all("仅查看" in row for row in found), found


def test_what_was_asked_for_is_no_look(portal):
    sales = portal["sales"]
    portal.world.document(portal.world.customer(owner="sales").id, "谐波减速器", by="sales")
    portal.world.work()
    assert sales.send("/exports", format="csv", q="减速器").status_code == 302
    log = rows(portal["auditor"].html("/log?action=export.list"))
    assert log
    assert not any("仅查看" in row for row in log)
    (own,) = rows(sales.html("/history?action=export.list"))
    assert "仅查看" not in own


def counted(page: str) -> dict[str, int]:
    """Return the figures of each action on the page of figures."""
    bars = r'href="/log\?action=[^"]*">([^<]+)</a>(.*?)</th><td class="num">([\d,]+)<'
    return {
        f"{name}{'仅查看' if '仅查看' in after else ''}": int(n.replace(",", ""))
        for name, after, n in re.findall(bars, page)
    }


def test_figures_tell_what_was_done_from_what_was_looked_at(portal):
    sales, auditor = portal["sales"], portal["auditor"]
    portal.world.document(portal.world.customer(owner="sales").id, "谐波减速器", by="sales")
    portal.world.work()
    for person, paths in ((sales, LOOKS["sales"]), (auditor, LOOKS["auditor"])):
        for path in paths:
            person.html(path)
    assert sales.send("/exports", format="csv", q="减速器").status_code == 302
    found = counted(auditor.html("/log/figures"))
    done = {name: count for name, count in found.items() if "导入" in name or "导出" in name}
    assert done == {
        "批量导入仅查看": 2,
        "导出清单仅查看": 1,
        "取回导出仅查看": 1,
        "导出合规包仅查看": 2,
        "导出清单": 1,
    }


def test_the_figures_call_a_look_what_the_list_of_the_log_calls_one(portal):
    world, sales = portal.world, portal["sales"]
    for path in LOOKS["sales"]:
        sales.html(path)
    sales.send("/exports", format="csv", q="x")
    with world.archive.db.read() as db:
        looked = set(db.scalars(select(AuditEvent.seq).where(looking.condition())))
        assert looked == {
            event.seq
            for event in db.scalars(select(AuditEvent))
            if looking.only(
                event.action, event.phase, "person" if event.dept else "service", event.object
            )
        }
    assert len(looked) >= 2 * len(LOOKS["sales"])
