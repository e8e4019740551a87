"""Folders of the server: looked at, shown, then brought by the worker with its person's rights."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from indexer.extract.sandbox import Sandbox
from service import accounts
from service.audit.entries import Subject
from service.codes import Department, Role, Status
from service.errors import Conflict, Denied, Invalid, NotFound
from service.imports import batches, choices, folders, items, preparing, server_folders, sums
from service.imports.batches import New
from service.imports.items import Item, ItemState
from service.imports.preparing import Preview
from service.imports.sums import Sums
from service.models import Customer, Document, ImportBatch, ImportItem, Job
from service.permissions import Action
from tests.indexer import sheets
from tests.sent import a_zip, zips_at_once
from tests.world import World, embedded


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of the server with what people copied there."""
    top = tmp_path / "交接"
    for name, text in {
        "甲/纪要一.txt": "减速机异响",
        "甲/纪要二.txt": "更换后恢复",
        "乙/纪要三.txt": "焊接节拍",
        "甲/.DS_Store": "litter",
    }.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, "utf-8")
    return top


@pytest.fixture
def served(peopled: Path, tmp_path: Path, root: Path, sandbox: Sandbox) -> Iterator[World]:
    """A world whose server has a folder to import from."""
    with World.copied(peopled, tmp_path / "data", sandbox) as world:
        world.archive.settings = replace(embedded(tmp_path / "data"), import_root=root)
        yield world


def prepared(world: World, new: New, folder: str = "", *, by: str = "archivist") -> str:
    """Choose a folder, and let the worker look at it."""
    with world.archive.call(
        world.actor(by), Action.IMPORT_RUN, Subject("import"), writes=True
    ) as call:
        batch = folders.choose(call, folder, new).id
    world.work()
    return batch


def change(
    world: World,
    what: Callable[..., object],
    *given: object,
    by: str = "archivist",
    **named: object,
) -> None:
    with world.archive.call(
        world.actor(by), Action.IMPORT_RUN, Subject("import"), writes=True
    ) as call:
        what(call, *given, **named)


def begin(world: World, batch: str, *, leave_out: bool = False, by: str = "archivist") -> None:
    change(world, preparing.begin, batch, leave_out=leave_out, by=by)


def seen(world: World, batch: str) -> tuple[str, str | None, Preview, dict[str, Item], Sums]:
    """Return state and error of a batch, its preview, its files by path, and its sums."""
    with world.archive.ring() as ring, world.archive.db.read() as db:
        row = db.get_one(ImportBatch, batch)
        rows = db.query(ImportItem).filter_by(batch=batch).all()
        found = {one.file: one for one in (items.read(ring, each) for each in rows)}
        told = sums.of(db, [batch])[batch]
        assert told.agrees
        return row.state, row.error, preparing.preview(ring, row), found, told


def documents(world: World) -> int:
    with world.archive.db.read() as db:
        return db.query(Document).count()


def test_a_folder_is_shown_first_and_then_brought_whole(served: World) -> None:
    customer = served.customer()
    batch = prepared(served, New(batches.Source.FOLDER, customer.id, "minutes"))
    state, _, told, files, _ = seen(served, batch)
    assert (state, told.ready, documents(served)) == ("preparing", True, 0)
    assert sorted(files) == ["乙/纪要三.txt", "甲/纪要一.txt", "甲/纪要二.txt"]
    begin(served, batch)
    served.work()
    state, _, _, files, told_sums = seen(served, batch)
    assert (state, told_sums.received.files, told_sums.searchable) == ("done", 3, 3)
    assert len(served.found("减速机异响", by="service_officer")) == 1
    with served.archive.db.read() as db:
        assert {row.created_by for row in db.query(Document)} == {served.id("archivist")}
    again = prepared(served, New(batches.Source.FOLDER, customer.id, "minutes"), "甲")
    begin(served, again)
    served.work()
    assert seen(served, again)[4].duplicates.files == 2
    assert documents(served) == 3
    assert served.verify().code == 0


def test_a_list_in_the_folder_says_what_each_file_is_and_what_is_wrong_is_left_out_knowingly(
    served: World, root: Path
) -> None:
    first, second = served.customer(filed=True), served.customer("苏州同屿机电有限公司")
    (root / "清单.xlsx").write_bytes(
        sheets.of_rows(
            ("文件", "档号", "类型", "题名", "日期", "页数"),
            ("甲/纪要一.txt", first.number, "洽谈纪要", "异响处理", date(2026, 3, 9), 2),
            ("纪要二.txt", second.name, "不明", None, None, None),
            ("纪要三.txt", "没有这家公司", "会议纪要", None, None, None),
            ("丢失.txt", second.name, "会议纪要", None, None, None),
        )
    )
    (root / "多余.txt").write_text("不在清单里", "utf-8")
    batch = prepared(served, New(batches.Source.FOLDER))
    _, _, told, files, _ = seen(served, batch)
    assert (told.manifest, told.lines, told.matched, told.ignored) == ("清单.xlsx", 4, 2, ("页数",))
    assert [(one.line, one.code) for one in told.wrong] == [
        (3, "line.kind"),
        (4, "no_customer"),
        (5, "line.missing"),
    ]
    assert {name: one.error for name, one in files.items() if one.error} == {
        "甲/纪要二.txt": "line.kind",
        "乙/纪要三.txt": "no_customer",
        "多余.txt": "unnamed",
    }
    with pytest.raises(Invalid):
        begin(served, batch)
    with pytest.raises(Conflict):
        change(served, choices.retry, batch)
    begin(served, batch, leave_out=True)
    served.work()
    state, _, _, files, told_sums = seen(served, batch)
    assert (state, told_sums.received.files, told_sums.skipped.files) == ("done", 1, 3)
    made = served.shown(files["甲/纪要一.txt"].document or "", "archivist")
    assert (made.customer.id, made.title, str(made.dated)) == (first.id, "异响处理", "2026-03-09")


@pytest.mark.parametrize("name", ["清单.xls", "清单.et"])
def test_a_list_of_an_older_program_is_read_by_its_values(
    served: World, root: Path, name: str
) -> None:
    customer = served.customer()
    (root / name).write_bytes(
        sheets.old_of_rows(
            ("移交清单",),
            ("文件", "客户", "类型", "日期", "编号"),
            ("甲/纪要一.txt", customer.name, "洽谈纪要", date(2026, 3, 9), 202600012345678),
        )
    )
    batch = prepared(served, New(batches.Source.FOLDER))
    _, _, told, files, _ = seen(served, batch)
    assert (told.manifest, told.lines, told.matched, told.trouble) == (name, 1, 1, "")
    found = files["甲/纪要一.txt"].properties
    assert (found.kind, found.dated, found.number) == (
        "minutes",
        date(2026, 3, 9),
        "202600012345678",
    )


def test_a_customer_that_is_hidden_looks_like_none_in_a_list(served: World, root: Path) -> None:
    hidden = served.customer(filed=True)
    with served.archive.db.write() as db:
        db.get_one(Customer, hidden.id).status = str(Status.DESTROYED)
    told = []
    for name in (hidden.number, hidden.name, "没有这家公司"):
        (root / "清单.csv").write_text(f"文件,客户,类型\n纪要一.txt,{name},纪要\n", "utf-8")
        batch = prepared(served, New(batches.Source.FOLDER))
        _, _, preview, files, _ = seen(served, batch)
        told.append(
            (preview.wrong, [(f, files[f].error, files[f].customer) for f in sorted(files)])
        )
    assert told[0] == told[1] == told[2]
    assert told[0][0][0].code == "no_customer"


def test_what_is_no_file_or_has_no_name_is_named_and_no_link_leads_out(
    served: World, root: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not meant to be imported", "utf-8")
    (root / "link.txt").symlink_to(secret)
    (root / "outside").symlink_to(tmp_path)
    os.mkfifo(root / "pipe.txt")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe.txt")).write_text("x", "utf-8")
    customer = served.customer().id
    batch = prepared(served, New(batches.Source.FOLDER, customer, "minutes"))
    errors = {name: one.error for name, one in seen(served, batch)[3].items() if one.error}
    assert errors == {"link.txt": "link", "outside": "link", "pipe.txt": "link", "��.txt": "name"}
    begin(served, batch, leave_out=True)
    served.work()
    assert documents(served) == 3
    assert served.found("imported", by="archivist") == set()
    for folder in ("outside", "..", "甲/../..", "/etc", "甲//", "没有", "甲\0"):
        with pytest.raises(NotFound):
            prepared(served, New(batches.Source.FOLDER, customer, "minutes"), folder)
    assert server_folders.subfolders(root, "") == ["乙", "甲"]


def test_only_archivists_and_service_managers_import_from_the_server(served: World) -> None:
    customer = served.customer().id
    for login in ("service_officer", "sales", "technical", "auditor", "system_admin"):
        with pytest.raises(Denied):
            prepared(served, New(batches.Source.FOLDER, customer, "minutes"), by=login)
    served.archive.settings = replace(served.archive.settings, import_root=None)
    with pytest.raises(NotFound):
        prepared(served, New(batches.Source.FOLDER, customer, "minutes"))


def test_files_that_change_or_go_are_noticed_and_taken_when_tried_again(
    served: World, root: Path
) -> None:
    batch = prepared(served, New(batches.Source.FOLDER, served.customer().id, "minutes"))
    (root / "甲/纪要一.txt").write_text("减速机异响，又改过了", "utf-8")
    (root / "甲/纪要二.txt").unlink()
    begin(served, batch)
    served.work()
    files = seen(served, batch)[3]
    assert files["甲/纪要一.txt"].error == "changed"
    assert files["甲/纪要二.txt"].error == "gone"
    change(served, choices.retry, batch)
    served.work()
    files = seen(served, batch)[3]
    assert files["甲/纪要一.txt"].state is ItemState.RECEIVED
    assert files["甲/纪要二.txt"].error == "gone"


def test_the_rights_of_the_moment_count_and_not_those_of_the_beginning(
    served: World, root: Path
) -> None:
    batch = prepared(served, New(batches.Source.FOLDER, served.customer().id, "minutes"))
    begin(served, batch)
    change_to = accounts.PersonChange(
        name="ARCHIVIST", department=Department.SALES, roles=frozenset({Role.SALES})
    )
    served.change("archivist", change_to)
    served.work()
    state, error, _, _, told = seen(served, batch)
    assert (state, error, told.left.files, documents(served)) == ("stopped", "denied", 3, 0)
    served.change("archivist", replace(change_to, roles=frozenset({Role.ARCHIVIST})))
    change(served, batches.resume, batch)
    served.work()
    state, error, _, _, told = seen(served, batch)
    assert (state, error, told.received.files) == ("done", None, 3)


def test_nobody_else_begins_and_nothing_begins_twice(served: World) -> None:
    batch = prepared(served, New(batches.Source.FOLDER, served.customer().id, "minutes"))
    for login in ("service_manager", "sales"):
        with pytest.raises(NotFound):
            begin(served, batch, by=login)
    with pytest.raises(Conflict):
        change(served, batches.stop, batch)
    begin(served, batch)
    with pytest.raises(Conflict):
        begin(served, batch)
    with pytest.raises(Conflict):
        change(served, preparing.discard, batch)
    other = prepared(served, New(batches.Source.FOLDER, served.customer("乙").id, "minutes"), "乙")
    change(served, preparing.discard, other)
    served.work()
    state, _, _, _, told = seen(served, other)
    assert (state, told.skipped.files, documents(served)) == ("done", 1, 3)


def test_an_import_that_cannot_be_looked_at_says_so_and_is_not_tried_for_ever(
    served: World,
) -> None:
    customer = served.customer().id
    with served.archive.call(
        served.actor("archivist"), Action.IMPORT_RUN, Subject("import"), writes=True
    ) as call:
        batch = folders.choose(call, "", New(batches.Source.FOLDER, customer, "minutes")).id
        call.db.get_one(ImportBatch, batch).grade = "gone"  # as a policy of before had it
    served.work()
    state, _, told, files, _ = seen(served, batch)
    assert (state, told.ready, told.trouble, files) == (
        "preparing",
        True,
        "There is no such grade.",
        {},
    )
    with served.archive.db.read() as db:
        assert db.query(Job).filter_by(kind="import").one().state == "done"


def test_who_sends_zips_at_once_leaves_no_more_behind_than_who_sends_them_in_turn(
    world: World,
) -> None:
    customer = world.customer().id
    assert all(a_zip(world, customer, "service_officer") for _ in range(18))
    assert zips_at_once(world, customer, "service_officer", 4) == 2
    assert not a_zip(world, customer, "service_officer")
    assert a_zip(world, customer, "archivist")
