"""The `guidang` command: run the archive, look after people and index, verify the log.

The only module of `service` that imports the web and the worker. What opens an archive is
imported by the commands that open one: `guidang run` only starts the others, and soon.
"""

import gc
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from service import anchor_commands, audit_commands, installing
from service.audit.entries import Subject
from service.codes import Department, Role
from service.operation import end_with
from service.permissions import Action, service_actor
from service.refusing import Ended, refusals
from service.settings import Settings, from_environment

if TYPE_CHECKING:
    from service.archive import Archive

CLI = service_actor("cli")

#: Texts for people go to stderr where stdout is for programs.
err = Console(stderr=True, highlight=False)


def opened(*, indexing: bool = False) -> "Archive":
    """Open the archive that the environment describes."""
    from service.opening import open_archive

    return open_archive(from_environment(), indexing=indexing)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """客户档案库: an archive of customer files."""
    os.umask(0o077)


@main.command()
@refusals
def run() -> None:
    """Start the web and the worker; on an empty data folder the demo archive is loaded."""
    from service.running import run_everything

    def drain(archive: "Archive") -> None:
        from indexer.worker import Worker

        # the pages of Word files can wait for the worker that is started then
        children = children_of(archive.settings)
        with Worker(archive, children=children, lays_out=False) as running:
            running.drain()

    sys.exit(run_everything(from_environment(), drain))


def children_of(settings: Settings) -> int:
    """Return how many sandbox processes a worker runs."""
    return settings.workers or os.cpu_count() or 1


#: given by `guidang run` to the parts it starts
with_parent = click.option("--with-parent", type=int, hidden=True)


@main.command()
@with_parent
@refusals
def web(with_parent: int | None) -> None:
    """Start the web alone (servers: one or more processes, see GUIDANG_WEB_PROCESSES)."""
    # what is imported stays: looking through it for garbage meanwhile costs a quarter of the start
    gc.disable()
    from web.serving import serve

    gc.enable()
    end_with(with_parent)
    serve(from_environment())


@main.command()
@with_parent
@refusals
def worker(with_parent: int | None) -> None:
    """Start a worker alone."""
    from indexer import checking, measuring
    from indexer.worker import Worker
    from service import hosts, upkeep
    from service.opening import open_archive
    from service.operation import set_up_logging

    end_with(with_parent)
    set_up_logging()
    settings = from_environment()
    archive = open_archive(settings, indexing=True)
    with Worker(archive, children=children_of(settings)) as running:
        hosts.keep(archive)
        upkeep.keep(archive, "worker", told=running.told())
        measuring.keep(archive)
        checking.keep(archive)
        running.run()
    upkeep.go_round(archive, "worker")
    archive.close()


@main.command()
@refusals
def demo() -> None:
    """Print the demo people and their passwords."""
    from service.demo.content import accounts_file
    from service.running import accounts_table

    path = accounts_file(from_environment().data)
    if not path.exists():
        raise Ended("This data folder holds no demo archive.")
    chosen = json.loads(path.read_text(encoding="utf-8"))
    click.echo(accounts_table(chosen))


@main.group()
def user() -> None:
    """Look after accounts."""


@user.command("add")
@click.argument("login")
@click.option("--name", help="The person's name (default: the login).")
@click.option(
    "--department",
    required=True,
    type=click.Choice([str(d) for d in Department]),
    help="The department.",
)
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([str(r) for r in Role]),
    help="A role.",
)
@click.option("--head", is_flag=True, help="Head of the department.")
@click.option(
    "--password-file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="File whose first line is the password; - for standard input. "
    "Without it a link is printed with which the person sets one.",
)
@refusals
def user_add(
    login: str,
    name: str | None,
    department: str,
    roles: tuple[str, ...],
    head: bool,  # noqa: FBT001 - click passes options by name
    password_file: str | None,
) -> None:
    """Open an account and print its id, and without a password file a link to set a password."""
    from service import accounts, addresses, password_links

    new = accounts.NewPerson(
        login=login,
        name=name or login,
        department=Department(department),
        roles=frozenset(Role(r) for r in roles),
        password=installing.password(password_file) if password_file else None,
        head=head,
    )
    archive = opened()
    with archive.call(CLI, Action.USER_MANAGE, Subject("person"), writes=True) as call:
        made = accounts.add(call, new)
        link = password_links.make(call, made.id) if new.password is None else None
    archive.close()
    click.echo(made.id)
    if link:
        click.echo(addresses.password_link(archive.settings, link))


@user.command("link")
@click.argument("login")
@refusals
def user_link(login: str) -> None:
    """Print a link with which somebody sets a new password; it works once, for a day."""
    from service import accounts, addresses, password_links

    archive = opened()
    with archive.db.read() as db:
        person = accounts.person_by_login(db, login)
    if person is None:
        raise Ended(f"Nobody is called {login}.")
    subject = Subject("person", person)
    with archive.call(CLI, Action.USER_MANAGE, subject, writes=True) as call:
        link = password_links.make(call, person)
    archive.close()
    click.echo(addresses.password_link(archive.settings, link))


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@refusals
def user_list(as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """List accounts."""
    from service import accounts

    archive = opened()
    with archive.call(CLI, Action.USER_MANAGE, Subject("person"), writes=False) as call:
        people = accounts.people(call)
    archive.close()
    if as_json:
        shown = [{k: v for k, v in asdict(p).items() if k != "rev"} for p in people]
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    for p in people:
        state = "" if p.active else " (inactive)"
        click.echo(f"{p.login}\t{p.name}\t{' '.join(p.roles)}{state}")


@main.group()
def token() -> None:
    """Make API tokens."""


@token.command("add")
@click.argument("login")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@click.option("--days", type=int, help="How long it is valid (default: as the policy says).")
@refusals
def token_add(login: str, name: str, days: int | None) -> None:
    """Make an API token for somebody and print it: it is shown this once."""
    from service import accounts, tokens

    archive = opened()
    with archive.db.read() as db:
        person = accounts.person_by_login(db, login)
    if person is None:
        raise Ended(f"Nobody is called {login}.")
    with archive.call(CLI, Action.SESSION_MANAGE_OWN, Subject("token")) as call:
        made = tokens.add(call, name, days, owner=person)
    archive.close()
    click.echo(made)


@main.command("search")
@click.argument("words")
@click.option("--as", "login", required=True, help="Whose rights apply.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option("--limit", default=10, show_default=True, help="How many results at most.")
@refusals
def search_command(words: str, login: str, as_json: bool, limit: int) -> None:  # noqa: FBT001
    """Search with somebody's rights; logged like any search."""
    from service import commands

    archive = opened()
    commands.search(archive, words, login=login, as_json=as_json, limit=limit)
    archive.close()


@main.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--customer", help="Id, file number or name of the customer (default: top folders).")
@click.option("--kind", default="other", show_default=True, help="Document kind of every file.")
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV or XLSX with a column file, and customer, kind, title, grade, dated, number or note.",
)
@click.option("--as", "login", help="Who imports; their rights apply (default: the operator).")
@click.option("--dry-run", "trial", is_flag=True, help="Only say what would be taken.")
@click.option("--watch", is_flag=True, help="Wait until every file was read, then report.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the report as JSON, with its sums.",
)
@refusals
def import_command(  # noqa: PLR0913, PLR0917 - click passes options by name
    folder: Path,
    customer: str | None,
    kind: str,
    manifest: Path | None,
    login: str | None,
    trial: bool,  # noqa: FBT001 - click passes options by name
    watch: bool,  # noqa: FBT001 - click passes options by name
    as_json: bool,  # noqa: FBT001 - click passes options by name
    report: Path | None,
) -> None:
    """Bring in every file of a folder, as bulk work; run again, it goes on where it stopped."""
    from indexer import tables
    from service import commands, importing

    listed = tables.manifest_of(manifest) if manifest else None
    archive = opened()
    wanted = importing.Wanted(folder, customer, kind, listed, trial)
    code = commands.import_folder(
        archive, wanted, login=login, watch=watch, as_json=as_json, kept=report
    )
    archive.close()
    sys.exit(code)


@main.group()
def index() -> None:
    """Look after the search index: it can always be rebuilt from the database."""


@index.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@refusals
def index_status(as_json: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Compare index and database."""
    from indexer.reconcile import drift

    archive = opened(indexing=True)
    found = drift(archive)
    archive.close()
    if as_json:
        click.echo(json.dumps(found.members()))
        return
    for name, value in found.members().items():
        click.echo(f"{name}\t{value}")


@index.command("rebuild")
@refusals
def index_rebuild() -> None:
    """Build a new generation beside the live one and swap to it; searching goes on."""
    from indexer.rebuild import rebuild

    archive = opened(indexing=True)
    with err.status("…") as status:
        count = rebuild(archive, lambda done, total: status.update(f"{done} / {total}"))
    archive.close()
    click.echo(f"{count} documents")


@main.group()
def elastic() -> None:
    """Elasticsearch."""


@elastic.command("security")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the files (default: here). Files of the same names are replaced.",
)
@click.option("--native", is_flag=True, help="Print the security API calls instead.")
@refusals
def elastic_security(out: Path, native: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Write roles, users and run-as readers for Elasticsearch's file realm."""
    from service import commands

    commands.elastic_security(from_environment(), out, native=native)


for command in (
    installing.secrets,
    installing.setup,
    installing.health,
    anchor_commands.anchor,
    audit_commands.audit,
):
    main.add_command(command)


@main.command("settings")
@refusals
def settings_command() -> None:
    """Print every setting with its value; secrets are not shown."""
    from service import commands

    commands.print_settings(from_environment())


if __name__ == "__main__":
    main()
