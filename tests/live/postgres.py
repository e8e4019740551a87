"""PostgreSQL: a cluster of its own in a temporary folder, with the archive's roles and databases.

`guidang_owner` owns the database `guidang` and migrates it; `guidang_app` is what web and worker
sign in as; `guidang_keys` owns the keystore's database. Owner and keys may create databases, so
that each test has its own.
"""

import secrets
import signal
from pathlib import Path

from tests.live import machine
from tests.live.process import LOOPBACK, Server, drop_privileges, free_port

ADMIN = "postgres"
ROLES = {"guidang_owner": "createdb", "guidang_app": "", "guidang_keys": "createdb"}
DATABASES = {"guidang": "guidang_owner", "guidang_keys": "guidang_keys"}
BINARIES = ("/usr/lib/postgresql/*/bin",)


class Postgres:
    """The server, its passwords and its addresses."""

    def __init__(self, folder: Path) -> None:
        initdb = machine.program("initdb", "postgresql", folders=BINARIES)
        self._psql = initdb.with_name("psql")
        self._port = free_port()
        self._passwords = {role: secrets.token_hex(12) for role in (ADMIN, *ROLES)}
        data = folder / "postgres"
        data.mkdir(mode=0o700)
        password = folder / "postgres.password"
        password.write_text(self._passwords[ADMIN])
        password.chmod(0o644)
        prefix = drop_privileges(data)
        self._initialise(initdb, data, password, prefix)
        password.unlink()
        ready = [str(initdb.with_name("pg_isready")), "-q", "-h", LOOPBACK, "-p", str(self._port)]
        self.server = Server(
            name="postgres",
            command=[str(initdb.with_name("postgres")), "-D", str(data)],
            log=folder / "postgres.log",
            healthy=lambda: machine.succeeds(ready),
            prefix=prefix,
            stop_signal=signal.SIGINT,  # end the sessions, do not wait for them
        )

    def _initialise(self, initdb: Path, data: Path, password: Path, prefix: list[str]) -> None:
        options = ["-U", ADMIN, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8"]
        machine.run(
            [*prefix, str(initdb), "-D", str(data), *options, "--locale=C.UTF-8"], cwd=data.parent
        )
        with (data / "postgresql.conf").open("a") as file:
            file.write(
                f"listen_addresses = '{LOOPBACK}'\n"
                f"port = {self._port}\n"
                "unix_socket_directories = ''\n"
                "max_connections = 200\n"
                "fsync = on\n"
            )

    def prepare(self) -> None:
        """Create the roles and databases."""
        statements = [
            *(
                f"CREATE ROLE {role} LOGIN {extra} PASSWORD '{self._passwords[role]}'"
                for role, extra in ROLES.items()
            ),
            *(f"CREATE DATABASE {name} OWNER {owner}" for name, owner in DATABASES.items()),
        ]
        url = f"postgresql://{ADMIN}:{self._passwords[ADMIN]}@{LOOPBACK}:{self._port}/postgres"
        for statement in statements:
            machine.run([str(self._psql), "-q", "-v", "ON_ERROR_STOP=1", url, "-c", statement])

    def exports(self) -> dict[str, str]:
        """Name the addresses for SQLAlchemy."""
        return {
            "GUIDANG_TEST_PG_OWNER": self._url("guidang_owner", "guidang"),
            "GUIDANG_TEST_PG": self._url("guidang_app", "guidang"),
            "GUIDANG_TEST_PG_KEYS": self._url("guidang_keys", "guidang_keys"),
        }

    def _url(self, role: str, database: str) -> str:
        password = self._passwords[role]
        return f"postgresql+psycopg://{role}:{password}@{LOOPBACK}:{self._port}/{database}"
