"""Lists of the archive as files: what is in them, what never is, who gets them, how much."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from babel.messages.pofile import read_po
from openpyxl import load_workbook
from sqlalchemy import select, update

from indexer import exporting
from indexer.extract.sandbox import Sandbox
from service import moving
from service.accounts import PersonChange
from service.audit.entries import Subject
from service.blobs.names import object_name
from service.codes import Category, Department, Role
from service.errors import Conflict, Denied, Hidden, Invalid, NotFound
from service.exporting import handing, listing
from service.ids import new_id
from service.models import ArchiveExport, AuditEvent, AuditTouch, Job
from service.permissions import Action
from service.properties import Properties
from tests.exported import (
    asked,
    fetched,
    fetched_between,
    made,
    of_csv,
    of_workbook,
    seen,
    wanted,
)
from tests.logged import entries
from tests.world import World, embedded, policy_with
from web import labels

FORMULA = "=HYPERLINK(1)"
MOBILE = "13800138000"
CANARY = "谐波减速器异响"


def furnish(world: World) -> dict[str, str]:
    """Two clients of two salespeople, with a minute each; more at the first."""
    mine = world.customer(owner="sales").id
    theirs = world.customer("苏州同屿机电有限公司", owner="sales2").id
    said = Properties(title=FORMULA, dated=date(2026, 3, 1))
    formula = world.document(mine, f"{CANARY} 一", by="sales", properties=said).id
    said = Properties(title=f"联系 {MOBILE}", dated=date(2026, 9, 1))
    phone = world.document(mine, f"{CANARY} 二", by="sales", properties=said).id
    hidden = world.document(theirs, f"{CANARY} 三", by="sales2").id
    world.work()
    return {"mine": mine, "theirs": theirs, "formula": formula, "phone": phone, "hidden": hidden}


@pytest.fixture
def ids(furnished: tuple[Path, dict[str, str]]) -> dict[str, str]:
    return furnished[1]


@pytest.mark.parametrize("written", ["csv", "xlsx"])
def test_a_list_has_what_the_page_has_and_nothing_more(
    world: World, ids: dict[str, str], written: str
) -> None:
    data = made(world, "sales", wanted(CANARY), written=written)
    rows, about = (of_csv if written == "csv" else of_workbook)(data)
    assert {row["文件编号"] for row in rows} == {ids["formula"], ids["phone"]}
    titles = {str(row["题名"]) for row in rows}
    assert f"联系 138****{MOBILE[-4:]}" in titles
    assert about["检索词"] == CANARY
    assert about["导出人"] == "SALES"
    assert str(about["行数"]) == "2"
    with world.archive.db.read() as db:
        cause = db.scalars(select(ArchiveExport.cause)).one()
    assert str(about["申请的日志序号"]) == str(cause)
    text = "".join(_texts(data, written))
    for never in (MOBILE, ids["hidden"], ids["theirs"], "同屿", f"{CANARY} 一"):
        assert never not in text, never


def _texts(data: bytes, written: str) -> Iterator[str]:
    """Give all that a file holds as text."""
    if written == "csv":
        yield data.decode()
        return
    with ZipFile(io.BytesIO(data)) as book:
        yield from (book.read(name).decode() for name in book.namelist())


def test_no_cell_is_a_formula(world: World, ids: dict[str, str]) -> None:
    rows, _ = of_csv(made(world, "sales", wanted(CANARY)))
    assert f"'{FORMULA}" in {row["题名"] for row in rows}
    book = load_workbook(io.BytesIO(made(world, "sales", wanted(FORMULA), written="xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert FORMULA in {cell.value for cell in cells}
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert ids["formula"]


def test_a_clients_list_has_all_its_documents_of_the_days(
    world: World, ids: dict[str, str]
) -> None:
    waiting = world.document(ids["mine"], "未读", by="sales").id
    world.withdraw(waiting, "sales")
    export_id = asked(world, "sales", wanted(of=ids["mine"]))
    world.work()
    rows, about = of_csv(fetched(world, export_id, "sales"))
    assert [row["文件编号"] for row in rows] == [waiting, ids["phone"], ids["formula"]]
    assert rows[0]["状态"] == "已撤回"
    assert "望潮" in about["客户"]
    days = wanted(of=ids["mine"], first=date(2026, 8, 1), last=date(2026, 9, 1))
    rows, about = of_csv(made(world, "sales", days))
    assert [row["文件编号"] for row in rows] == [ids["phone"]]
    assert about["日期范围"].startswith("2026-08-01 至 2026-09-01")
    with pytest.raises(Invalid):
        asked(world, "sales", wanted(of=ids["mine"], first=date(2026, 9, 2), last=date(2026, 9, 1)))


def test_a_client_of_others_is_absent(world: World, ids: dict[str, str]) -> None:
    with pytest.raises(Hidden):
        asked(world, "sales", wanted(of=ids["theirs"]))
    with pytest.raises(NotFound):
        asked(world, "sales", wanted(of=new_id()))


def test_who_reads_nothing_exports_nothing(world: World, ids: dict[str, str]) -> None:
    for login in ("system_admin", "security_admin", "auditor", "hr"):
        for conditions in (wanted(CANARY), wanted(of=ids["mine"]), wanted(of=new_id())):
            with pytest.raises(Denied):
                asked(world, login, conditions)


def test_nothing_found_is_said(world: World) -> None:
    with pytest.raises(Invalid, match="nothing to export"):
        asked(world, "sales", wanted("不存在的词"))


# -- how much at once --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[World]:
    """An archive where most take one row at once, and archivists two."""
    folder = tmp_path_factory.mktemp("narrow")
    before = "rows = 50\narchivist_rows = 5000\n"
    after = "rows = 1\narchivist_rows = 2\n"
    texts = policy_with(folder / "policy", "limits.toml", before, after)
    settings = replace(embedded(folder / "data"), policy_dir=texts)
    with World.opened(settings, sandbox) as opened:
        opened.people()
        opened.person("clerk", frozenset({Role.ARCHIVIST}), Department.CUSTOMER_SERVICE)
        customer = opened.customer(owner="sales").id
        for number in range(2):
            opened.document(customer, f"{CANARY} {number}", by="sales")
        opened.work()
        yield opened


def test_who_takes_more_than_the_policy_allows_is_told_the_limit_and_gets_nothing(
    narrow: World,
) -> None:
    with pytest.raises(Denied) as refusal:
        asked(narrow, "sales", wanted(CANARY))
    stated = {name: refusal.value.params[name] for name in ("most", "count", "widest")}
    assert stated == {"most": 1, "count": 2, "widest": 5000}
    assert refusal.value.rule == "export.list:limit"
    with narrow.archive.db.read() as db:
        mine = ArchiveExport.created_by == narrow.id("sales")
        assert db.scalars(select(ArchiveExport.id).where(mine)).all() == []
    assert len(of_csv(made(narrow, "archivist", wanted(CANARY)))[0]) == 2


def test_who_may_take_less_by_now_gets_none(narrow: World) -> None:
    export_id = asked(narrow, "clerk", wanted(CANARY))
    narrow.change("clerk", PersonChange(roles=frozenset({Role.SERVICE_OFFICER})))
    narrow.work()
    assert state_of(narrow, export_id) == ("failed", "denied")


def test_who_asks_at_once_gets_no_more_than_who_asks_in_turn(
    world: World, ids: dict[str, str]
) -> None:
    export_id = asked(world, "sales", wanted(of=ids["mine"]))
    world.work()
    for _ in range(seen(world, export_id, "sales").downloads - 1):
        fetched(world, export_id, "sales")
    with pytest.raises(Conflict) as refusal:
        fetched_between(world, export_id, "sales")
    shown = seen(world, export_id, "sales")
    assert shown.fetched == shown.downloads
    (late,) = entries(world, Action.EXPORT_FETCH, decision="fail")
    assert (late["rule"], late["ref"]) == ("export:gone", refusal.value.event)
    assert not touches(world, late["seq"])


def touches(world: World, seq: int) -> list[str]:
    with world.archive.db.read() as db:
        return list(db.scalars(select(AuditTouch.document).where(AuditTouch.seq == seq)))


# -- rights as they are now --------------------------------------------------------------------


def state_of(world: World, export_id: str) -> tuple[str, str | None]:
    with world.archive.db.read() as db:
        row = db.get_one(ArchiveExport, export_id)
        return row.state, row.error


def test_what_became_unreadable_before_it_was_made_is_counted_and_not_named(
    world: World, ids: dict[str, str]
) -> None:
    export_id = asked(world, "sales", wanted(of=ids["mine"]))
    world.edit(ids["phone"], "archivist", grade="top")
    world.work()
    data = fetched(world, export_id, "sales")
    rows, about = of_csv(data)
    assert [row["文件编号"] for row in rows] == [ids["formula"]]
    assert about["申请后已无权查阅、未列入的份数"] == "1"
    assert ids["phone"].encode() not in data
    assert (seen(world, export_id, "sales").left_out, touched(world, export_id)) == (
        1,
        {(ids["formula"], "listed")},
    )


def touched(world: World, export_id: str) -> set[tuple[str, str]]:
    """Return which documents the log says that an export showed to its maker."""
    with world.archive.db.read() as db:
        found = db.execute(
            select(AuditTouch.document, AuditTouch.how)
            .join(AuditEvent, AuditEvent.seq == AuditTouch.seq)
            .where(AuditEvent.object == export_id)
        )
        return set(found.tuples())


def test_a_client_that_left_its_makers_sight_is_not_named_in_the_list(
    world: World, ids: dict[str, str]
) -> None:
    export_id = asked(world, "sales", wanted(of=ids["mine"]))
    world.move(ids["mine"], Category.ENDED)
    world.work()
    data = fetched(world, export_id, "sales").decode()
    assert of_csv(data.encode())[0] == []
    for never in ("望潮", ids["formula"], ids["phone"], FORMULA):
        assert never not in data, never


def test_a_client_that_a_document_left_and_that_left_ones_sight_closes_the_file(
    world: World, ids: dict[str, str]
) -> None:
    other = world.customer("宁波远帆机器人有限公司", owner="sales").id
    several = [asked(world, "sales", one) for one in (wanted(CANARY), wanted(of=ids["mine"]))]
    world.work()
    for one in ("formula", "phone"):
        moved(world, ids[one], other)
    assert "望潮" in fetched(world, several[0], "sales").decode()
    world.move(ids["mine"], Category.ENDED)
    for one in several:
        with pytest.raises(Conflict):
            fetched(world, one, "sales")


def moved(world: World, document: str, to: str) -> None:
    """Put a document to another client."""
    rev = world.shown(document, "archivist").rev
    subject = Subject("document", document)
    with world.archive.call(world.actor("archivist"), Action.DOCUMENT_MOVE, subject) as call:
        moving.move(call, document, to=to, reason="归错客户", if_match=rev)


def test_what_became_unreadable_since_it_was_made_closes_the_file(
    world: World, ids: dict[str, str]
) -> None:
    export_id = asked(world, "sales", wanted(CANARY))
    world.work()
    world.edit(ids["phone"], "archivist", grade="top")
    with pytest.raises(Conflict):
        fetched(world, export_id, "sales")
    assert seen(world, export_id, "sales").fetched == 0
    assert touched(world, export_id) == set()


def test_who_left_or_reads_nothing_any_more_gets_none(world: World, ids: dict[str, str]) -> None:
    assert ids
    waiting = {}
    for login, change in (
        ("leaver", PersonChange(active=False)),
        ("changed", PersonChange(roles=frozenset({Role.HR}))),
    ):
        world.person(login, frozenset({Role.ARCHIVIST}), Department.CUSTOMER_SERVICE)
        waiting[login] = asked(world, login, wanted(CANARY))
        world.change(login, change)
    world.work()
    for export_id in waiting.values():
        assert state_of(world, export_id) == ("failed", "denied")


def test_nobody_else_has_it(world: World, ids: dict[str, str]) -> None:
    export_id = asked(world, "sales", wanted(of=ids["mine"]))
    world.work()
    for login in ("sales2", "sales_head", "archivist", "management", "auditor"):
        for look in (seen, fetched):
            with pytest.raises(Hidden):
                look(world, export_id, login)


# -- how it is made and kept -------------------------------------------------------------------


def stored(world: World) -> set[str]:
    return {each.name for each in world.archive.blobs.list()}


def test_nothing_of_it_lies_in_clear(world: World, ids: dict[str, str]) -> None:
    before = stored(world)
    export_id = asked(world, "sales", wanted(CANARY))
    world.work()
    (name,) = stored(world) - before
    kept = world.archive.blobs.open(name).read()
    with world.archive.db.read() as db:
        kept += db.get_one(ArchiveExport, export_id).asked_ct
    for never in (CANARY, "文件编号", ids["phone"]):
        assert never.encode() not in kept


def test_two_at_once_are_both_made_and_a_fourth_waits(world: World) -> None:
    several = [asked(world, "sales", wanted(CANARY)) for _ in range(3)]
    with pytest.raises(Conflict):
        asked(world, "sales", wanted(CANARY))
    world.work()
    assert len({fetched(world, one, "sales") for one in several}) == 3


def test_a_worker_that_dies_in_the_middle_leaves_one_file(world: World) -> None:
    before = stored(world)
    export_id, blob = asked(world, "sales", wanted(CANARY)), new_id()
    world.archive.blobs.put(object_name(blob), io.BytesIO(b"half"), 4)
    with world.archive.db.write() as db:
        row = db.get_one(ArchiveExport, export_id)
        row.state, row.blob = "running", blob
        past = datetime.now(UTC) - timedelta(seconds=1)
        gone = {"held_until": past, "holder": "gone", "attempts": 1}
        db.execute(update(Job).where(Job.subject == export_id).values(**gone))
    world.work()
    assert len(of_csv(fetched(world, export_id, "sales"))[0]) == 2
    assert len(stored(world) - before) == 1


def test_a_worker_that_was_overtaken_leaves_the_file_of_the_other(world: World) -> None:
    before = stored(world)
    export_id = asked(world, "sales", wanted(CANARY))
    left = [True]

    def beat() -> None:
        with world.archive.db.read() as db:
            written = db.get_one(ArchiveExport, export_id).blob
        if not written or not left:
            return
        left.pop()
        with world.archive.db.write() as db:
            past = datetime.now(UTC) - timedelta(seconds=1)
            db.execute(update(Job).where(Job.subject == export_id).values(held_until=past))
        assert exporting.run(world.archive, world.sandbox, "two", lambda: None) == 1

    assert exporting.run(world.archive, world.sandbox, "one", beat) == 0
    assert len(of_csv(fetched(world, export_id, "sales"))[0]) == 2
    assert len(stored(world) - before) == 1


def test_it_is_fetched_a_few_times_and_then_goes_away(world: World) -> None:
    before = stored(world)
    often, old = (asked(world, "sales", wanted(CANARY)) for _ in range(2))
    world.work()
    for _ in range(3):
        fetched(world, often, "sales")
    with world.archive.db.write() as db:
        past = datetime.now(UTC) - timedelta(seconds=1)
        db.execute(update(ArchiveExport).where(ArchiveExport.id == old).values(expires=past))
    for one in (often, old):
        with pytest.raises(Conflict):
            fetched(world, one, "sales")
    assert handing.clear(world.archive) == 2
    assert stored(world) == before
    assert {state_of(world, one) for one in (often, old)} == {("removed", None)}


def test_the_log_has_the_request_the_making_and_every_fetch(
    world: World, ids: dict[str, str]
) -> None:
    export_id = asked(world, "sales", wanted(CANARY))
    world.work()
    fetched(world, export_id, "sales")
    me = world.id("sales")
    with world.archive.db.read() as db:
        found = db.execute(
            select(AuditEvent.phase, AuditEvent.action, AuditEvent.decision, AuditEvent.actor)
            .where(AuditEvent.object == export_id)
            .order_by(AuditEvent.seq)
        )
        assert [tuple(one) for one in found] == [
            ("event", "export.list", "allow", me),
            ("intent", "export.list", None, "worker"),
            ("intent", "export.list", None, me),
            ("outcome", "export.list", "allow", me),
            ("outcome", "export.list", "allow", "worker"),
            ("intent", "export.fetch", None, me),
            ("outcome", "export.fetch", "allow", me),
            ("delivered", "export.fetch", "allow", me),
        ]
    both = {(ids["formula"], "listed"), (ids["phone"], "listed")}
    assert touched(world, export_id) == both
    assert world.verify().code == 0


def test_the_words_of_lists_are_those_of_the_portal() -> None:
    source = Path(labels.__file__).parent / "translations/zh_CN/LC_MESSAGES/messages.po"
    with source.open("rb") as file:
        catalogue = read_po(file)
    for name in ("kind", "module", "grade", "category", "filing", "processing"):
        words = {code: catalogue[text].string for code, text in labels.TABLES[name].items()}
        assert {code: listing.word(name, code) for code in words} == words, name
