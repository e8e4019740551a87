"""`guidang audit prove`: one entry proven against what was signed, and such a proof checked."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.refusing import Ended, refusals
from service.settings import from_environment

if TYPE_CHECKING:
    from service.proving import Proof

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

#: How a command ends that was given a file it cannot read.
_UNREADABLE = 2


@click.command("prove")
@click.argument("number", metavar="[NUMBER]", type=click.IntRange(1), required=False)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the proof (default: it is printed).",
)
@click.option("--check", "proof", type=_FILE, help="Check this proof instead; no database needed.")
@click.option(
    "--pub",
    "public",
    multiple=True,
    type=_FILE,
    help="With --check: public key, got by another way, that must have signed.",
)
@click.option(
    "--opened",
    type=_FILE,
    help="With --check: lines with `seq` and `body`, as of a bundle's events.ndjson or of "
    "`guidang audit open`; the entry's must be the one proven.",
)
@refusals
def prove(
    number: int | None,
    out: Path | None,
    proof: Path | None,
    public: tuple[Path, ...],
    opened: Path | None,
) -> None:
    """Prove that an entry is in the log that was signed: hashes alone, as JSON (RFC 6962)."""
    if (number is None) == (proof is None) or (proof and out):
        raise click.UsageError("Name the number of an entry, or a proof to --check.")
    if (public or opened) and proof is None:
        raise click.UsageError("--pub and --opened belong to --check.")
    from service.audit.verdicts import Bad

    try:
        if number is not None:
            _make(number, out)
        elif proof is not None:
            _check(proof, public, opened)
    except Bad as bad:
        where = f"entry {bad.seq}: " if bad.seq is not None else ""
        click.echo(f"{where}{bad} (code {int(bad.code)})", err=True)
        sys.exit(int(bad.code))


def _make(number: int, out: Path | None) -> None:
    from service import proving
    from service.db import Database
    from service.verifying import absent

    settings = from_environment()
    if absent(settings.database_url):
        raise Ended("The database does not answer.")
    db = Database(settings.database_url)
    try:
        with db.read() as session:
            made = proving.prove(session, number)
    finally:
        db.close()
    if out:
        out.write_text(made.text(), encoding="utf-8")
        click.echo(_told(made))
    else:
        click.echo(made.text(), nl=False)


def _check(path: Path, public: tuple[Path, ...], opened: Path | None) -> None:
    from service import proving
    from service.audit import checkpoints

    try:
        proof = proving.read(path.read_text(encoding="utf-8"))
        keys = [checkpoints.read_pem(key.read_text(encoding="ascii")) for key in public]
        body = _body(opened, proof.seq) if opened else None
    except (OSError, ValueError) as error:
        click.echo(str(error), err=True)
        sys.exit(_UNREADABLE)
    proving.check(proof, keys, body)
    click.echo(_told(proof) + ("" if public else ", by a key that came with the proof"))


def _body(path: Path, number: int) -> str:
    """Return what lines say that an entry is; raises `ValueError` where none names it."""
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        if isinstance(told, dict) and told.get("seq") == number and "body" in told:
            return str(told["body"])
    message = f"No line of {path.name} has the body of entry {number}."
    raise ValueError(message)


def _told(proof: "Proof") -> str:
    return (
        f"entry {proof.seq} is in the log of {proof.size} entries that was signed, "
        f"root {proof.root.hex()}"
    )
