"""Commands that an archive on servers is laid and watched with: secrets, set-up, health."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.refusing import Ended, refusals
from service.settings import Settings, SettingsError, from_environment

if TYPE_CHECKING:
    from service.archive import Archive

FIRST = """\
Nobody has an account yet. Make the first administrator:
  guidang user add admin --department management --role security_admin"""


@click.group()
def secrets() -> None:
    """Secret files of an archive on servers."""


@secrets.command("init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--postgres", default="postgres:5432", show_default=True, help="HOST:PORT of the database."
)
@click.option(
    "--mirror", default="mirror:5432", show_default=True, help="HOST:PORT of the keystore's mirror."
)
@refusals
def secrets_init(folder: Path, postgres: str, mirror: str) -> None:
    """Make every password, the keys and Elasticsearch's accounts, in an empty folder.

    Run as root, each file is given to the user that reads it in docker-compose.yml.
    """
    from service import secret_files

    servers = secret_files.Servers(postgres, mirror)
    prefixes = [from_environment().search_prefix]
    for path in secret_files.write(folder, servers, prefixes=prefixes):
        click.echo(str(path), err=True)
    click.echo(f"Keep a copy of {folder / secret_files.ROOT_KEY} in a safe, apart from backups.")


@click.command()
@refusals
def setup() -> None:
    """Lay what servers need before a start: roles, databases, tables, policy, bucket, index.

    Run it before the first start and before that of a new version: what is there stays.
    """
    from service import schema
    from service.opening import open_archive, prepare

    settings = from_environment()
    _check(settings)
    if settings.database_admin:
        from service import databases

        databases.prepare(settings)
    archive = open_archive(settings, indexing=True)
    # once more, and aloud: a worker goes on without what is away, but web and worker start on this
    prepare(archive)
    if settings.database_owner and settings.anchor_database:
        schema.let_anchor(settings.database_owner, settings.anchor_database)
    if _nobody(archive):
        click.echo(FIRST)
    archive.close()


def _check(settings: Settings) -> None:
    settings.check()
    if settings.database_admin and not settings.database_owner:
        message = "GUIDANG_DATABASE_ADMIN makes the owner's database: set GUIDANG_DATABASE_OWNER"
        raise SettingsError(message)


def _nobody(archive: "Archive") -> bool:
    from sqlalchemy import select

    from service.models import Person

    with archive.db.read() as db:
        return db.scalars(select(Person.id).limit(1)).first() is None


@click.command()
@click.argument("part", type=click.Choice(["web", "worker", "anchor"]))
@refusals
def health(part: str) -> None:
    """Say whether web, worker or anchor of this host work: exit code 0 or 1."""
    from service import health

    settings = from_environment()
    works = {
        "web": health.web_answers,
        "worker": health.worker_goes_round,
        "anchor": health.anchor_goes_round,
    }
    if not works[part](settings):
        raise Ended(f"The {part} does not answer.")
    sys.stdout.write("ok\n")


def password(file: str) -> str:
    """Return the first line of a password file; `-` is standard input."""
    with click.open_file(file, encoding="utf-8") as lines:
        return next(iter(lines), "").rstrip("\r\n")
