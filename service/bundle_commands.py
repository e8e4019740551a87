"""`guidang audit export`, `fetch`, `open`: compliance bundles at the command line.

Whoever asks does so as a person with the right, who gives their password here: the operator has
no right of their own to take the log away.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.codes import Category, Decision, Department, Grade
from service.permissions import Action, Verb
from service.refusing import Ended, refusals
from service.settings import from_environment

if TYPE_CHECKING:
    from service.archive import Archive
    from service.permissions import Actor

#: Seconds between two looks whether a bundle is made.
_LOOK = 0.5

_DAY = click.DateTime(["%Y-%m-%d"])
_FILE = click.Path(dir_okay=False, path_type=Path)


def check(bundle: Path, public: tuple[Path, ...], *, as_json: bool) -> int:
    """Check a bundle and say what was found; return the exit code."""
    from service.audit import checkpoints
    from service.bundles import checking
    from service.errors import Refusal

    try:
        keys = [checkpoints.read_pem(path.read_text(encoding="utf-8")) for path in public]
        report = checking.check(bundle, keys)
    except (Refusal, OSError, ValueError) as error:
        click.echo(str(error), err=True)
        return 2
    if as_json:
        told = {**asdict(report), "code": int(report.code)}
        click.echo(json.dumps({k: v for k, v in told.items() if v is not None}))
    elif report.code:
        where = f"entry {report.first_bad}: " if report.first_bad is not None else ""
        click.echo(f"{where}{report.reason} (code {report.code})", err=True)
    else:
        signed = "nothing signed" if report.signed is None else f"signed to {report.signed}"
        shown = f"{report.shown} shown, {report.hidden} as hashes, {report.details} details"
        click.echo(
            f"entries {report.first} to {report.last}: {shown}; root {report.root}, {signed}"
        )
    return int(report.code)


def _asks(command: Callable[..., None]) -> Callable[..., None]:
    """Add who asks, and how they show that it is them."""
    command = click.option(
        "--password-file",
        type=click.Path(exists=True, dir_okay=False, allow_dash=True),
        help="File whose first line is their password; - for standard input (default: asked).",
    )(command)
    return click.option("--as", "login", required=True, help="Who asks; their rights apply.")(
        command
    )


def _codes(words: type[Any]) -> click.Choice[str]:
    return click.Choice([str(word) for word in words])


def _narrowing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the conditions that entries must fulfil to be shown."""
    options = (
        click.option("--from", "day_from", type=_DAY, help="First day (YYYY-MM-DD)."),
        click.option("--to", "day_to", type=_DAY, help="Last day."),
        click.option("--actor", default="", help="Id, login or part of the name of a person."),
        click.option("--dept", type=_codes(Department), help="A department."),
        click.option("--action", type=_codes(Action), help="An action."),
        click.option("--verb", type=_codes(Verb), help="A verb of the regulation."),
        click.option("--customer", default="", help="File number or id of a client."),
        click.option("--document", default="", help="Id of a document it is about or showed."),
        click.option("--category", type=_codes(Category), help="A client type."),
        click.option("--grade", type=_codes(Grade), help="A grade."),
        click.option("--decision", type=_codes(Decision), help="How it ended."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("export")
@_asks
@click.option("--case", required=True, help="Case or inspection number.")
@click.option("--statement", required=True, help="What it is for; kept in the log.")
@_narrowing
@click.option("--details", is_flag=True, help="Open what was sealed with the entries shown.")
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Encrypt to this certificate (PEM, RSA).",
)
@click.option("--out", type=_FILE, help="File for the bundle; without it only the id is printed.")
@refusals
def export(  # noqa: PLR0913 - click passes options by name
    *,
    login: str,
    password_file: str | None,
    case: str,
    statement: str,
    details: bool,
    certificate: Path | None,
    out: Path | None,
    day_from: datetime | None,
    day_to: datetime | None,
    **conditions: str | None,
) -> None:
    """Have a part of the log packed as a compliance bundle, and wait for it; a worker must run."""
    from service.audit.entries import Subject
    from service.bundles import exports
    from service.log_questions import Sought

    said = {name: value or "" for name, value in conditions.items()}
    wanted = Sought(day_from=_day(day_from), day_to=_day(day_to), **said)
    pem = certificate.read_text(encoding="utf-8", errors="replace") if certificate else ""
    new = exports.New(case, statement, wanted, details=details, certificate=pem)
    with _signed_in(login, password_file) as (archive, actor):
        with archive.call(actor, Action.AUDIT_EXPORT, Subject("export"), writes=True) as call:
            made = exports.request(call, new)
        click.echo(made.id)
        if out:
            _wait(archive, made.id)
            _fetch(archive, actor, made.id, out)


@click.command("fetch")
@click.argument("bundle")
@_asks
@click.option("--out", type=_FILE, required=True, help="File for the bundle.")
@refusals
def fetch(bundle: str, login: str, password_file: str | None, out: Path) -> None:
    """Fetch a compliance bundle that was asked for before."""
    with _signed_in(login, password_file) as (archive, actor):
        _fetch(archive, actor, bundle, out)


@click.command("open")
@click.argument("bundle")
@click.argument("numbers")
@_asks
@click.option("--case", required=True, help="Case or inspection number.")
@refusals
def open_numbers(
    bundle: str, numbers: str, login: str, password_file: str | None, case: str
) -> None:
    """Print what stands under NUMBERS of a bundle (7,19,…), for `verify.py --opened`."""
    from service.audit.entries import Subject
    from service.bundles import handing

    subject = Subject("export", bundle)
    with (
        _signed_in(login, password_file) as (archive, actor),
        archive.call(actor, Action.AUDIT_EXPORT, subject, writes=False) as call,
    ):
        opened = handing.open_numbers(call, bundle, case, handing.numbers(numbers))
    for one in opened:
        click.echo(handing.line(one))


@contextmanager
def _signed_in(login: str, password_file: str | None) -> "Iterator[tuple[Archive, Actor]]":
    """Give the archive and a person who has just given their password; they are signed out."""
    from service import installing, signins
    from service.opening import open_archive

    password = (
        installing.password(password_file)
        if password_file
        else click.prompt(f"Password of {login}", hide_input=True, err=True)
    )
    archive = open_archive(from_environment())
    try:
        signed = signins.sign_in(archive, login, password, address="", agent="guidang audit")
        try:
            yield archive, signed.actor
        finally:
            signins.sign_out(archive, signed.actor)
    finally:
        archive.close()


def _wait(archive: "Archive", export_id: str) -> None:
    """Wait until a bundle is made; raises `Ended` when it cannot be."""
    from service.made_files import State
    from service.models import AuditExport

    while True:
        with archive.db.read() as db:
            row = db.get_one(AuditExport, export_id)
            state, error = row.state, row.error
        if state == State.READY:
            return
        if state not in (State.WAITING, State.RUNNING):
            raise Ended(f"The bundle could not be made: {error or state}.")
        time.sleep(_LOOK)


def _fetch(archive: "Archive", actor: "Actor", export_id: str, out: Path) -> None:
    from service.audit.entries import Subject
    from service.bundles import handing

    subject = Subject("export", export_id)
    with archive.call(actor, Action.AUDIT_EXPORT, subject, writes=False) as call:
        original = handing.fetch(call, export_id)
    chunks = original.chunks()
    with out.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
    click.echo(f"{original.sha256}  {out}", err=True)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
