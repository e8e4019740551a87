"""An archive on the real servers: databases, keystore, bucket and index of one test alone."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import make_url

from indexer.extract.sandbox import Sandbox
from service.settings import Settings, from_environment
from tests.live.asking import elastic, postgres
from tests.live.site import Site
from tests.world import World

OWNER = "GUIDANG_TEST_PG_OWNER"
APPLICATION = "GUIDANG_TEST_PG"
KEYS = "GUIDANG_TEST_PG_KEYS"
STORE = "GUIDANG_TEST_S3"

#: Databases of an archive, and whose they are.
DATABASES = {"archive": OWNER, "keys": KEYS, "mirror": KEYS}


@dataclass(frozen=True, slots=True)
class Home:
    """Where an archive's state lies: its data folder and the common name of its databases."""

    data: Path
    name: str

    def url(self, database: str, variable: str = "") -> str:
        """Return the address of one of its databases, for its owner or by another variable."""
        url = make_url(os.environ[variable or DATABASES[database]])
        return url.set(database=f"{self.name}_{database}").render_as_string(hide_password=False)

    @property
    def settings(self) -> Settings:
        """Return settings on PostgreSQL, with folder and embedded index."""
        return Settings(
            data=self.data,
            demo=False,
            threads=8,
            soffice="none",
            database=self.url("archive", APPLICATION),
            database_owner=self.url("archive"),
            keystore=self.url("keys"),
            keystore_mirror=self.url("mirror"),
        )


def home(data: Path, like: Home | None = None) -> Home:
    """Make a home, empty or like another one.

    Its databases stay: the cluster goes away with the harness, and dropping each would make the
    server write everything to the disk first.
    """
    made = Home(data, f"t{secrets.token_hex(8)}")
    for database, variable in DATABASES.items():
        template = f"TEMPLATE {like.name}_{database}" if like else ""
        statement(variable, f"CREATE DATABASE {made.name}_{database} {template}")
    if like:
        shutil.copytree(like.data, data)
    return made


def statement(variable: str, sql: str) -> None:
    """Run one statement on the database that a variable names."""
    with postgres(os.environ[variable]) as connection:
        connection.execute(sql.encode())


def peopled(data: Path, sandbox: Sandbox) -> Home:
    """Make a home with people and nothing else, to be copied."""
    made = home(data)
    with World.opened(made.settings, sandbox) as world:
        world.people()
    return made


@contextmanager
def on_servers(home: Home, *, search: str = "", store: str = "") -> Iterator[Settings]:
    """Return settings on all servers, with an index and a bucket of their own.

    All other settings are a worker's in docker-compose.yml.
    `search` and `store` (host:port) lead there by another way, past a recorder.
    """
    prefix = f"guidang-test-{secrets.token_hex(6)}"
    installed = from_environment(Site.current().environment("worker"))
    blobs = installed.blobs.replace("s3://guidang?", f"s3://{prefix}?")
    endpoint = os.environ[STORE].partition(",")[0]
    own = home.settings
    try:
        yield replace(
            installed,
            data=own.data,
            threads=own.threads,
            database=own.database,
            database_owner=own.database_owner,
            keystore=own.keystore,
            keystore_mirror=own.keystore_mirror,
            root_key_file=None,
            blobs=blobs.replace(endpoint, store or endpoint),
            search=f"http://{search}" if search else installed.search,
            search_prefix=prefix,
        )
    finally:
        _, found = elastic("GET", f"{prefix}-*/_alias")
        if found:
            elastic("DELETE", ",".join(found))
