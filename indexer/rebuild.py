"""Rebuild the index from the database: a new generation beside the live one, then one swap.

Searching goes on meanwhile. What changes while it loads is replayed before the swap: the
index lease is held, so index jobs wait and are done on the new generation afterwards.
"""

import os
import socket
from collections.abc import Callable, Iterator, Sequence

from indexer import indexing
from indexer.projection import Projection
from service import jobs, processing
from service.archive import Archive
from service.audit.entries import Subject
from service.errors import Conflict, Unavailable
from service.permissions import Action, Actor, Target, service_actor
from service.search.port import SearchDocument

Progress = Callable[[int, int], None]

CLI = service_actor("cli")


def rebuild(archive: Archive, progress: Progress, *, actor: Actor = CLI) -> int:
    """Build and swap; returns how many documents the new generation holds.

    Raises `Conflict` while another process writes the index and does not pause, and
    `Unavailable` if the counts do not agree (the live generation stays).
    """
    holder = f"rebuild:{socket.gethostname()}:{os.getpid()}"
    with archive.call(actor, Action.INDEX_REBUILD, Subject("index")) as call:
        call.require(Target())
        _lease(archive, holder)
        generation = archive.engine.start_generation()
        try:
            count = _load(archive, generation, holder, progress)
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


def _load(archive: Archive, generation: str, holder: str, progress: Progress) -> int:
    done = 0
    with archive.ring() as ring:
        after = ""
        while True:
            # one snapshot a slice: a long one would keep the database from tidying up
            with archive.db.read() as db:
                total = processing.count_indexable(db)
                policy = archive.policies.current(db)
                projection = Projection.of(db, ring, policy, archive.settings.timezone)
                slice_ = processing.indexable(db, after=after)
                failures = archive.engine.load(generation, _documents(projection, slice_))
            if failures:
                raise Unavailable("search", "The engine refused %(n)s documents.", n=len(failures))
            if not slice_:
                break
            ring.forget()
            archive.ready(ring)
            done += len(slice_)
            after = slice_[-1]
            progress(done, total)
            if not indexing.hold_lease(archive, holder):
                raise Conflict("Another process took the index over.")
    held = sum(archive.engine.count(generation).values())
    if held != done:
        raise Unavailable(
            "search",
            "The new generation holds %(held)s of %(wanted)s documents.",
            held=held,
            wanted=done,
        )
    return done


def _documents(projection: Projection, ids: Sequence[str]) -> Iterator[SearchDocument]:
    for projected in projection.project(dict.fromkeys(ids, False)):
        if projected.document:
            yield projected.document
