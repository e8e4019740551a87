"""The card above the log says whether all of it is whole, by a check a worker made."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from indexer import checking
from service import jobs, log_check, probing, verifying
from service.models import Probe
from tests.web.browsing import found
from web import guard

ASKED = "已请求校验，几秒内开始"


def checked(portal):
    return checking.check_if_due(portal.world.archive, jobs.holder())


def card(portal):
    return portal["auditor"].html("/log").split('class="note whole')[1].split('class="num"')[0]


def write(portal, statement, **values):
    with portal.world.archive.db.write() as db:
        db.execute(text(statement), values)


def aged(portal, name, **by):
    """Let a measurement be older."""
    with portal.world.archive.db.write() as db:
        db.get(Probe, name).taken -= timedelta(**by)


def spoiled(portal, number):
    """Change what an entry says, as somebody does who owns the database."""
    write(portal, "DROP TRIGGER IF EXISTS audit_body_no_update")
    write(portal, "DROP TRIGGER IF EXISTS audit_event_no_update")
    write(portal, "UPDATE audit_event SET dept = 'sales' WHERE seq = :seq", seq=number)
    portal.app.extensions[guard.ANCHORED].forget()


def test_a_new_log_is_not_called_whole_before_it_was_checked(portal):
    said = card(portal)
    assert "尚未校验" in said
    assert "链条完整" not in said
    assert checked(portal).code == 0
    assert "链条完整，已校验至第" in card(portal)


def test_a_check_is_made_when_asked_for_and_not_again(portal):
    checked(portal)
    assert checked(portal) is None
    before = found(r"已校验至第 ([\d,]+) 条", card(portal))
    assert portal["auditor"].send("/log/check").status_code == 302
    said = card(portal)
    assert ASKED in said
    assert "disabled" in portal["auditor"].html("/log").split('action="/log/check"')[1][:400]
    assert checked(portal).code == 0
    said = card(portal)
    assert ASKED not in said
    assert int(found(r"已校验至第 ([\d,]+) 条", said)) > int(before)
    assert checked(portal) is None


def test_the_page_names_the_first_entry_that_was_changed_and_its_keepers_are_told(portal):
    checked(portal)
    spoiled(portal, 3)
    assert "链条完整" in card(portal)
    portal["auditor"].send("/log/check")
    assert (checked(portal).code, checked(portal)) == (10, None)
    portal.app.extensions[guard.ANCHORED].forget()
    said = card(portal)
    assert "第 3 条与记录时不一致" in said
    assert "链条完整" not in said
    told = "校验发现日志与记录时不一致"
    for login in ("auditor", "legal", "security_admin", "system_admin"):
        assert told in portal[login].html("/account")
    for login in ("sales", "technical", "hr"):
        assert told not in portal[login].html("/account")


def test_a_result_of_the_day_before_is_not_passed_off_as_new(portal):
    checked(portal)
    aged(portal, "log", hours=25)
    assert "已超过一天" in card(portal)
    assert checked(portal).code == 0
    assert "已超过一天" not in card(portal)


def test_how_far_a_running_check_is_stands_there_until_its_worker_is_gone(portal):
    archive = portal.world.archive
    checked(portal)
    with archive.db.write() as db:
        log_check.go_on(db, 7)
    assert re.search(r"正在校验 7 / \d+", card(portal))
    aged(portal, "log_going", minutes=1)
    assert "正在校验" not in card(portal)


def test_two_workers_do_not_check_at_once_and_what_is_asked_meanwhile_is_not_lost(
    portal, monkeypatch
):
    archive, verify = portal.world.archive, verifying.verify

    def slow(settings, asked, begun):
        assert checking.check_if_due(archive, "another worker") is None
        assert "正在校验" in card(portal)
        portal["legal"].send("/log/check")
        return verify(settings, asked, begun)

    monkeypatch.setattr(verifying, "verify", slow)
    assert checked(portal).code == 0
    monkeypatch.undo()
    assert ASKED in card(portal)
    assert checked(portal).code == 0
    assert checked(portal) is None


def test_a_check_that_fails_leaves_the_old_result_and_is_made_again(portal, monkeypatch):
    def away(*_):
        raise RuntimeError

    checked(portal)
    portal["auditor"].send("/log/check")
    monkeypatch.setattr(verifying, "verify", away)
    with pytest.raises(RuntimeError):
        checked(portal)
    monkeypatch.undo()
    said = card(portal)
    assert "链条完整" in said
    assert ASKED in said
    assert checked(portal).code == 0
    assert ASKED not in card(portal)


@pytest.mark.parametrize("login", ["sales", "management", "archivist", "security_admin"])
def test_nobody_else_has_it_checked(portal, login):
    answer = portal[login].send("/log/check")
    assert answer.status_code == 403
    with portal.world.archive.db.read() as db:
        assert probing.reading(db, probing.LOG_ASKED) is None
