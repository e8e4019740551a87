"""Who opened the page of something has not done it: the log tells one from the other."""

import re

import pytest

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
