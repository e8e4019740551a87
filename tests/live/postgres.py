"""PostgreSQL as docker-compose.yml starts it: a cluster of its own in a temporary folder.

What the image's entry point does, this does: it makes the administrator and a database. The
archive's roles and databases are made by what `guidang setup` makes them with. Owner and keys
may create databases here, so that each test has its own.
"""

import shlex
import signal
from pathlib import Path

import psycopg

from service import databases
from service.settings import from_environment
from tests.live import machine
from tests.live.process import LOOPBACK, Server, drop_privileges
from tests.live.site import Site

BINARIES = ("/usr/lib/postgresql/*/bin",)
MAY_CREATE_DATABASES = ("guidang_owner", "guidang_keys")
#: secret → variable that tests read
ADDRESSES = {
    "database_owner": "GUIDANG_TEST_PG_OWNER",
    "database": "GUIDANG_TEST_PG",
    "keystore": "GUIDANG_TEST_PG_KEYS",
}


class Postgres:
    """One of the servers."""

    def __init__(self, site: Site, name: str = "postgres") -> None:
        self._site, self._name = site, name
        self._given = site.environment(name)
        initdb = machine.program("initdb", "postgresql", folders=BINARIES)
        _compare_release(site.service(name).whole["image"], initdb)
        data = site.folder / name
        data.mkdir(mode=0o700)
        prefix = drop_privileges(data)
        self._initialise(initdb, data, prefix)
        health = site.health(name)
        health[0] = str(initdb.with_name(health[0]))
        program, *settings = site.service(name).command
        here = {
            "listen_addresses": LOOPBACK,
            "port": site.port(name),
            "unix_socket_directories": "",
        }
        self.server = Server(
            name=name,
            command=[
                *[str(initdb.with_name(program)), "-D", str(data), *settings],
                *[word for setting, value in here.items() for word in ("-c", f"{setting}={value}")],
            ],
            log=site.folder / f"{name}.log",
            healthy=lambda: machine.succeeds(health),
            prefix=prefix,
            stop_signal=signal.Signals[site.service(name).whole["stop_signal"]],
        )

    def _initialise(self, initdb: Path, data: Path, prefix: list[str]) -> None:
        password = data.with_suffix(".password")
        password.write_text(Path(self._given["POSTGRES_PASSWORD_FILE"]).read_text())
        password.chmod(0o644)
        options = ["-U", self._given["POSTGRES_USER"], f"--pwfile={password}"]
        options += shlex.split(self._given["POSTGRES_INITDB_ARGS"])
        machine.run([*prefix, str(initdb), "-D", str(data), *options], cwd=data.parent)
        password.unlink()

    def prepare(self) -> None:
        """Make the database of the administrator's name, and on the main server the archive's."""
        user = self._given["POSTGRES_USER"]
        if user != "postgres":
            self._run(f'CREATE DATABASE "{user}"')
        if self._name == "postgres":
            databases.prepare(from_environment(self._site.environment("setup")))
            for role in MAY_CREATE_DATABASES:
                self._run(f"ALTER ROLE {role} CREATEDB")

    def _run(self, statement: str) -> None:
        password = Path(self._given["POSTGRES_PASSWORD_FILE"]).read_text().strip()
        port = self._site.port(self._name)
        user = self._given["POSTGRES_USER"]
        with psycopg.connect(
            host=LOOPBACK,
            port=port,
            user=user,
            password=password,
            dbname="postgres",
            autocommit=True,
        ) as connection:
            connection.execute(statement.encode())

    def exports(self) -> dict[str, str]:
        """Name the addresses for SQLAlchemy."""
        if self._name != "postgres":
            return {}
        return {variable: self._site.secret(name) for name, variable in ADDRESSES.items()}


def _compare_release(image: str, initdb: Path) -> None:
    """Say when the release is not the image's: what runs here then proves less about it."""
    release = image.rpartition(":")[2].partition(".")[0]
    found = machine.run([str(initdb), "--version"]).split()[-1].partition(".")[0]
    if found != release:
        machine.say(f"PostgreSQL {found} stands in for the {release} of docker-compose.yml")
