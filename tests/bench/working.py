"""The worker: how much it reads, and how long somebody waits behind a full queue."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from sqlalchemy import func, select

from service import jobs
from service.archive import Archive
from service.codes import Processing
from service.jobs import Lane
from service.models import Job, Version
from tests.bench import samples
from tests.bench.client import Client
from tests.bench.corpus import Corpus
from tests.bench.figures import Figure, p50, p95
from tests.bench.loading import ARCHIVIST, OFFICER
from tests.bench.measures import found_after
from tests.bench.stack import EMBEDDED, Stack, Stacks

#: Files of one measure, jobs of a full queue; at least so many.
_FILES, _QUEUED, _FEWEST = 3_000, 1_000, 20
#: Jobs for each upload behind them, and the fewest uploads.
_EACH, _FEW = 50, 3
_RATE_EMBEDDED, _RATE_SERVERS = 120.0, 80.0
_SEARCHABLE = 10_000.0
#: Seconds without any progress after which a worker is not waited for.
_STUCK = 60.0


def worker(stacks: Stacks) -> list[Figure]:
    """Let a worker take a full queue to the last hit: decrypt, extract, store, index, log."""
    count = max(_FEWEST, round(_FILES * stacks.scale))
    with stacks.scratch(Corpus(0)) as stack:
        _bring_in(stack, count, salt="worker")
        with stack.part("worker"):
            started = perf_counter()
            finished(stack.archive)
            took = perf_counter() - started
    reach = _RATE_EMBEDDED if stack.name == EMBEDDED else _RATE_SERVERS
    note = f"{count} files in {took:.0f} s, half PDF of 5 pages, half DOCX"
    return [Figure("worker end to end", count / took, reach, note, unit="documents/s", least=True)]


def lanes(stacks: Stacks) -> list[Figure]:
    """Upload while an import waits to be read; the queue is filled again when half is left."""
    count = max(_FEWEST, round(_QUEUED * stacks.scale))
    uploads = max(_FEW, count // _EACH)
    took: list[float] = []
    fewest, round_ = count, 0
    with stacks.scratch(Corpus(0)) as stack, stack.part("web"):
        (customer, *_) = samples.customers(stack.archive)
        token = stack.token(OFFICER)
        while len(took) < uploads:
            round_ += 1
            _bring_in(stack, count - _waiting(stack.archive), salt=f"lanes{round_}")
            client = Client(stack.port, token)  # an idle connection does not outlive the filling
            with stack.part("worker"):
                for left in _falling(stack.archive, count // 2):
                    fewest = min(fewest, left)
                    took.append(found_after(client, customer))
                    if len(took) == uploads:
                        break
            client.close()
    note = f"{len(took)} uploads, {fewest} to {count} bulk jobs waiting at each"
    return [
        Figure("upload to hit behind an import, p50", p50(took)),
        Figure("upload to hit behind an import, p95", p95(took), _SEARCHABLE, note),
    ]


def _bring_in(stack: Stack, count: int, *, salt: str) -> None:
    with _files(stack, count, salt=salt) as folder:
        samples.bring_in(stack.archive, folder, login=ARCHIVIST)


@contextmanager
def _files(stack: Stack, count: int, *, salt: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="guidang-files-") as folder:
        samples.write(Path(folder), samples.customers(stack.archive), count, salt=salt)
        yield Path(folder)


def _falling(archive: Archive, least: int) -> Iterator[int]:
    """Yield how many bulk jobs wait, once at least and while there are more than `least`."""
    left = _waiting(archive)
    yield left
    while (left := _waiting(archive)) > least:
        yield left


def _waiting(archive: Archive) -> int:
    with archive.db.read() as db:
        waits = (Job.kind == "extract") & (Job.state == "waiting") & (Job.lane == int(Lane.BULK))
        return db.scalar(select(func.count()).select_from(Job).where(waits)) or 0


def finished(archive: Archive) -> None:
    """Return when everything is searchable; raises `RuntimeError` if it does not come to that."""
    _until_indexed(archive)
    _check(archive)


def _until_indexed(archive: Archive) -> None:
    """Return when nothing waits for the worker; raises `RuntimeError` if it does not go on."""
    left, moved = -1, perf_counter()
    while now := _unfinished(archive):
        if now != left:
            left, moved = now, perf_counter()
        elif perf_counter() - moved > _STUCK:
            raise RuntimeError(f"the worker left {left} jobs")
        time.sleep(0.05)


def _unfinished(archive: Archive) -> int:
    with archive.db.read() as db:
        return sum(jobs.waiting(db).values())


def _check(archive: Archive) -> None:
    with archive.db.read() as db:
        states = set(db.scalars(select(Version.processing).distinct()))
    if states != {str(Processing.SEARCHABLE)}:
        raise RuntimeError(f"not all files were read: {states}")
