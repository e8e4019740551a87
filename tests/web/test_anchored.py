"""What people see of the log's anchor, and who goes on when it is not what it should be."""

from datetime import UTC, datetime, timedelta

import pytest

from service import anchored, probing
from service.models.columns import instant_text
from service.permissions import Action
from tests.logged import entries
from tests.web.browsing import Portal
from tests.web.programs import Programs
from tests.world import World
from web.guard import ANCHORED


def furnish(world: World) -> None:
    world.document(world.customer(owner="sales").id, "焊接机器人", by="sales")
    world.work()


def ago(**time: int) -> str:
    return instant_text(datetime.now(UTC) - timedelta(**time))


def report(world: World, **changes: object) -> None:
    """Leave a report of an anchor that has a bucket and goes round, with these changes."""
    place = {"name": "bucket", "outside": True, "taken": ago(hours=1), "error": ""}
    place |= {name: changes.pop(name) for name in ("taken", "error") if name in changes}
    body = {"size": 7, "signed": ago(minutes=3), "refused": "", "since": ago(days=9)}
    with world.archive.db.write() as db:
        probing.put(db, anchored.REPORT, body | {"places": [place]} | changes)


def reread(portal: Portal) -> None:
    """Let the web ask again: it believes what it was told for ten seconds."""
    portal.app.extensions[ANCHORED].forget()


def test_without_a_place_outside_it_says_so_and_everybody_works(
    portal: Portal, programs: Programs
) -> None:
    page = portal["system_admin"].html("/status")
    assert "未外部锚定" in page
    assert 'role="alert"' not in page
    assert "未外部锚定" in portal["auditor"].html("/log")
    ready = programs["sales"].client.get("/readyz").get_json()
    assert ready["anchor"] == {"state": "unanchored", "label": "未外部锚定"}
    assert programs["auditor"].get("/audit/status").get_json()["anchor"] == "unanchored"
    assert portal["sales"].get("/search?q=焊接").status_code == 200


def test_an_anchored_log_tells_how_far_it_is_signed(world: World, portal: Portal) -> None:
    report(world)
    page = portal["auditor"].html("/log")
    assert "已签名到第 7 号" in page
    assert "已外部锚定" in page
    assert "未外部锚定" not in portal["system_admin"].html("/status")


def test_a_note_older_than_26_hours_alarms_those_who_look_after_the_archive(
    world: World, portal: Portal
) -> None:
    report(world, signed=ago(hours=27))
    assert 'role="alert"' in portal["auditor"].html("/log")
    page = portal["system_admin"].html("/status")
    assert "最近一次签名太旧" in page
    assert "需处理" in page
    assert 'role="alert"' not in portal["sales"].html("/search?q=焊接")


@pytest.mark.parametrize("taken", [None, 80])
def test_after_three_days_without_a_place_only_keepers_work(
    world: World, portal: Portal, programs: Programs, taken: int | None
) -> None:
    sales, archivist, program = portal["sales"], portal["archivist"], programs["sales"]
    for person in (sales, archivist):
        assert person.get("/search?q=焊接").status_code == 200
    report(world, taken=ago(hours=taken) if taken else None, error="no")
    reread(portal)
    refused = sales.get("/search?q=焊接")
    assert refused.status_code == 403
    assert "焊接机器人" not in refused.text
    assert program.get("/search?q=焊接").status_code == 403
    denied = entries(world, Action.REQUEST_CHECK, decision="deny")
    assert {entry["rule"] for entry in denied} == {"anchor:late"}
    assert archivist.get("/search?q=焊接").status_code == 200
    assert portal["system_admin"].get("/status").status_code == 200
    assert portal["auditor"].get("/log").status_code == 200
    report(world)
    reread(portal)
    assert sales.get("/search?q=焊接").status_code == 200


def test_while_the_log_is_not_the_one_that_was_signed_nobody_else_adds_to_it(
    world: World, portal: Portal, programs: Programs
) -> None:
    sales, program = portal["sales"], programs["sales"]
    assert sales.get("/search?q=焊接").status_code == 200
    report(world, refused="shorter")
    reread(portal)
    before = world.verify().events
    assert sales.get("/search?q=焊接").status_code == 503
    assert program.get("/search?q=焊接").get_json()["part"] == "log"
    assert world.verify().events == before
    page = portal["system_admin"].html("/status")
    assert "日志与签名到第 7 号的那一份不符" in page
    assert "guidang audit resume" in page
