"""Documents of a whole archive projected in several processes: a rebuild computes all the time."""

import gc
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from indexer.projection import Projection
from service.archive import Archive
from service.errors import Unavailable
from service.opening import open_archive
from service.search.port import SearchDocument
from service.settings import Settings

#: Slices under way for each process: none waits for work, and few lie in memory.
_AHEAD = 2

Projected = list[SearchDocument]


def project(archive: Archive, ids: Sequence[str]) -> Projected:
    """Project documents out of one snapshot; what is not to be found is left out."""
    # a long snapshot would keep the database from tidying up
    with archive.ring() as ring, archive.db.read() as db:
        policy = archive.policies.current(db)
        projection = Projection.of(db, ring, policy, archive.settings.timezone)
        found = projection.project(dict.fromkeys(ids, False))
        return [one.document for one in found if one.document]


def project_all(
    archive: Archive, slices: Iterator[Sequence[str]], *, processes: int
) -> Iterator[tuple[Sequence[str], Projected]]:
    """Yield slices with their documents, in order; with one process, in this one.

    Raises `Unavailable`; what is under way is ended when the caller goes no further.
    """
    if processes < 2:  # noqa: PLR2004 - one is not several
        for ids in slices:
            yield ids, project(archive, ids)
        return
    with _pool(archive.settings, processes) as pool:
        running: deque[tuple[Sequence[str], Future[Projected]]] = deque()
        for ids in slices:
            running.append((ids, pool.submit(_project, ids)))
            if len(running) > _AHEAD * processes:
                yield _first(running)
        while running:
            yield _first(running)


def _first(
    running: deque[tuple[Sequence[str], "Future[Projected]"]],
) -> tuple[Sequence[str], Projected]:
    ids, future = running.popleft()
    try:
        return ids, future.result()
    except BrokenProcessPool as error:
        raise Unavailable("worker") from error


@contextmanager
def _pool(settings: Settings, processes: int) -> Iterator[ProcessPoolExecutor]:
    # not forked: this process has threads, and connections that must not be shared
    context = get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, initializer=_open, initargs=(settings,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


class _Here:
    """What a process of the pool has opened."""

    archive: Archive


def _open(settings: Settings) -> None:
    _Here.archive = open_archive(settings)
    # what there is now stays: it need not be looked through again and again
    gc.freeze()


def _project(ids: Sequence[str]) -> Projected:
    return project(_Here.archive, ids)
