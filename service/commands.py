"""What the commands of `guidang` do; `__main__` only reads their options."""

import json
import secrets
import time
from dataclasses import dataclass, fields
from pathlib import Path

import click
from sqlalchemy import make_url, select

from service import finding, intake
from service.archive import Archive
from service.audit.entries import Subject
from service.audit.verify import Code, Report
from service.audit.verify import verify as verify_log
from service.codes import Processing
from service.db import Database
from service.demo.loading import as_person
from service.documents import apparent
from service.errors import NotFound, Refusal, Unavailable
from service.jobs import Lane
from service.keystore import Keystore, read_root_key
from service.models import Version
from service.permissions import Action, Actor, service_actor
from service.properties import Properties
from service.search import readers
from service.settings import Settings
from service.spool import spool


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


@dataclass(frozen=True, slots=True)
class Import:
    """Files to add: those below a folder, to one customer, as one kind of document."""

    folder: Path
    customer: str
    kind: str


def import_folder(
    archive: Archive, wanted: Import, *, login: str | None, watch: bool, as_json: bool
) -> int:
    """Add every file below a folder, in order of name; one refused does not stop the rest.

    Returns the exit code: 1 if a file was refused or could not be read.
    """
    actor = as_person(archive, login) if login else service_actor("cli")
    paths = sorted(p for p in wanted.folder.rglob("*") if p.is_file())
    report = [_import_file(archive, wanted, path, actor) for path in paths]
    if watch:
        _wait_for(archive, report)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        for row in report:
            click.echo(f"{row['file']}\t{row['processing']}\t{row.get('error', '')}")
    return int(any(row["processing"] in ("refused", "failed") for row in report))


def _import_file(archive: Archive, wanted: Import, path: Path, actor: Actor) -> dict[str, str]:
    row = {"file": str(path.relative_to(wanted.folder))}
    subject = Subject("customer", wanted.customer)
    settings = archive.settings
    try:
        with (
            path.open("rb") as source,
            spool(settings.data / "spool", settings.upload_limit, source) as spooled,
            archive.call(actor, Action.DOCUMENT_ADD, subject) as call,
        ):
            upload = intake.Upload(spooled, path.name)
            properties = Properties(kind=wanted.kind)
            view = intake.add(call, wanted.customer, upload, properties, lane=Lane.BULK)
    except NotFound:
        return row | {"processing": "refused", "error": "There is no such customer."}
    except Refusal as error:
        return row | {"processing": "refused", "error": str(error)}
    return row | {"id": view.id, "processing": str(view.version.processing)}


def _wait_for(archive: Archive, report: list[dict[str, str]]) -> None:
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


def verify(settings: Settings, *, as_json: bool) -> int:
    """Verify the log; details are opened where their keys still exist."""
    if _absent(settings.database_url):
        raise Unavailable("database")
    db = Database(settings.database_url)
    keystore = _keystore(settings)
    with db.read() as session:
        report = verify_log(session, keystore.detail_key if keystore else None)
    db.close()
    if keystore:
        keystore.close()
    _tell(report, as_json=as_json)
    return int(report.code)


def _tell(report: Report, *, as_json: bool) -> None:
    members: dict[str, object] = {"code": int(report.code)}
    if report.first_bad is not None:
        members["first_bad"] = report.first_bad
    members |= {"events": report.events, "root": report.root}
    if report.reason:
        members["reason"] = report.reason
    members["orphans"] = list(report.orphans)
    if as_json:
        click.echo(json.dumps(members))
    elif report.code is Code.OK:
        click.echo(f"{report.events} entries, root {report.root}")
    else:
        click.echo(f"entry {report.first_bad}: {report.reason} (code {report.code})", err=True)


def _absent(url: str) -> bool:
    """Say whether an SQLite file is missing: opening it would make an empty one."""
    return url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists()


def _keystore(settings: Settings) -> Keystore | None:
    """Open the keystore if it and its root key are here; the log verifies without them too."""
    if not settings.root_key_path.exists() or _absent(settings.keystore_url):
        return None
    return Keystore.open(settings.keystore_url, read_root_key(settings.root_key_path))


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
