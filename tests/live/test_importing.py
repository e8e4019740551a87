"""`guidang import` on the servers: interrupted, run again, and found by those who may."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from service.models import Document
from service.settings import Settings
from tests.world import World

pytestmark = pytest.mark.live

FILES = 120
STATES = ("received", "present", "refused", "left", "planned")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of many small files and an empty one."""
    top = tmp_path / "交接"
    for n in range(FILES):
        path = top / f"{n % 4}" / f"纪要{n}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"第{n}次 谐波减速器异响", "utf-8")
    (top / "空.txt").touch()
    return top


def environment(settings: Settings) -> dict[str, str]:
    """Return what a process is given to work on this archive."""
    told = {f"GUIDANG_{f.name.upper()}": getattr(settings, f.name) for f in fields(settings)}
    given = {name: value for name, value in told.items() if value not in (None, "")}
    words = {n: str(int(v)) if isinstance(v, bool) else str(v) for n, v in given.items()}
    return {k: v for k, v in os.environ.items() if not k.startswith("GUIDANG_")} | words


def begun(world: World, folder: Path, report: Path, customer: str) -> "subprocess.Popen[bytes]":
    options = ["--customer", customer, "--kind", "minutes", "--as", "service_officer"]
    command = [sys.executable, "-m", "service", "import", str(folder), *options]
    return subprocess.Popen(
        [*command, "--report", str(report)], env=environment(world.archive.settings)
    )


def documents(world: World) -> int:
    with world.archive.db.read() as db:
        return db.scalar(select(func.count()).select_from(Document)) or 0


def told(report: Path, folder: Path) -> dict[str, int]:
    """Return how many files had which fate; their sums are those of the folder."""
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    sizes = [path.stat().st_size for path in folder.rglob("*.txt")]
    for what, whole in (("files", len(sizes)), ("bytes", sum(sizes))):
        assert found["expected"][what] == whole
        assert sum(found[state][what] for state in STATES) == whole
    return {state: found[state]["files"] for state in STATES}


def test_an_interrupted_import_goes_on_and_is_found_by_those_alone_who_may(
    world: World, folder: Path, tmp_path: Path
):
    report = tmp_path / "report.json"
    customer = world.customer(owner="sales").id
    with begun(world, folder, report, customer) as first:
        deadline = time.monotonic() + 60
        while documents(world) == 0 and first.poll() is None and time.monotonic() < deadline:
            pass
        first.send_signal(signal.SIGINT)
        assert first.wait(60) != 0
    stopped = told(report, folder)
    assert stopped["received"] == documents(world)
    assert stopped["left"] > 0
    for received in (FILES - stopped["received"], 0):
        with begun(world, folder, report, customer) as again:
            assert again.wait(120) == 1
        counts = told(report, folder)
        assert counts == {
            "received": received,
            "present": FILES - received,
            "refused": 1,
            "left": 0,
            "planned": 0,
        }
    assert documents(world) == FILES
    world.work()
    assert world.search("谐波减速器", by="sales").total == FILES
    assert world.search("谐波减速器", by="service_officer").total == FILES
    for login in ("sales2", "finance", "hr"):
        assert world.search("谐波减速器", by=login).total == 0, login
    assert world.verify().code == 0
