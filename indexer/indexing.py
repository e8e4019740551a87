"""Index jobs: projected documents go to the engine in batches; marks go when it has refreshed.

One process writes the index at a time (the lease `index`), so that an older projection can
never arrive after a newer one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from indexer import work
from indexer.projection import Projection
from indexer.work import Ended, Work
from service import figures, jobs, processing
from service.archive import Archive
from service.db import Session
from service.errors import Unavailable
from service.search.port import Failure, Removal, SearchDocument

KINDS = jobs.INDEXING
LEASE = jobs.INDEX
LEASE_SECONDS = 60

#: Documents and characters in one batch to the engine, at most (about).
BATCH = 200
BATCH_CHARACTERS = 4_000_000


def hold_lease(archive: Archive, holder: str) -> bool:
    """Take or renew the right to write the index."""
    with archive.db.write() as db:
        return jobs.lease(db, LEASE, holder, LEASE_SECONDS)


def release_lease(archive: Archive, holder: str) -> None:
    """Give the right to write the index up, so that another worker need not wait for its end."""
    with archive.db.write() as db:
        jobs.release(db, LEASE, holder)


def run(archive: Archive, holder: str, limit: int = BATCH) -> int:
    """Do waiting index jobs once; return how many. The caller holds the lease."""
    works = work.take(archive, holder, KINDS, limit)
    if not works:
        return 0
    try:
        sent = _send(archive, holder, works)
    except Unavailable as error:
        lost = [
            Ended(w, error=f"unavailable.{error.part}", again=True, counted=False) for w in works
        ]
        work.finish(archive, lost)
        return 0
    _finish(archive, [_ended(w, sent.refused) for w in works], sent)
    return len(works)


def _ended(one: Work, refused: frozenset[str]) -> Ended:
    if one.job.subject in refused:
        return Ended(one, error="index.refused", again=True)
    return Ended(one)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What went to the engine: the snapshot's revision, the versions, and who was refused."""

    rev: int
    versions: Sequence[str]
    refused: frozenset[str]


def _send(archive: Archive, holder: str, works: Sequence[Work]) -> _Sent:
    """Project what stands in one snapshot, and apply it."""
    failures: list[Failure] = []
    with archive.ring() as ring, archive.db.read() as db:
        policy = archive.policies.current(db)
        projection = Projection.of(db, ring, policy, archive.settings.timezone)
        wanted = _documents(db, works)
        for upserts, removals in batches(projection, wanted):
            if not hold_lease(archive, holder):
                raise Unavailable("search")
            failures += archive.engine.apply(upserts, removals)
            figures.DOCUMENTS_INDEXED.inc(len(upserts))
        refused = _refused(db, works, failures)
        versions = processing.unindexed(db, [d for d in wanted if d not in refused])
    archive.engine.refresh()
    return _Sent(projection.rev, versions, refused)


def _refused(db: Session, works: Sequence[Work], failures: Sequence[Failure]) -> frozenset[str]:
    """Return refused documents, and the customers of these jobs that they belong to.

    One document that stays as it was is enough for its customer's mark to stay.
    """
    documents = {f.uid for f in failures}
    return frozenset(documents).union(
        one.job.subject
        for one in works
        if one.job.kind == "project_customer"
        and documents.intersection(processing.documents_of(db, one.job.subject))
    )


def _documents(db: Session, works: Sequence[Work]) -> dict[str, bool]:
    """Return the documents of these jobs, and whether they may stand in another category too."""
    wanted: dict[str, bool] = {}
    for one in works:
        if one.job.kind == "project_customer":
            wanted |= dict.fromkeys(processing.documents_of(db, one.job.subject), True)
        else:
            moved = one.job.kind == "index_moved" or wanted.get(one.job.subject, False)
            wanted[one.job.subject] = moved
    return wanted


Batch = tuple[list[SearchDocument], list[Removal]]


def batches(projection: Projection, documents: Mapping[str, bool]) -> Iterator[Batch]:
    """Yield projected documents in batches of bounded size."""
    upserts: list[SearchDocument] = []
    removals: list[Removal] = []
    characters = 0
    for projected in projection.project(documents):
        removals += projected.removals
        if projected.document:
            upserts.append(projected.document)
            characters += len(projected.document.body_t)
        if len(upserts) >= BATCH or characters > BATCH_CHARACTERS:
            yield upserts, removals
            upserts, removals, characters = [], [], 0
    if upserts or removals:
        yield upserts, removals


def _finish(archive: Archive, ended: Sequence[Ended], sent: _Sent) -> None:
    reached: dict[str, list[str]] = {"customer": [], "document": []}
    for one in ended:
        if not one.again:
            kind = "customer" if one.work.job.kind == "project_customer" else "document"
            reached[kind].append(one.work.job.subject)

    def caught_up(db: Session) -> None:
        for kind, subjects in reached.items():
            jobs.unmark(db, kind, subjects, rev=sent.rev)
        processing.indexed(db, sent.versions)

    work.finish(archive, ended, caught_up)
