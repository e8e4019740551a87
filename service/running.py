"""`guidang run`: the archive on one host: demo on an empty folder, its three parts, one Ctrl-C.

What opens an archive is imported only for the first start: later ones begin a few seconds sooner.
"""

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from types import FrameType
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from service.addresses import of_web
from service.demo.content import accounts_file, read
from service.health import place
from service.settings import Settings, SettingsError

if TYPE_CHECKING:
    from service.archive import Archive

#: what makes the first account, where the environment of README is
FIRST = ".venv/bin/guidang user add admin --department management --role security_admin"

#: Seconds a part gets to end by itself.
_GRACE = 20


def run_everything(settings: Settings, drain: "Callable[[Archive], None]") -> int:
    """Start web, worker and anchor and wait; returns the exit code.

    `drain` does the work that loading the demo queued.
    """
    console = Console(highlight=False)
    settings.check()
    _want_free(settings.listen)
    nobody = not _opened_before(settings) and _first_start(settings, drain, console)
    parts = [_start(name) for name in ("web", "worker", "anchor")]
    return _wait(
        parts, lambda: _answers(settings.listen), lambda: _tell(settings, console, nobody=nobody)
    )


def _opened_before(settings: Settings) -> bool:
    """Say whether web and worker can open the archive by themselves, side by side."""
    known = settings.root_key_path.exists()
    return known and (not settings.demo or accounts_file(settings.data).exists())


def _first_start(settings: Settings, drain: "Callable[[Archive], None]", console: Console) -> bool:
    """Make keys and tables, and load the demo; say whether nobody has an account even then."""
    from service.demo import loading  # noqa: PLC0415 - see above
    from service.opening import open_archive  # noqa: PLC0415 - see above

    archive = open_archive(settings, indexing=True)
    if settings.demo and loading.empty(archive):
        _load_demo(archive, drain, console)
    nobody = loading.empty(archive)
    archive.close()
    return nobody


def _want_free(listen: str) -> None:
    """Raise `SettingsError` when the web could not listen there, before anything is started."""
    host, port = place(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        # as the web binds it: connections of an earlier run that linger do not count
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            message = f"cannot listen on {listen}: {error.strerror}"
            if error.errno == errno.EADDRINUSE:
                message = f"another program listens on {listen}: stop it, or set GUIDANG_LISTEN"
            raise SettingsError(message) from error


def _answers(listen: str) -> bool:
    """Say whether the web answers: its port is open a while before."""
    connection = HTTPConnection(*place(listen), timeout=1)
    try:
        connection.request("GET", "/healthz")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def _tell(settings: Settings, console: Console, *, nobody: bool) -> None:
    console.print(f"\n客户档案库 · Client Archive: [bold]{of_web(settings)}[/bold]")
    _tell_accounts(settings, console)
    if nobody:
        click.echo(
            f"还没有账号，另开终端运行 / no account yet, run in another terminal:\n  {FIRST}"
        )
    console.print("Ctrl-C 停止 / stops.\n")
    # not a terminal perhaps: whoever waits for the address must see it now
    sys.stdout.flush()


def _load_demo(archive: "Archive", drain: "Callable[[Archive], None]", console: Console) -> None:
    from service.demo import loading  # noqa: PLC0415 - see above

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"))
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("载入演示档案 / loading the demo archive")
        loading.load(archive, lambda done, total: bar.update(task, completed=done, total=total))
        bar.add_task("提取与索引 / reading and indexing", total=None)
        drain(archive)


def _tell_accounts(settings: Settings, console: Console) -> None:
    path = accounts_file(settings.data)
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


def _wait(
    parts: list[subprocess.Popen[bytes]], answers: Callable[[], bool], tell: Callable[[], None]
) -> int:
    """Wait for Ctrl-C or the end of a part; `tell` once it `answers`."""
    asked = told = False

    def ask(_signal: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    while not asked and all(part.poll() is None for part in parts):
        if not told and answers():
            told = True
            tell()
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
