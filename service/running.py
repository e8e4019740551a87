"""`guidang run`: the archive on one host: demo on an empty folder, web and worker, one Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from service.archive import Archive
from service.demo import loading
from service.demo.content import read
from service.opening import open_archive
from service.settings import Settings

#: Seconds a part gets to end by itself.
_GRACE = 20


def run_everything(settings: Settings, drain: Callable[[Archive], None]) -> int:
    """Start web and worker and wait; returns the exit code.

    `drain` does the work that loading the demo queued.
    """
    console = Console(highlight=False)
    archive = open_archive(settings, indexing=True)
    fresh = settings.demo and loading.empty(archive)
    if fresh:
        _load_demo(archive, drain, console)
    archive.close()
    parts = [_start(name) for name in ("worker", "web")]
    address = settings.public_url or f"http://{settings.listen}"
    console.print(f"\n客户档案库 · Client Archive: [bold]{address}[/bold]")
    _tell_accounts(settings, console)
    console.print("Ctrl-C 停止 / stops.\n")
    # not a terminal perhaps: whoever waits for the address must see it now
    sys.stdout.flush()
    return _wait(parts)


def _load_demo(archive: Archive, drain: Callable[[Archive], None], console: Console) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("载入演示档案 / loading the demo archive")
        loading.load(archive, lambda done, total: bar.update(task, completed=done, total=total))
        bar.add_task("提取与索引 / reading and indexing", total=None)
        drain(archive)


def _tell_accounts(settings: Settings, console: Console) -> None:
    path = loading.accounts_file(settings.data)
    if path.exists():
        click.echo(accounts_table(json.loads(path.read_text(encoding="utf-8"))))
        console.print(f"口令存于 / passwords kept in {path}")


def accounts_table(chosen: dict[str, str]) -> str:
    """Return who of the demo people can sign in, a line each; nothing is ever cut off."""
    rows = [("账号 login", "口令 password", "姓名", "岗位 role")]
    for person in read().people:
        roles = " ".join(str(r) for r in person.roles)
        rows.append((person.login, chosen.get(person.login, ""), person.name, roles))
    widths = [max(cell_len(row[n]) for row in rows) for n in range(3)]
    lines = [
        "  ".join([*(set_cell_size(row[n], widths[n]) for n in range(3)), row[3]]) for row in rows
    ]
    return "\n".join(["演示账号 / demo accounts", *lines])


def _start(name: str) -> subprocess.Popen[bytes]:
    # a group of its own: Ctrl-C reaches this process alone, which then ends the parts in order
    command = [sys.executable, "-m", "service", name, "--with-parent", str(os.getpid())]
    return subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own program


def _wait(parts: list[subprocess.Popen[bytes]]) -> int:
    asked = False

    def ask(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    while not asked and all(part.poll() is None for part in parts):
        time.sleep(0.1)
    failed = not asked
    for part in reversed(parts):
        if part.poll() is None:
            part.terminate()
    deadline = time.monotonic() + _GRACE
    for part in reversed(parts):
        try:
            part.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            part.kill()
            part.wait()
    return 1 if failed else 0
