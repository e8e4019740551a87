"""`guidang audit`: verify the log, list what a crash cut off, go on after a restore."""

import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service import bundle_commands, proof_commands
from service.refusing import refusals
from service.settings import SettingsError, from_environment

if TYPE_CHECKING:
    from service.verifying import Verified

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Age(click.ParamType):  # type: ignore[type-arg]
    """A length of time such as 26h: a number and s, m, h or d."""

    name = "age"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the length of time."""
        found = re.fullmatch(r"([0-9]{1,9})([smhd])", str(value))
        if found is None:
            self.fail(f"{value!r} is no length of time such as 26h", param, ctx)
        return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


@click.group()
def audit() -> None:
    """Verify the log."""


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "--from",
    "start",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Look into entries from this number on; before it only leaves and chain.",
)
@click.option(
    "--anchors",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with notes from outside (*.note) and public keys (pub-*.pem).",
)
@click.option(
    "--pub",
    "public",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Public key that notes must be signed by; none but these, and those they signed, count.",
)
@click.option("--max-age", type=Age(), help="How old the newest note may be, such as 26h.")
@click.option(
    "--bundle",
    type=click.Path(exists=True, path_type=Path),
    help="Check this compliance bundle, a ZIP or its folder, instead of the log here.",
)
def audit_verify(
    as_json: bool,  # noqa: FBT001 - click passes options by name
    start: int,
    anchors: Path | None,
    public: tuple[Path, ...],
    max_age: timedelta | None,
    bundle: Path | None,
) -> None:
    """Recompute the whole log, compare it with what was signed, and name the first bad entry."""
    if bundle:
        sys.exit(bundle_commands.check(bundle, public, as_json=as_json))
    from service import verifying
    from service.errors import Refusal
    from service.keystore import KeystoreRefused

    asked = verifying.Asked(anchors, public, max_age, start)
    try:
        verified = verifying.verify(from_environment(), asked)
    except (Refusal, SettingsError, KeystoreRefused) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    _tell(verified, as_json=as_json)
    sys.exit(int(verified.report.code))


def _tell(verified: "Verified", *, as_json: bool) -> None:
    report = verified.report
    if as_json:
        click.echo(json.dumps(_members(verified)))
    elif report.code:
        where = f"entry {report.first_bad}: " if report.first_bad is not None else ""
        click.echo(f"{where}{report.reason} (code {report.code})", err=True)
    else:
        signed = f"signed to {report.newest}" if report.newest is not None else "nothing signed"
        trust = "" if verified.pinned or report.newest is None else ", by a key of the database"
        click.echo(f"{report.events} entries, root {report.root}, {signed}{trust}")


def _members(verified: "Verified") -> dict[str, object]:
    report = verified.report
    members: dict[str, object] = {"code": int(report.code)}
    if report.first_bad is not None:
        members["first_bad"] = report.first_bad
    members |= {"events": report.events, "root": report.root}
    if report.reason:
        members["reason"] = report.reason
    return members | {
        "orphans": list(report.orphans),
        "notes": report.notes,
        "signed_to": report.newest,
        "pinned": verified.pinned,
        "purged": report.purged,
        "erased": report.erased,
        "unexplained": report.unexplained,
        "restored": list(report.restored),
    }


@audit.command("orphans")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@refusals
def audit_orphans(as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """List intents without an outcome; exit code 19 when one is older than the policy says."""
    from service import orphans
    from service.db import Database
    from service.policies import Policies

    settings, now = from_environment(), datetime.now(UTC)
    db = Database(settings.database_url)
    with db.read() as session:
        found, count = orphans.find(session), orphans.intents(session)
        limits = Policies().current(session).limits.log
    db.close()
    old = orphans.cut_off(found, limits, now)
    alarm = bool(old) or orphans.too_many(found, count)
    if as_json:
        rows = [
            {"seq": o.seq, "ts": o.ts.isoformat(), "actor": o.actor, "action": o.action}
            for o in found
        ]
        click.echo(json.dumps({"orphans": rows, "intents": count, "alarm": alarm}))
    else:
        for o in found:
            state = "cut off" if o in old else "running"
            click.echo(f"{o.seq}\t{o.ts.isoformat()}\t{o.actor}\t{o.action}\t{state}")
    sys.exit(19 if alarm else 0)


@audit.command("resume")
@click.option("--reason", required=True, help="Why the newer database is lost; kept in the log.")
@click.option(
    "--note",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A signed note from outside that this database is older than.",
)
@refusals
def audit_resume(reason: str, note: Path | None) -> None:
    """Go on from an older copy of the database: the log says what is missing. Stop all first."""
    from service import resuming
    from service.opening import open_archive

    archive = open_archive(from_environment(), resuming=True)
    text = note.read_text(encoding="utf-8", errors="replace") if note else ""
    gap = resuming.resume(archive, reason, text)
    click.echo(f"Entries {gap.start} to {gap.stop} are lost; entry {gap.event} says so.")
    if resuming.anchor_is_here(archive):
        click.echo("Now run `guidang anchor resume`, then start again.")
    else:
        click.echo("Now run `guidang anchor resume` where the anchor runs, then start again.")
    archive.close()


def _two(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of what two persons confirm."""
    for name, who in (("legal", "legal"), ("management", "management")):
        wanted = f"Login of the person of {who} who confirms; the password is asked."
        command = click.option(f"--{name}", required=True, help=wanted)(command)
    return click.option("--reason", required=True, help="Why; kept in the log.")(command)


def _asked(login: str) -> tuple[str, str]:
    return login, click.prompt(f"Password of {login}", hide_input=True, err=True)


@audit.command("erase-details")
@click.option("--month", required=True, help="A month that is over, as 2026-10.")
@_two
@refusals
def audit_erase_details(month: str, management: str, legal: str, reason: str) -> None:
    """Erase the sealed details of a month, and who was shown what, by two persons."""
    from service import erasing
    from service.opening import open_archive

    archive = open_archive(from_environment())
    accounts = [_asked(management), _asked(legal)]
    with erasing.confirmed(archive, accounts) as people:
        done = erasing.erase_details(archive, people, month, reason, now=datetime.now(UTC))
    archive.close()
    click.echo(f"{done.count} details of entries {done.start} to {done.stop} are erased.")


@audit.command("purge")
@click.option(
    "--older",
    type=Age(),
    default="1096d",
    show_default=True,
    help="How old; never less than 184d.",
)
@_two
@refusals
def audit_purge(older: timedelta, management: str, legal: str, reason: str) -> None:
    """Remove the bodies of old entries, by two persons; leaves and chain stay."""
    from service import erasing
    from service.opening import open_archive

    archive = open_archive(from_environment())
    accounts = [_asked(management), _asked(legal)]
    with erasing.confirmed(archive, accounts) as people:
        done = erasing.purge(archive, people, older, reason, now=datetime.now(UTC))
    archive.close()
    click.echo(f"{done.count} bodies of entries {done.start} to {done.stop} are purged.")


for command in (bundle_commands.export, bundle_commands.fetch, bundle_commands.open_numbers):
    audit.add_command(command)
audit.add_command(proof_commands.prove)
