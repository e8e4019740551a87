"""Readers and an import at the same time: nobody is refused, nobody waits for ever."""

import random
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from sqlalchemy import func, select

from service.archive import Archive
from service.models import Version
from tests.bench import queries, samples
from tests.bench.client import Client, Refused
from tests.bench.corpus import Corpus
from tests.bench.figures import Figure, p95
from tests.bench.loading import OFFICER, PEOPLE
from tests.bench.stack import Stack, Stacks
from tests.live.process import Server

_READERS = 16
_SECONDS = 60.0
#: Files an import cannot bring in sooner.
_FILES_A_SECOND = 120
#: Documents that there are to search, as a share of the corpus.
_SHARE = 0.02
_SLOWER = 3.0


def together(stacks: Stacks) -> list[Figure]:
    """Let people search one question after the other: first by themselves, then beside an import.

    Nobody pauses to read, so all that there is of the machine is asked for at any moment.
    """
    seconds = max(3.0, _SECONDS * min(1.0, stacks.scale))
    with (
        tempfile.TemporaryDirectory(prefix="guidang-files-") as folder,
        stacks.scratch(Corpus(_SHARE * stacks.scale)) as stack,
    ):
        files = Path(folder)
        owners = samples.customers(stack.archive)
        samples.write(files, owners, round(_FILES_A_SECOND * seconds), salt="together")
        with stack.part("web"):
            _Readers(stack).read(seconds / 10)  # caches are as cold in neither phase
            alone = _Readers(stack).read(seconds)
            with stack.part("worker"), _importing(stack, files) as running:
                before = _documents(stack.archive)
                beside = _Readers(stack).read(seconds)
                came = _documents(stack.archive) - before
                over = running.process is None or running.process.poll() is not None
    note = f"{len(beside.took) / seconds:.0f} searches/s, {came / seconds:.0f} files/s brought in"
    return [
        Figure(
            f"{_READERS} readers p95, alone",
            p95(alone.took),
            note=f"{len(alone.took) / seconds:.0f} searches/s",
        ),
        Figure(
            f"{_READERS} readers p95, beside an import",
            p95(beside.took),
            _SLOWER * p95(alone.took),
            note + (", the import ended early" if over else ""),
        ),
        Figure(
            "searches not answered",
            alone.refused.total() + beside.refused.total(),
            0,
            ", ".join(f"{n} × {why}" for why, n in (alone.refused + beside.refused).items()),
            unit="searches",
        ),
    ]


class _Readers:
    """People who search, each over a connection of their own."""

    def __init__(self, stack: Stack) -> None:
        logins = list(PEOPLE)
        self._port = stack.port
        self._tokens = [stack.token(logins[n % len(logins)]) for n in range(_READERS)]
        self.took: list[float] = []
        self.refused: Counter[str] = Counter()

    def read(self, seconds: float) -> "_Readers":
        """Search for so many seconds."""
        until = monotonic() + seconds
        threads = [
            threading.Thread(target=self._search, args=(number, until))
            for number in range(_READERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self

    def _search(self, number: int, until: float) -> None:
        chance = random.Random(f"reader {number}")
        asked = queries.read()
        client = Client(self._port, self._tokens[number])
        while monotonic() < until:
            try:
                self.took.append(client.search(chance.choice(asked).sent)[0])
            except Refused as refused:
                self.refused[str(refused.status)] += 1
            except OSError as error:
                self.refused[type(error).__name__] += 1
                client.close()
        client.close()


@contextmanager
def _importing(stack: Stack, folder: Path) -> Iterator[Server]:
    """Run `guidang import`, from the first file; it is stopped at the end, wherever it is."""
    before = _documents(stack.archive)
    words = ("import", str(folder), "--kind", samples.KIND, "--as", OFFICER, "--json")
    server = Server(
        name="import",
        command=stack.command(*words),
        log=stack.archive.settings.data / "import.log",
        healthy=lambda: _documents(stack.archive) > before,
        environment=stack.environment,
    )
    with server.running():
        yield server


def _documents(archive: Archive) -> int:
    with archive.db.read() as db:
        return db.scalar(select(func.count()).select_from(Version)) or 0
