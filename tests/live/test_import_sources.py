"""Imports by the worker on the servers: killed in the middle, nothing is lost or doubled."""

import io
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from indexer.extract.sandbox import Sandbox
from service.audit.entries import Subject
from service.imports import batches, folders, packages, preparing, sums
from service.imports.batches import New, Source
from service.imports.sums import Sums
from service.intake import Upload
from service.models import Document, ImportBatch, Job
from service.permissions import Action
from service.spool import spool
from tests.indexer import zips
from tests.live.together import draining, processes
from tests.live.world import Home, on_servers
from tests.sent import a_zip, zips_at_once
from tests.world import World

pytestmark = pytest.mark.live

FILES = 60


@pytest.fixture
def served(place: Home, sandbox: Sandbox, tmp_path: Path) -> Iterator[World]:
    """A world on the servers that has a folder to import from, with a list in it."""
    root = tmp_path / "交接"
    lines = ["文件,类型,题名,日期"]
    for n in range(FILES):
        path = root / f"{n % 3}" / f"纪要{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"第{n}次 谐波减速器异响", "utf-8")
        lines.append(f"{n % 3}/纪要{n}.txt,洽谈纪要,第{n}次处理,2026年3月{n % 28 + 1}日")
    (root / "清单.csv").write_bytes("\r\n".join(lines).encode("gb18030"))
    with (
        on_servers(place) as settings,
        World.opened(replace(settings, import_root=root), sandbox) as world,
    ):
        yield world


def documents(world: World) -> int:
    with world.archive.db.read() as db:
        return db.scalar(select(func.count()).select_from(Document)) or 0


def seen(world: World, batch: str) -> tuple[str, Sums]:
    with world.archive.db.read() as db:
        row, told = db.get_one(ImportBatch, batch), sums.of(db, [batch])[batch]
        assert told.agrees
        return row.state, told


def begun(world: World, batch: str) -> None:
    subject = Subject("import", batch)
    with world.archive.call(
        world.actor("archivist"), Action.IMPORT_RUN, subject, writes=True
    ) as call:
        preparing.begin(call, batch, leave_out=False)


def let_go(world: World) -> None:
    """Let the hold of a dead worker run out, as it does by itself after two minutes."""
    with world.archive.db.write() as db:
        for job in db.scalars(select(Job).where(Job.state == "running")):
            job.held_until = datetime.now(UTC) - timedelta(seconds=1)


def killed_in_the_middle(world: World, more: int) -> None:
    """Kill a worker with SIGKILL once it brought some more files."""
    fresh = multiprocessing.get_context("spawn")
    worker = fresh.Process(target=draining, args=(world.archive.settings,))
    before, deadline = documents(world), time.monotonic() + 90
    worker.start()
    while documents(world) < before + more and worker.is_alive():
        assert time.monotonic() < deadline
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    let_go(world)


def test_a_worker_killed_in_a_folder_import_loses_and_doubles_nothing(served: World) -> None:
    customer = served.customer(owner="sales")
    subject = Subject("import")
    with served.archive.call(
        served.actor("archivist"), Action.IMPORT_RUN, subject, writes=True
    ) as call:
        batch = folders.choose(call, "", New(Source.FOLDER, customer.id)).id
    served.work()
    begun(served, batch)
    for _ in range(2):
        killed_in_the_middle(served, 5)
        state, told = seen(served, batch)
        assert state == "running"
        assert 0 < told.received.files == documents(served) < FILES
    assert processes(2, draining, served.archive.settings) == [0, 0]
    served.work()
    state, told = seen(served, batch)
    assert (state, told.received.files, told.searchable) == ("done", FILES, FILES)
    assert documents(served) == FILES
    assert served.search("谐波减速器", by="sales").total == FILES
    assert served.search("谐波减速器", by="sales2").total == 0
    assert served.verify().code == 0


def test_a_zip_is_in_the_bucket_until_its_files_are_and_a_killed_worker_goes_on(
    served: World,
) -> None:
    customer = served.customer(owner="sales")
    content = zips.packed(*((f"合同/{n}.txt", f"第{n}份 焊接节拍".encode()) for n in range(FILES)))
    settings = served.archive.settings
    with (
        spool(settings.data / "spool", settings.upload_limit, io.BytesIO(content)) as spooled,
        served.archive.call(
            served.actor("archivist"), Action.IMPORT_RUN, Subject("import"), writes=True
        ) as call,
    ):
        new = New(Source.ZIP, customer.id, "minutes")
        batch = packages.receive(call, Upload(spooled, "交接.zip"), new).id
    served.work()
    assert len(list(served.archive.blobs.list())) == 1
    begun(served, batch)
    killed_in_the_middle(served, 5)
    served.work()
    state, told = seen(served, batch)
    assert (state, told.received.files, documents(served)) == ("done", FILES, FILES)
    with served.archive.db.read() as db:
        row = db.get_one(ImportBatch, batch)
        assert (row.blob, row.key_ct) == (None, None)
        assert batches.number(row).startswith("PC-")
    assert len(list(served.archive.blobs.list())) == FILES
    assert served.verify().code == 0


def test_who_sends_zips_at_once_leaves_no_more_behind_than_who_sends_them_in_turn(
    served: World,
) -> None:
    customer = served.customer(owner="sales").id
    assert all(a_zip(served, customer, "archivist") for _ in range(18))
    assert zips_at_once(served, customer, "archivist", 4) == 2
