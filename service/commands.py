"""What the commands of `guidang` do; `__main__` only reads their options."""

import json
import secrets
import signal
import sys
import time
from dataclasses import fields
from pathlib import Path
from types import FrameType
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn
from sqlalchemy import make_url, select

from service import finding, importing
from service.archive import Archive
from service.audit.entries import Subject
from service.codes import Processing
from service.demo.loading import as_person
from service.documents import apparent
from service.models import Version
from service.permissions import Action, service_actor
from service.search import readers
from service.settings import Settings


def search(archive: Archive, words: str, *, login: str, as_json: bool, limit: int) -> None:
    """Print what somebody finds."""
    actor = as_person(archive, login)
    detail = {"q": words}
    with archive.call(actor, Action.SEARCH_RUN, Subject("search"), detail=detail) as call:
        answer = finding.search(call, finding.Question(q=words, limit=limit))
    if as_json:
        click.echo(json.dumps(_answer(answer, call.event), ensure_ascii=False))
        return
    for item in answer.items:
        click.echo(f"{item.id}\t{item.title}\t{item.customer.name}")
    click.echo(f"{answer.total} · No. {call.event}", err=True)


def _answer(answer: finding.Answer, event: int | None) -> dict[str, object]:
    return {
        "total": answer.total,
        "items": [
            {
                "id": item.id,
                "title": item.title,
                "kind": item.kind,
                "customer": {"id": item.customer.id, "name": item.customer.name},
                "pages": [page.no for page in item.pages],
            }
            for item in answer.items
        ],
        "event": event,
    }


def import_folder(
    archive: Archive,
    wanted: importing.Wanted,
    *,
    login: str | None,
    watch: bool,
    as_json: bool,
    kept: Path | None,
) -> int:
    """Bring a folder in and print what became of every file; stopped, it says what is left.

    Returns the exit code: 1 if a file was refused, left or could not be read.
    """
    actor = as_person(archive, login) if login else service_actor("cli")
    report = importing.Report()
    stopped = False
    console = Console(stderr=True)
    with (
        _Interrupted() as interrupted,
        Progress(*_COLUMNS, console=console, disable=not sys.stderr.isatty()) as bar,
    ):
        task = bar.add_task("", total=None)

        def tell(size: int, total: int) -> None:
            bar.update(task, total=total, advance=size)
            interrupted.stop()

        try:
            importing.run(archive, wanted, actor, report, tell)
        except KeyboardInterrupt:
            stopped = True
    rows = [_import_row(row) for row in report.rows]
    if watch and not stopped and not wanted.trial:
        _wait_for(archive, rows)
    sums = _sums(report)
    if kept:
        kept.write_text(json.dumps(sums | {"rows": rows}, ensure_ascii=False, indent=1), "utf-8")
    _print_import(sums, rows, as_json=as_json)
    return int(not report.complete or any(row["processing"] == "failed" for row in rows))


class _Interrupted:
    """Holds Ctrl-C and SIGTERM back until `stop` is called; a second one ends at once.

    Raised in the middle of a file, they may be lost in a library's clean-up, or come between the
    commit and the report of it.
    """

    _SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self._came = False

    def __enter__(self) -> Self:
        self._before = {one: signal.signal(one, self._note) for one in self._SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = True

    def stop(self) -> None:
        """Raise `KeyboardInterrupt` if a signal came."""
        if self._came:
            raise KeyboardInterrupt


_COLUMNS = (BarColumn(), DownloadColumn(), TimeRemainingColumn())


def _import_row(row: importing.Row) -> dict[str, Any]:
    told: dict[str, Any] = {"file": row.file, "bytes": row.size, "state": str(row.state)}
    told["processing"] = "stored" if row.document else str(row.state)
    more = {"id": row.document, "error": row.error, "duplicates": row.duplicates}
    return told | {name: value for name, value in more.items() if value}


def _sums(report: importing.Report) -> dict[str, Any]:
    def both(*states: importing.State) -> dict[str, int]:
        files, size = report.of(*states)
        return {"files": files, "bytes": size}

    sums: dict[str, Any] = {"expected": both()}
    sums |= {str(state): both(state) for state in importing.State}
    return sums | {"duplicates": sum(bool(row.duplicates) for row in report.rows)}


def _print_import(sums: dict[str, Any], rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['file']}\t{row['state']}\t{row['processing']}\t{row.get('error', '')}")
    for name, both in sums.items():
        if isinstance(both, dict):
            click.echo(f"{name}\t{both['files']} files\t{both['bytes']} bytes", err=True)
    click.echo(f"same content as another document\t{sums['duplicates']} files", err=True)


def _wait_for(archive: Archive, report: list[dict[str, Any]]) -> None:
    """Wait until the worker has read every file of a report; updates the report."""
    waiting = {row["id"]: row for row in report if "id" in row}
    while waiting:
        with archive.db.read() as db:
            versions = db.scalars(
                select(Version).where(Version.document.in_(list(waiting)[:500]))
            ).all()
            states = [(v.document, apparent(v), v.error) for v in versions]
        for document, state, error in states:
            waiting[document]["processing"] = str(state)
            if error:
                waiting[document]["error"] = error
            if state not in (Processing.STORED, Processing.EXTRACTING):
                del waiting[document]
        if waiting:
            time.sleep(0.3)


def elastic_security(settings: Settings, out: Path, *, native: bool) -> None:
    """Write the file realm's files, or print the calls that make the same in the native realm.

    Passwords that the settings do not have yet are made and printed, to go into secret files.
    """
    web = _password(settings.search_web)
    indexer = _password(settings.search_indexer)
    prefixes = [settings.search_prefix]
    if native:
        for method, path, body in readers.native_calls(web, indexer, prefixes=prefixes):
            click.echo(f"{method} {path}\n{json.dumps(body)}\n")
    else:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in readers.realm_files(web, indexer, prefixes=prefixes).items():
            (out / name).write_text(text, encoding="utf-8")
            click.echo(str(out / name), err=True)
    if not settings.search_web:
        click.echo(f"GUIDANG_SEARCH_WEB={readers.WEB}:{web}")
    if not settings.search_indexer:
        click.echo(f"GUIDANG_SEARCH_INDEXER={readers.INDEXER}:{indexer}")


def _password(setting: str) -> str:
    return setting.partition(":")[2] or secrets.token_urlsafe(24)


def print_settings(settings: Settings) -> None:
    """Print names and values; no secret, and no password inside an address."""
    for f in fields(Settings):
        value = getattr(settings, f.name)
        shown = "********" if f.metadata.get("secret") and value else _without_password(value)
        click.echo(f"GUIDANG_{f.name.upper()}={shown}")


def _without_password(value: object) -> object:
    if not isinstance(value, str) or "@" not in value:
        return value
    return make_url(value).render_as_string(hide_password=True)
