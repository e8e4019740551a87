"""Rebuild the index from the database: a new generation beside the live one, then one swap.

Searching goes on meanwhile. What changes while it loads is replayed before the swap: the
index lease is held, so index jobs wait and are done on the new generation afterwards.
"""

import os
import socket
from collections.abc import Callable, Iterator, Sequence

from indexer import indexing
from indexer.projecting import project_all
from service import jobs, processing
from service.archive import Archive
from service.audit.entries import Subject
from service.errors import Conflict, Unavailable
from service.permissions import Action, Actor, Target, service_actor
from service.search.port import SearchDocument

Progress = Callable[[int, int], None]

CLI = service_actor("cli")

#: Documents projected together, out of one snapshot.
_SLICE = 250
#: Beyond so many documents it is worth starting processes.
_MANY = 5_000


def rebuild(
    archive: Archive, progress: Progress, *, actor: Actor = CLI, processes: int | None = None
) -> int:
    """Build and swap; returns how many documents the new generation holds.

    `processes` project documents; by default one for each processor where there are many.
    Raises `Conflict` while another process writes the index and does not pause, and
    `Unavailable` if the counts do not agree (the live generation stays).
    """
    holder = f"rebuild:{socket.gethostname()}:{os.getpid()}"
    with archive.call(actor, Action.INDEX_REBUILD, Subject("index")) as call:
        call.require(Target())
        _lease(archive, holder)
        generation = archive.engine.start_generation()
        try:
            count = _load(archive, generation, holder, progress, processes)
            archive.engine.swap(generation)
            with archive.db.write() as db:
                processing.all_indexed(db)
        except BaseException:
            archive.engine.drop(generation)
            raise
        finally:
            with archive.db.write() as db:
                jobs.release(db, indexing.LEASE, holder)
        call.returned([generation])
    return count


def _lease(archive: Archive, holder: str) -> None:
    if not indexing.hold_lease(archive, holder):
        with archive.db.write() as db:
            taken = jobs.take_over(db, indexing.LEASE, holder, indexing.LEASE_SECONDS)
        if not taken:
            raise Conflict("The index is being written; try again in a minute.")


def _load(
    archive: Archive, generation: str, holder: str, progress: Progress, processes: int | None
) -> int:
    with archive.db.read() as db:
        total = processing.count_indexable(db)
    if processes is None:
        processes = (os.cpu_count() or 1) if total > _MANY else 1
    done = built = 0

    def documents() -> Iterator[SearchDocument]:
        nonlocal done, built
        for ids, projected in project_all(archive, _slices(archive), processes=processes):
            yield from projected
            done, built = done + len(ids), built + len(projected)
            progress(done, max(done, total))
            if not indexing.hold_lease(archive, holder):
                raise Conflict("Another process took the index over.")

    if failures := archive.engine.load(generation, documents()):
        raise Unavailable("search", "The engine refused %(n)s documents.", n=len(failures))
    held = sum(archive.engine.count(generation).values())
    if held != built:
        raise Unavailable(
            "search",
            "The new generation holds %(held)s of %(wanted)s documents.",
            held=held,
            wanted=built,
        )
    return built


def _slices(archive: Archive) -> Iterator[Sequence[str]]:
    after = ""
    while True:
        with archive.db.read() as db:
            ids = processing.indexable(db, after=after, limit=_SLICE)
        if not ids:
            return
        yield ids
        after = ids[-1]
