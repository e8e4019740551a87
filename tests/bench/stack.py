"""The archives that are measured: embedded in a folder, or on the live servers.

The one with the whole corpus is loaded once, and embedded it is kept for the next run: what would
change it has a smaller one of its own.
"""

import hashlib
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
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

#: Larger files than usual are taken: some measures bring one in.
_LARGEST = 2 << 30

#: Fills an archive.
Load = Callable[[Archive, Corpus], None]
#: Opens an archive whose web will listen at an address.
Make = Callable[[str], AbstractContextManager[Archive]]


@dataclass(frozen=True, slots=True)
class Stack:
    """An archive with a corpus in it, opened here, and its web at an address."""

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
        with self.server(name).running() as server:
            assert server.process is not None
            yield server.process

    def server(self, name: str) -> Server:
        """Return a part that is not started yet."""
        log = self.archive.settings.data / f"{name}.log"
        log.unlink(missing_ok=True)
        web = answers(f"http://{LOOPBACK}:{self.port}/healthz")
        return Server(
            name=name,
            command=self.command(name),
            log=log,
            healthy=web if name == "web" else lambda: '"worker_started"' in log.read_text("utf-8"),
            environment=self.environment,
        )

    def command(self, *words: str) -> list[str]:
        """Return what runs a command of the archive, with `environment`."""
        return [sys.executable, "-m", "service", *words]


@dataclass(slots=True)
class Stacks:
    """Opens the archives of one run on one kind of stack."""

    name: str
    scale: float
    _opened: ExitStack = field(default_factory=ExitStack)
    _loaded: Stack | None = None

    @property
    def corpus(self) -> Corpus:
        """Return the documents of the archive with the whole corpus."""
        return Corpus(self.scale)

    def loaded(self) -> Stack:
        """Return the archive with the whole corpus; what is missing is loaded first."""
        if self._loaded is None:
            make = _kept if self.name == EMBEDDED else _on_servers
            opening = self._stack(self.corpus, lambda listen: make(self.corpus, listen))
            self._loaded = self._opened.enter_context(opening)
        return self._loaded

    @contextmanager
    def scratch(self, wanted: Corpus, load: Load = loading.fill) -> Iterator[Stack]:
        """Make an archive with some documents in it, for one measure alone."""
        make = _in_folder if self.name == EMBEDDED else _on_servers
        with self._stack(wanted, lambda listen: make(wanted, listen, load)) as stack:
            yield stack

    @contextmanager
    def _stack(self, wanted: Corpus, make: Make) -> Iterator[Stack]:
        port = free_port()
        with make(f"{LOOPBACK}:{port}") as archive:
            yield Stack(self.name, archive, wanted, port, _environment(archive.settings))


@contextmanager
def opened(name: str, scale: float) -> Iterator[Stacks]:
    """Open archives on demand, and close them at the end."""
    with ExitStack() as opened:
        yield Stacks(name, scale, opened)


@contextmanager
def _in_folder(wanted: Corpus, listen: str, load: Load) -> Iterator[Archive]:
    """Load into a folder beside those that are kept, on the same disk, that goes away again."""
    (cache() / "bench").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scratch-", dir=cache() / "bench") as folder:
        settings = Settings(
            data=Path(folder) / "data",
            demo=False,
            listen=listen,
            upload_limit=_LARGEST,
            soffice="none",
        )
        archive = open_archive(settings, indexing=True)
        try:
            load(archive, wanted)
            yield archive
        finally:
            archive.close()


@contextmanager
def _kept(wanted: Corpus, listen: str) -> Iterator[Archive]:
    """Load once into the cache; an interrupted load leaves nothing that looks whole."""
    folder = cache() / "bench" / f"{wanted.documents}-{_version()}"
    if not folder.exists():
        for older in folder.parent.glob(f"{wanted.documents}-*"):
            shutil.rmtree(older)
        part = folder.with_name(f"part-{secrets.token_hex(4)}")
        archive = open_archive(Settings(data=part, demo=False, soffice="none"), indexing=True)
        try:
            loading.fill(archive, wanted)
        except BaseException:
            shutil.rmtree(part)
            raise
        finally:
            archive.close()
        part.rename(folder)
    archive = open_archive(
        Settings(data=folder, demo=False, listen=listen, soffice="none"), indexing=True
    )
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
def _on_servers(wanted: Corpus, listen: str, load: Load = loading.fill) -> Iterator[Archive]:
    """Load into the servers that `python -m tests.live` runs; they end with it."""
    with (
        tempfile.TemporaryDirectory(prefix="guidang-bench-") as folder,
        world.on_servers(world.home(Path(folder))) as settings,
    ):
        archive = open_archive(
            replace(settings, listen=listen, threads=48, upload_limit=_LARGEST), indexing=True
        )
        try:
            load(archive, wanted)
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
