"""System status: figures, words for what is wrong, no names; and it stays when a part is away."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from indexer import measuring
from indexer.extract.sandbox import Sandbox
from indexer.work import ACTIONS
from service import upkeep
from service.audit.entries import Subject
from service.codes import Role
from service.models import Job, Probe
from service.permissions import Action
from service.policies import Policies
from service.search import open_engine
from tests.indexer.hostile import READERS
from tests.live.process import free_port
from tests.scenario import decisions
from tests.world import World

MAY = {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR, Role.ARCHIVIST}


def furnish(world: World) -> None:
    world.document(world.customer("金丝雀有限公司").id, "焊接机器人")
    world.work()


@pytest.fixture
def measured(world: World) -> World:
    """An archive with a searchable document, in which a worker runs and has measured."""
    again(world)
    return world


def again(world: World) -> None:
    upkeep.go_round(world.archive, "worker")
    measuring.measure(world.archive)


def test_only_those_who_look_after_the_archive_see_it(portal):
    for role in Role:
        person = portal[str(role)]
        seen = person.get("/status").status_code == 200
        assert seen == (role in MAY), role
        assert ('href="/status"' in person.html("/account")) == seen, role


def test_it_is_logged_before_and_after(portal, measured):
    page = portal["system_admin"].html("/status")
    assert decisions(measured, Action.STATUS_READ) == [("intent", None), ("outcome", "allow")]
    assert re.search(r"日志第 \d+ 号", page)
    portal["sales"].get("/status")
    assert decisions(measured, Action.STATUS_READ)[-1] == ("outcome", "deny")


def test_a_call_that_never_ended_is_told_once_it_is_old(portal, measured):
    call = measured.archive.call(measured.actor("sales"), Action.SEARCH_RUN, Subject("search"))
    call.__enter__()
    said = "最近一天有 1 次操作在日志中有始无终。"
    assert said not in portal["auditor"].html("/status")
    old = (datetime.now(UTC) - timedelta(minutes=6)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    with measured.archive.db.write() as db:
        db.execute(text("DROP TRIGGER audit_event_no_update"))
        change = text("UPDATE audit_event SET ts = :old WHERE seq = :seq")
        db.execute(change, {"old": old, "seq": call.event})
    page = portal["auditor"].html("/status")
    assert said in page
    assert f"第一条是第 {call.event} 号" in page


def test_a_healthy_archive_says_so_in_figures(portal, measured):
    page = portal["system_admin"].html("/status")
    assert "运行正常" in page
    assert "需处理" not in page
    for words in (
        "索引与记录偏差",
        "1 份记录，索引 1 份",
        "没有等待的任务",
        "副本一致",
        "han1-split-v1",
    ):
        assert words in page, words
    for part in ("数据库", "密钥库", "文件存储", "检索服务"):
        assert part in page
    assert "没有应答" not in page


def test_walls_that_a_workers_host_does_not_permit_are_said(portal, measured):
    walls = {"network": True, "user": False, "files": False, "calls": True}
    upkeep.go_round(measured.archive, "worker", {"walls": walls})
    page = portal["system_admin"].html("/status")
    assert "隔离网络" not in page
    assert "seccomp" not in page
    upkeep.go_round(measured.archive, "worker", {"walls": walls | {"network": False}})
    page = portal["system_admin"].html("/status")
    assert "隔离网络" in page
    assert "seccomp" not in page
    upkeep.go_round(measured.archive, "worker", {"walls": walls | {"calls": False}})
    page = portal["system_admin"].html("/status")
    assert "隔离网络" not in page
    assert "seccomp" in page
    assert "运行正常" in page


def test_a_worker_tells_which_walls_stand_around_its_readers():
    with Sandbox(1, readers=READERS, tasks=()) as sandbox:
        assert set(sandbox.walls()) == {"network", "user", "files", "calls"}


def test_no_name_no_title_and_no_file_is_on_it(portal, measured):
    page = portal["archivist"].html("/status").split("<main")[1]
    for hidden in ("金丝雀", "焊接", "纪要.txt"):
        assert hidden not in page


def test_a_part_that_is_away_is_said_in_words_and_the_page_stays(portal, measured):
    person = portal["system_admin"]
    data = measured.archive.settings.data
    (data / "blobs").rename(data / "elsewhere")
    nobody = f"http://127.0.0.1:{free_port()}"
    measured.archive.engine = open_engine(nobody, turns=measured.archive.turns, web="web:x")
    page = person.html("/status")
    assert "文件存储没有应答。" in page
    assert "检索服务没有应答。" in page
    assert "需处理" in page


def test_without_a_worker_it_says_so(portal, world):
    page = portal["system_admin"].html("/status")
    assert "索引与记录偏差：尚未测量" in page
    assert "没有处理进程在运行" in page
    assert "从未出现" in page
    upkeep.go_round(world.archive, "worker")
    assert "没有处理进程在运行" not in portal["system_admin"].html("/status")
    ages(world, timedelta(minutes=2))
    assert "没有处理进程在运行" in portal["system_admin"].html("/status")


def ages(world: World, by: timedelta) -> None:
    with world.archive.db.write() as db:
        for row in db.query(Probe):
            row.taken -= by


def test_an_old_measurement_is_no_longer_shown_as_good(portal, measured):
    ages(measured, timedelta(minutes=40))
    page = portal["system_admin"].html("/status")
    assert re.search(r"4\d 分 \d+ 秒无数据", page)
    assert "索引与记录偏差" in page


def test_a_difference_is_shown_with_ids_and_no_titles(portal, measured):
    with measured.archive.db.write() as db:
        paper = db.execute(text("SELECT id FROM document")).scalar_one()
        db.execute(text("UPDATE document SET shown = NULL"))
    again(measured)
    page = portal["auditor"].html("/status")
    assert "索引与记录相差 1 份" in page
    assert paper in page
    assert "需处理" in page


def test_waiting_and_given_up_work_is_counted_by_stage_and_lane(portal, measured):
    world = measured
    now = datetime.now(UTC)
    with world.archive.db.write() as db:
        for n, state in enumerate(("waiting", "waiting", "failed")):
            at = now - timedelta(minutes=12)
            one = {"kind": "extract", "subject": "x", "lane": 0, "state": state, "due": at}
            db.add(Job(id=f"job{n}", created=at, finished=None, **one))
    page = portal["system_admin"].html("/status")
    assert "1 项任务已放弃" in page
    assert "等待最久的文件已超过 10 分钟" in page
    assert re.search(r"最久 1\d 分", page)


def test_every_kind_of_work_that_waits_is_told_in_words(portal, measured):
    now = datetime.now(UTC)
    with measured.archive.db.write() as db:
        for n, kind in enumerate(ACTIONS):
            one = {"kind": kind, "subject": "x", "lane": 0, "state": "waiting", "due": now}
            db.add(Job(id=f"job{n}", created=now, finished=None, **one))
    stages = re.findall(r'data-l="阶段">([^<]+) <span', portal["system_admin"].html("/status"))
    assert len(stages) >= 7
    assert not [one for one in stages if one.isascii()]


def test_an_action_without_a_rule_is_named(portal, measured):
    with measured.archive.db.write() as db:
        without = "UPDATE policy_version SET text = replace(text, 'document.retry', 'gone.gone')"
        db.execute(text(without))
    measured.archive.policies = Policies()
    page = portal["system_admin"].html("/status")
    assert "的规则" in page
    assert page.index("现行策略没有") < page.index("任何人都不能执行")


def test_an_index_that_cannot_be_used_is_named(portal, measured):
    shutil.rmtree(measured.archive.settings.data / "index")
    again(measured)
    assert "索引不存在或版本不符" in portal["system_admin"].html("/status")


def test_no_table_that_grows_is_read_whole_for_it(portal, measured):
    person = portal["system_admin"]
    asked: list[tuple[str, Any]] = []

    def keep(_connection, _cursor, statement, parameters, *_):
        asked.append((statement, parameters))

    reader = measured.archive.db._reader
    event.listen(reader, "before_cursor_execute", keep)
    person.html("/status")
    event.remove(reader, "before_cursor_execute", keep)
    assert [each for each, _ in asked if "FROM job" in each]
    with measured.archive.db.read() as db:
        connection = db.connection()
        plans = [
            str(row[-1])
            for statement, parameters in asked
            if statement.startswith("SELECT")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    whole = [plan for plan in plans if plan.startswith("SCAN") and "USING" not in plan]
    small = {"SCAN policy_set_member", "SCAN policy_version", "SCAN probe", "SCAN dirty"}
    small |= {"SCAN alembic_version", "SCAN policy_set"}
    assert set(whole) <= small | {"SCAN CONSTANT ROW"}, whole
