"""The archive that is measured: embedded in a folder that is kept, or on the live servers."""

import hashlib
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from service import accounts, search, tokens
from service.archive import Archive
from service.audit.entries import Subject
from service.opening import open_archive
from service.permissions import Action, service_actor
from service.search import schema
from service.settings import Settings
from tests.bench import corpus, loading, words
from tests.bench.corpus import Corpus
from tests.live import world
from tests.live.machine import cache
from tests.live.process import LOOPBACK, Server, answers, free_port

EMBEDDED, SERVERS = "embedded", "servers"
_TOP = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Stack:
    """An archive with the corpus in it, opened here, and its web at an address."""

    name: str
    archive: Archive
    corpus: Corpus
    port: int
    environment: dict[str, str]

    def token(self, login: str) -> str:
        """Make an API token for somebody."""
        with self.archive.db.read() as db:
            person = accounts.person_by_login(db, login)
        cli = service_actor("cli")
        with self.archive.call(cli, Action.SESSION_MANAGE_OWN, Subject("token")) as call:
            return tokens.add(call, "bench", 1, owner=person)

    @contextmanager
    def part(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a part of the archive, `web` or `worker`, as an installation does."""
        log = self.archive.settings.data / f"{name}.log"
        server = Server(
            name=name,
            command=[sys.executable, "-m", "service", name],
            log=log,
            healthy=answers(f"http://{LOOPBACK}:{self.port}/healthz") if name == "web" else _yes,
            environment=self.environment,
        )
        server.start()
        try:
            server.wait()
            assert server.process is not None
            yield server.process
        finally:
            server.stop()


def _yes() -> bool:
    return True


@contextmanager
def opened(name: str, scale: float) -> Iterator[Stack]:
    """Open the archive of a stack; what is missing is loaded first."""
    wanted = Corpus(scale)
    port = free_port()
    make = _embedded if name == EMBEDDED else _servers
    with make(wanted, f"{LOOPBACK}:{port}") as archive:
        yield Stack(name, archive, wanted, port, _environment(archive.settings))


@contextmanager
def _embedded(wanted: Corpus, listen: str) -> Iterator[Archive]:
    """Load once into the cache; an interrupted load leaves nothing that looks whole."""
    folder = cache() / "bench" / f"{wanted.documents}-{_version()}"
    if not folder.exists():
        for older in folder.parent.glob(f"{wanted.documents}-*"):
            shutil.rmtree(older)
        part = folder.with_name(f"part-{secrets.token_hex(4)}")
        archive = open_archive(Settings(data=part, demo=False), indexing=True)
        try:
            loading.fill(archive, wanted)
        except BaseException:
            shutil.rmtree(part)
            raise
        finally:
            archive.close()
        part.rename(folder)
    archive = open_archive(Settings(data=folder, demo=False, listen=listen), indexing=True)
    try:
        yield archive
    finally:
        archive.close()


def _version() -> str:
    """Return a name that changes with whatever the loaded archive depends on."""
    sources = [Path(str(module.__file__)) for module in (corpus, loading, words, search.analysis)]
    sources += sorted((_TOP / "service/migrations/versions").glob("*.py"))
    sources += sorted((_TOP / "service/policy").glob("*.toml"))
    digest = hashlib.sha256(schema.meta()["schema"].encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _servers(wanted: Corpus, listen: str) -> Iterator[Archive]:
    """Load into the servers that `python -m tests.live` runs; they end with it."""
    with (
        tempfile.TemporaryDirectory(prefix="guidang-bench-") as folder,
        world.on_servers(world.home(Path(folder))) as settings,
    ):
        archive = open_archive(replace(settings, listen=listen, threads=48), indexing=True)
        try:
            loading.fill(archive, wanted)
            _analyzed(settings)
            yield archive
        finally:
            archive.close()


def _analyzed(settings: Settings) -> None:
    """Count what the planner goes by, as autovacuum does within a minute of a load."""
    for url in (settings.database_owner, settings.keystore_url):
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("ANALYZE")


def _environment(settings: Settings) -> dict[str, str]:
    """Return the settings as a process of its own reads them."""
    given = {
        name: getattr(settings, name)
        for name in Settings.__slots__
        if getattr(settings, name) != getattr(Settings(), name)
    }
    shown = replace(settings, data=settings.data.resolve())
    values = {f"GUIDANG_{name.upper()}": str(getattr(shown, name)) for name in given}
    return values | {"GUIDANG_DEMO": "0"}
