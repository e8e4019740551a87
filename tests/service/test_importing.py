"""`guidang import`: what a folder becomes, run once, stopped, and run again."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service import importing, intake
from service.__main__ import main
from service.audit.entries import Subject
from service.codes import Category
from service.documents import get
from service.imports import batches, choices
from service.imports.sums import of as of_batches
from service.models import AuditBody, Document, ImportBatch, ImportItem
from service.permissions import Action
from tests.indexer import sheets, zips
from tests.world import World


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files: three good ones, one empty, one program."""
    top = tmp_path / "交接"
    for name, content in {
        "甲/纪要一.txt": "减速机异响",
        "甲/纪要二.txt": "更换后恢复",
        "乙/纪要三.txt": "焊接节拍",
        "甲/空.txt": "",
        "乙/tool.exe": "MZ" + "\0" * 100,
    }.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return top


def run(world: World, folder: Path, *options: str) -> Result:
    environment: dict[str, str | None] = {k: None for k in os.environ if k.startswith("GUIDANG_")}
    return CliRunner().invoke(
        main,
        ["import", str(folder), *options],
        env=environment | {"GUIDANG_DATA": str(world.archive.settings.data)},
    )


def report(world: World, folder: Path, *options: str) -> dict[str, Any]:
    kept = folder.parent / "report.json"
    found = run(world, folder, "--report", str(kept), *options)
    assert kept.exists(), found.output
    told: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    return told | {"code": found.exit_code}


def sums(told: dict[str, Any]) -> list[int]:
    names = ("expected", "received", "present", "refused", "left", "planned")
    counts = [told[name]["files"] for name in names]
    assert counts[0] == sum(counts[1:])
    assert told["expected"]["bytes"] == sum(told[name]["bytes"] for name in names[1:])
    return counts


def documents(world: World) -> int:
    with world.archive.db.read() as db:
        return db.query(Document).count()


def test_a_folder_goes_to_one_customer_and_is_found(world: World, folder: Path) -> None:
    customer = world.customer(filed=True)
    options = ("--customer", str(customer.number), "--kind", "minutes", "--as", "service_officer")
    told = report(world, folder, *options)
    assert sums(told) == [5, 3, 0, 2, 0, 0]
    assert told["code"] == 1
    reasons = {row["file"]: row["error"] for row in told["rows"] if "error" in row}
    assert reasons == {
        "甲/空.txt": "The file is empty.",
        "乙/tool.exe": "Programs and scripts are not taken.",
    }
    world.work()
    assert len(world.found("减速机异响", by="service_officer")) == 1


def test_the_portal_shows_what_the_command_did_in_a_batch_that_agrees(
    world: World, folder: Path
) -> None:
    customer = world.customer()
    options = ("--customer", customer.id, "--kind", "minutes", "--as", "service_officer")
    for received, present in ((3, 0), (0, 3)):
        assert sums(report(world, folder, *options)) == [5, received, present, 2, 0, 0]
        with world.archive.db.read() as db:
            batch = db.query(ImportBatch).order_by(ImportBatch.serial.desc()).first()
            assert batch is not None
            told = of_batches(db, [batch.id])[batch.id]
            codes = {one.error for one in db.query(ImportItem).filter_by(batch=batch.id)}
        assert told.agrees
        assert (batch.source, batch.state, batch.customer) == ("cli", "done", customer.id)
        assert batch.created_by == world.id("service_officer")
        assert (told.received.files, told.duplicates.files) == (received, present)
        assert (told.failed.files, told.left.files) == (2, 0)
        assert codes == {None, "empty", "unsupported"}
    report(world, folder, *options, "--dry-run")
    with world.archive.db.read() as db:
        assert db.query(ImportBatch).count() == 2


def test_an_import_run_again_doubles_nothing(world: World, folder: Path) -> None:
    customer = world.customer()
    options = ("--customer", customer.id, "--kind", "minutes", "--as", "service_officer")
    first = report(world, folder, *options)
    again = report(world, folder, *options)
    assert sums(again) == [5, 0, 3, 2, 0, 0]
    assert documents(world) == 3
    ids = [{row.get("id") for row in told["rows"]} for told in (first, again)]
    assert ids[0] == ids[1]


def test_two_imports_of_the_same_folder_at_once_double_nothing(world: World, folder: Path) -> None:
    customer, actor = world.customer(), world.actor("service_officer")
    wanted = importing.Wanted(folder, customer.id, "minutes")
    reports = [importing.Report(), importing.Report()]
    start = Barrier(2)

    def bring(told: importing.Report) -> None:
        start.wait()
        importing.run(world.archive, wanted, actor, told, lambda *_: None)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(bring, reports))
    assert documents(world) == 3
    there = (importing.State.RECEIVED, importing.State.PRESENT)
    assert [told.of(*there)[0] for told in reports] == [3, 3]
    assert sum(told.of(importing.State.RECEIVED)[0] for told in reports) == 3
    ids = [{row.document for row in told.rows if row.document} for told in reports]
    assert ids[0] == ids[1]


def test_an_import_that_was_stopped_knows_what_is_left_and_goes_on(
    world: World, folder: Path
) -> None:
    customer = world.customer()
    wanted = importing.Wanted(folder, customer.id, "minutes")
    stopped = importing.Report()

    def stop(_size: int, _total: int) -> None:
        if stopped.of(importing.State.RECEIVED)[0] == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.run(world.archive, wanted, world.actor("service_officer"), stopped, stop)
    counts = [stopped.of(state)[0] for state in importing.State]
    assert stopped.of(importing.State.LEFT)[0] > 0
    assert (sum(counts), documents(world), stopped.complete) == (5, 1, False)
    with world.archive.db.read() as db:
        batch = db.query(ImportBatch).one()
        told = of_batches(db, [batch.id])[batch.id]
    assert (batch.state, told.received.files, told.agrees) == ("stopped", 1, True)
    assert told.left.files > 0
    options = ("--customer", customer.id, "--kind", "minutes", "--as", "service_officer")
    assert sums(report(world, folder, *options)) == [5, 2, 1, 2, 0, 0]
    assert documents(world) == 3


def test_what_is_stopped_or_left_out_at_the_portal_is_not_brought_by_the_command(
    world: World, tmp_path: Path
) -> None:
    customer, actor = world.customer(), world.actor("service_officer")
    for number in range(1, 6):
        (tmp_path / "交接").mkdir(exist_ok=True)
        (tmp_path / f"交接/纪要{number}.txt").write_text(f"第{number}份", "utf-8")
    wanted = importing.Wanted(tmp_path / "交接", customer.id, "minutes")
    told = importing.Report()

    def meanwhile(_size: int, _total: int) -> None:
        with world.archive.db.read() as db:
            batch = db.query(ImportBatch).one().id
        states = [row.state for row in told.rows]
        if states.count(importing.State.LEFT) == 4:
            choices.skip(world.archive, actor, batch, 2, "不要")
        elif states.count(importing.State.RECEIVED) == 2:
            subject = Subject("import", batch)
            with world.archive.call(actor, Action.IMPORT_RUN, subject, writes=True) as call:
                batches.stop(call, batch)

    importing.run(world.archive, wanted, actor, told, meanwhile)
    assert [row.state for row in told.rows] == ["received", "refused", "received", "left", "left"]
    assert (told.rows[1].code, documents(world)) == ("skipped", 2)
    with world.archive.db.read() as db:
        batch = db.query(ImportBatch).one()
        counted = of_batches(db, [batch.id])[batch.id]
    assert (batch.state, counted.agrees, counted.skipped.files) == ("stopped", True, 1)
    assert (counted.received.files, counted.left.files) == (2, 2)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_of_a_file_stops_the_command_behind_it(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals
) -> None:
    customer = world.customer()
    add = intake.add

    def interrupted(*given: Any, **named: Any) -> Any:
        with suppress(KeyboardInterrupt):  # as a library may do while it cleans up
            signal.raise_signal(sent)
        return add(*given, **named)

    monkeypatch.setattr(intake, "add", interrupted)
    before = signal.getsignal(sent)
    options = ("--customer", customer.id, "--kind", "minutes", "--as", "service_officer")
    counts = sums(report(world, folder, *options))
    assert documents(world) == 1
    assert counts[1] == 1
    assert sum(counts[1:]) == counts[0]
    assert signal.getsignal(sent) is before


def test_progress_costs_the_same_for_each_file_however_many_there_are(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summed: list[int] = []

    class Counted(importing.Report):
        """A report that notes when all its rows are gone through."""

        def of(self, *states: importing.State) -> tuple[int, int]:
            summed.append(len(self.rows))
            return super().of(*states)

    monkeypatch.setattr(importing, "Report", Counted)
    options = ("--customer", world.customer().id, "--dry-run")
    run(world, folder, *options)
    few, summed = summed, []
    for n in range(9):
        (folder / f"更多{n}.txt").write_text("焊接", "utf-8")
    run(world, folder, *options)
    assert (len(few), set(summed)) == (len(summed), {14})


def test_a_trial_says_what_would_happen_and_does_nothing(world: World, folder: Path) -> None:
    customer = world.customer()
    options = ("--customer", customer.name, "--kind", "minutes", "--as", "service_officer")
    assert sums(report(world, folder, *options, "--dry-run")) == [5, 0, 0, 2, 0, 3]
    assert documents(world) == 0


def test_top_folders_name_the_customers(world: World, folder: Path) -> None:
    first = world.customer("宁波望潮汽车零部件有限公司", filed=True)
    world.customer("苏州同屿机电有限公司")
    (folder / "甲").rename(folder / str(first.number))
    (folder / "乙").rename(folder / "苏州同屿机电有限公司")
    (folder / "无人.txt").write_text("在最上层", "utf-8")
    told = report(world, folder, "--kind", "minutes", "--as", "service_officer")
    assert sums(told) == [6, 3, 0, 3, 0, 0]
    errors = {row["file"]: row.get("error") for row in told["rows"]}
    assert errors["无人.txt"] == "The file is in no customer's folder."


def test_a_customer_that_is_hidden_looks_like_none(world: World, folder: Path) -> None:
    hidden = world.customer(category=Category.INTENDED, owner="sales2")
    for name in (hidden.id, hidden.name, "没有这家公司"):
        told = report(world, folder, "--customer", name, "--kind", "minutes", "--as", "sales")
        assert {row["error"] for row in told["rows"]} == {"There is no such customer."}
    assert documents(world) == 0


def test_the_rights_of_who_imports_hold(world: World, folder: Path) -> None:
    customer = world.customer(owner="sales")
    refused = run(world, folder, "--customer", customer.id, "--as", "auditor")
    assert refused.exit_code == 1
    assert "Your role does not allow this." in refused.output
    told = report(
        world, folder, "--customer", customer.id, "--kind", "invoice", "--as", "service_officer"
    )
    assert {row["error"] for row in told["rows"]} == {"Your role does not allow this."}
    assert documents(world) == 0


def test_a_manifest_says_more_of_single_files(world: World, folder: Path) -> None:
    customer = world.customer()
    manifest = folder.parent / "manifest.csv"
    manifest.write_text("file,kind,title\n甲/纪要一.txt,requirement,需求一\n", "utf-8-sig")
    options = ("--customer", customer.id, "--kind", "minutes", "--as", "service_officer")
    assert sums(report(world, folder, *options, "--manifest", str(manifest)))[1] == 3
    with world.archive.db.read() as db:
        assert sorted(row.kind for row in db.query(Document)) == [
            "minutes",
            "minutes",
            "requirement",
        ]
    manifest.write_text("file,kind\n没有.txt,minutes\n", "utf-8")
    refused = run(world, folder, *options, "--manifest", str(manifest))
    assert refused.exit_code == 1
    assert "没有.txt" in refused.output


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_manifest_is_read_as_spreadsheet_programs_save_it(
    world: World, folder: Path, encoding: str
) -> None:
    manifest = folder.parent / "manifest.csv"
    lines = ("file,title,dated", '甲/纪要一.txt,"需求，一",2026-03-09', ",,", "")
    manifest.write_bytes("\r\n".join(lines).encode(encoding))
    options = ("--customer", world.customer().id, "--kind", "minutes", "--as", "service_officer")
    told = report(world, folder, *options, "--manifest", str(manifest))
    (one,) = [row["id"] for row in told["rows"] if row["file"] == "甲/纪要一.txt"]
    subject = Subject("document", one)
    with world.archive.call(world.actor("archivist"), Action.DOCUMENT_READ, subject) as call:
        seen = get(call, one)
    assert (seen.title, str(seen.dated)) == ("需求，一", "2026-03-09")


def test_a_manifest_may_be_a_workbook_and_name_customers(world: World, folder: Path) -> None:
    first = world.customer(filed=True)
    second = world.customer("苏州同屿机电有限公司")
    hidden = world.customer("杭州见不得机械有限公司", category=Category.POTENTIAL, owner="sales2")
    manifest = folder.parent / "清单.xlsx"
    manifest.write_bytes(
        sheets.of_rows(
            ("文件", "客户", "类型", "日期"),
            ("甲\\纪要一.txt", first.number, "洽谈纪要", date(2026, 3, 9)),
            ("纪要二.txt", second.name, "往来函件", "2026年3月10日"),
            ("乙/纪要三.txt", hidden.name, "洽谈纪要", None),
        )
    )
    told = report(world, folder, "--as", "sales", "--manifest", str(manifest))
    assert sums(told) == [5, 2, 0, 3, 0, 0]
    by_file = {row["file"]: row for row in told["rows"]}
    assert by_file["乙/纪要三.txt"]["error"] == "There is no such customer."
    one = world.shown(by_file["甲/纪要一.txt"]["id"], "sales")
    two = world.shown(by_file["甲/纪要二.txt"]["id"], "sales")
    assert (one.customer.id, one.kind, str(one.dated)) == (first.id, "minutes", "2026-03-09")
    assert (two.customer.id, two.kind, str(two.dated)) == (second.id, "letter", "2026-03-10")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfef\x00i\x00l\x00e\x00", "neither UTF-8 nor GB18030"),
        (b"", "needs a column file"),
        (b"name,kind\na,b", "needs a column file"),
        (b"file,title,title\na,b,c", "each once"),
        ("file,title\n甲/空.txt,一,二".encode(), "Line 2 of the manifest has more cells"),
        ("kind,file\nminutes,甲/空.txt\nminutes".encode(), "Line 3 of the manifest names no file"),
        ("file\n甲/空.txt\n甲/空.txt".encode(), "names a file twice: 甲/空.txt"),
        (b'file,title\na,"never closed\n', "Line 2 of the manifest is no CSV"),
        (b"file,title\na," + b"x" * 140_000, "Line 2 of the manifest is no CSV"),
        (b"file,dated\na,9.3.26", "Line 2 of the manifest: write the date"),
        (b"file,kind\na,nonsense", "Line 2 of the manifest: there is no such kind"),
        ("文件,页数\n甲/空.txt,3".encode(), "a column that means nothing here: 页数"),
    ],
)
def test_a_manifest_that_cannot_be_meant_so_is_refused_with_a_sentence_before_anything_is_taken(
    world: World, folder: Path, content: bytes, sentence: str
) -> None:
    manifest = folder.parent / "manifest.csv"
    manifest.write_bytes(content)
    customer = world.customer().id
    refused = run(world, folder, "--customer", customer, "--manifest", str(manifest))
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert sentence in refused.stderr
    assert "Traceback" not in refused.output
    assert isinstance(refused.exception, SystemExit)
    assert documents(world) == 0


def test_a_link_out_of_the_folder_is_not_followed(world: World, folder: Path) -> None:
    customer = world.customer()
    secret = folder.parent / "secret.txt"
    secret.write_text("not meant to be imported", "utf-8")
    (folder / "link.txt").symlink_to(secret)
    told = report(
        world, folder, "--customer", customer.id, "--kind", "minutes", "--as", "service_officer"
    )
    assert sums(told) == [6, 3, 0, 3, 0, 0]


def test_json_is_a_list_of_files_and_the_import_is_in_the_log(world: World, folder: Path) -> None:
    customer = world.customer()
    found = run(world, folder, "--customer", customer.id, "--kind", "minutes", "--json")
    rows = json.loads(found.stdout.splitlines()[0])
    assert {row["processing"] for row in rows} == {"stored", "refused"}
    assert all("id" in row for row in rows if row["processing"] == "stored")
    with world.archive.db.read() as db:
        actions = [json.loads(row.body)["action"] for row in db.query(AuditBody)]
    assert actions.count("document.add") >= 3
    assert "import.run" in actions
    assert world.verify().code == 0


def test_a_file_that_came_in_a_zip_is_brought_all_the_same(world: World, folder: Path) -> None:
    customer = world.customer(owner="sales")
    content = zips.packed(("纪要一.txt", "减速机异响".encode()))
    made = world.document(customer.id, content, by="sales", file_name="a.zip")
    world.work()
    assert len(world.shown(made.id, "sales").family.children) == 1
    alone = folder.parent / "one"
    alone.mkdir()
    (alone / "纪要一.txt").write_text("减速机异响", "utf-8")
    options = ("--customer", customer.id, "--as", "sales", "--kind", "minutes")
    assert report(world, alone, *options)["received"]["files"] == 1
    assert report(world, alone, *options)["present"]["files"] == 1
