"""Taking jobs and finishing them, with their entries in the log: intent and outcome."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from service import figures, jobs
from service.archive import Archive
from service.audit.entries import Entry, PolicyRef, Result, Subject
from service.codes import Decision, Phase
from service.db import Session
from service.permissions import Action, service_actor

#: Shows in the rows that jobs were taken.
Begin = Callable[[Session, Sequence[jobs.Taken]], None]

WORKER = service_actor("worker")

#: Which action a kind of job is in the log.
ACTIONS = {
    "extract": Action.DOCUMENT_EXTRACT,
    "index": Action.DOCUMENT_INDEX,
    "index_moved": Action.DOCUMENT_INDEX,
    "rewrap": Action.DOCUMENT_MOVE,
    "unpack": Action.DOCUMENT_EXTRACT,
    "scan": Action.DOCUMENT_EXTRACT,
    "project_customer": Action.DOCUMENT_INDEX,
    "render": Action.DOCUMENT_RENDER,
    "render_page": Action.DOCUMENT_RENDER,
    "lay_out": Action.DOCUMENT_RENDER,
    "spread": Action.DOCUMENT_RENDER,
    "import": Action.IMPORT_RUN,
    "bundle": Action.AUDIT_EXPORT,
    "export_list": Action.EXPORT_LIST,
    "export_documents": Action.EXPORT_DOCUMENTS,
    "export_copies": Action.EXPORT_COPIES,
}

#: Until these are done documents are not found, or not as they are.
_FOUND_BY = ("extract", "index", "index_moved", "rewrap")

_SUBJECTS = {
    **dict.fromkeys(("index", "index_moved", "rewrap"), "document"),
    **dict.fromkeys(("extract", "render", "render_page", "lay_out", "spread"), "version"),
    "project_customer": "customer",
    "unpack": "version",
    "scan": "version",
    "import": "import",
    "bundle": "export",
    "export_list": "export_file",
    "export_documents": "export_file",
    "export_copies": "export_file",
}


@dataclass(frozen=True, slots=True)
class Work:
    """A job this worker holds, and the number of its intent."""

    job: jobs.Taken
    intent: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job ended. `error` is a code; `counted`: whether the job itself was at fault.

    `overtaken`: another worker has it by now, so that nothing is said of the job.
    """

    work: Work
    error: str | None = None
    again: bool = False
    counted: bool = True
    subject: Subject | None = None
    overtaken: bool = False


def waiting(archive: Archive, kinds: Sequence[str], *, lane: jobs.Lane | None = None) -> bool:
    """Say, without writing anything, whether a job of these kinds (in a lane) is due."""
    with archive.db.glance() as db:
        return jobs.due(db, kinds, lane=lane)


def in_turn(archive: Archive, kinds: Sequence[str]) -> bool:
    """Say whether a job of these kinds is due that makes pages.

    What nobody waits for is made while nothing is to be read or indexed.
    """
    if waiting(archive, kinds, lane=jobs.Lane.INTERACTIVE):
        return True
    return not waiting(archive, _FOUND_BY) and waiting(archive, kinds)


def take(
    archive: Archive,
    holder: str,
    kinds: Sequence[str],
    limit: int,
    begin: Begin | None = None,
    *,
    lane: jobs.Lane | None = None,
) -> list[Work]:
    """Take due jobs; their intents, and what `begin` writes, commit with the taking."""
    with archive.ring() as ring:
        archive.ready(ring)
        with archive.db.write() as db:
            taken = jobs.take(db, holder, kinds, limit=limit, lane=lane)
            if not taken:
                return []
            if begin:
                begin(db, taken)
            policy = archive.policies.current(db)
            ref = PolicyRef(policy.id, policy.sha256)
            intents = [_intent(job, ref) for job in taken]
            db.flush()
            numbers = archive.append(db, intents, ring)
    return [Work(job, number) for job, number in zip(taken, numbers, strict=True)]


def _intent(job: jobs.Taken, policy: PolicyRef) -> Entry:
    return Entry(
        phase=Phase.INTENT,
        action=ACTIONS[job.kind],
        actor=WORKER,
        policy=policy,
        subject=Subject(_SUBJECTS[job.kind], job.subject),
        cause=job.cause,
    )


def outcome(ended: Ended, policy: PolicyRef) -> Entry:
    """Return the entry that closes a job's intent."""
    job = ended.work.job
    failed = ended.error is not None
    return Entry(
        phase=Phase.OUTCOME,
        action=ACTIONS[job.kind],
        actor=WORKER,
        policy=policy,
        subject=ended.subject or Subject(_SUBJECTS[job.kind], job.subject),
        ref=ended.work.intent,
        cause=job.cause,
        decision=Decision.FAIL if failed else Decision.ALLOW,
        result=Result(error=ended.error) if failed else None,
    )


def finish(
    archive: Archive, ended: Sequence[Ended], also: Callable[[Session], None] | None = None
) -> None:
    """Commit how jobs ended, with their outcomes and what `also` writes."""
    with archive.ring() as ring:
        archive.ready(ring)
        with archive.db.write() as db:
            policy = archive.policies.current(db)
            ref = PolicyRef(policy.id, policy.sha256)
            settle(db, ended)
            if also:
                also(db)
            db.flush()
            archive.append(db, [outcome(e, ref) for e in ended], ring)


def settle(db: Session, ended: Iterable[Ended]) -> None:
    """Mark jobs done, or give them back for another try."""
    done: list[Ended] = []
    lost: list[Ended] = []
    for one in ended:
        if not one.overtaken:
            (lost if one.again else done).append(one)
    jobs.done(db, [e.work.job.id for e in done])
    for one in lost:
        jobs.give_back(db, [one.work.job.id], error=one.error or "", counted=one.counted)
        last = one.counted and one.work.job.attempts >= jobs.ATTEMPTS
        figures.JOBS.labels(one.work.job.kind, "given_up" if last else "again").inc()
    for one in done:
        figures.JOBS.labels(one.work.job.kind, "failed" if one.error else "done").inc()
