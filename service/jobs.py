"""Work rows: queued in the transaction that causes them, taken by the worker, retried, given up.

A job may run twice (a process can die before its commit): every kind of work must not mind.
"""

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from service.ids import new_id
from service.models import Dirty, Job, Lease
from service.rows import claim

#: how long a worker holds a job before others may take it again; it renews while alive
HOLD = timedelta(minutes=2)

#: No pause and no hold is longer than this: what lies further ahead was written down before the
#: clock was set back, and counts for nothing.
AHEAD = timedelta(minutes=10)

#: A moment, or the place of one in a statement that is used again.
Moment = datetime | BindParameter[datetime]

#: attempts before a job is given up visibly
ATTEMPTS = 5


#: the lease of the one process that writes the index
INDEX = "index"

#: the kinds of jobs that write the index; a moved document may stand in another category too
INDEXING = ("index", "index_moved", "project_customer")


def holder() -> str:
    """Return the name under which this process holds jobs and leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Lane(IntEnum):
    """Interactive work goes before bulk work."""

    INTERACTIVE = 0
    BULK = 1


@dataclass(frozen=True, slots=True)
class New:
    """A job to queue; `n` is the page it is about, `secret` (sealed) what opens its file."""

    kind: str
    subject: str
    lane: Lane = Lane.INTERACTIVE
    n: int | None = None
    secret: bytes | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A job a worker holds."""

    id: str
    kind: str
    subject: str
    lane: int
    attempts: int
    cause: int | None
    n: int | None = None
    secret: bytes | None = None


def add(db: Session, new: Iterable[New], *, cause: int | None) -> None:
    """Queue jobs caused by the log entry of that number."""
    rows = [row_of(job, cause=cause) for job in new]
    if rows:
        db.execute(insert(Job), rows)


def row_of(job: New, *, cause: int | None) -> dict[str, Any]:
    """Return the row of a job that is due now."""
    now = datetime.now(UTC)
    return {
        "id": new_id(),
        "kind": job.kind,
        "subject": job.subject,
        "n": job.n,
        "secret_ct": job.secret,
        "lane": int(job.lane),
        "state": "waiting",
        "due": now,
        "attempts": 0,
        "cause": cause,
        "created": now,
    }


def mark(db: Session, marks: Iterable[tuple[str, str]], *, rev: int) -> None:
    """Mark documents and customers whose indexed filter fields changed at `rev`."""
    for kind, subject in marks:
        known = update(Dirty).where(Dirty.kind == kind, Dirty.id == subject).values(rev=rev)
        if db.execute(known).rowcount == 0:  # type: ignore[attr-defined]
            db.execute(insert(Dirty).values(kind=kind, id=subject, rev=rev))


def unmark(db: Session, kind: str, ids: Iterable[str], *, rev: int) -> None:
    """Clear marks that the refreshed index has caught up with."""
    wanted = list(ids)
    if wanted:
        db.execute(delete(Dirty).where(Dirty.kind == kind, Dirty.id.in_(wanted), Dirty.rev <= rev))


def due(db: Session, kinds: Sequence[str], *, lane: Lane | None = None) -> bool:
    """Say whether a job of these kinds, in one lane or any, can be taken now."""
    now = datetime.now(UTC)
    found = db.execute(_look(tuple(kinds), lane), {"now": now, "ahead": now + AHEAD})
    return found.first() is not None


@cache
def _look(kinds: tuple[str, ...], lane: Lane | None) -> Select[tuple[str]]:
    """Return the statement of a look, made once: looks are many, and most of each was making it."""
    now, ahead = (bindparam(name, type_=Job.due.type) for name in ("now", "ahead"))
    return select(Job.id).where(*_open(kinds, lane), _free(now, ahead), _due(now, ahead)).limit(1)


def _open(kinds: Iterable[str], lane: Lane | None) -> tuple[ColumnElement[bool], ...]:
    """Return what leads to the few jobs of these kinds that are not over, in one lane or any.

    It says what follows from `_free` once more, and the kind in a way that no index answers, so
    that SQLite takes the index by state. By kind it would look at every finished job of years,
    some twenty times a second.
    """
    lanes = list(Lane) if lane is None else [lane]
    return (
        Job.state.in_(("waiting", "running")),
        Job.lane.in_([int(one) for one in lanes]),
        (Job.kind + "").in_(list(kinds)),
    )


def _free(now: Moment, ahead: Moment) -> ColumnElement[bool]:
    over = or_(Job.held_until < now, Job.held_until > ahead)
    return or_(Job.state == "waiting", (Job.state == "running") & over)


def _due(now: Moment, ahead: Moment) -> ColumnElement[bool]:
    return or_(Job.due <= now, Job.due > ahead)


def take(
    db: Session, holder: str, kinds: Iterable[str], *, limit: int = 1, lane: Lane | None = None
) -> list[Taken]:
    """Take due jobs, interactive first; on PostgreSQL rows other workers look at are skipped."""
    now = datetime.now(UTC)
    ahead = now + AHEAD
    wanted = (
        select(Job)
        .where(*_open(kinds, lane), _free(now, ahead), _due(now, ahead))
        .order_by(Job.lane, Job.due, Job.id)
        .limit(limit)
    )
    if db.get_bind().dialect.name != "sqlite":
        wanted = wanted.with_for_update(skip_locked=True)
    taken = []
    for job in db.scalars(wanted):
        job.state = "running"
        job.attempts += 1
        job.started = now
        job.holder = holder
        job.held_until = now + HOLD
        place = (job.subject, job.lane, job.attempts, job.cause, job.n, job.secret_ct)
        taken.append(Taken(job.id, job.kind, *place))
    return taken


def renew(db: Session, holder: str) -> None:
    """Hold what this worker runs a while longer."""
    db.execute(
        update(Job)
        .where(Job.state == "running", Job.holder == holder)
        .values(held_until=datetime.now(UTC) + HOLD)
    )


def done(db: Session, ids: Iterable[str]) -> None:
    """Finish jobs; whatever secret they carried is erased."""
    db.execute(
        update(Job)
        .where(Job.id.in_(list(ids)))
        .values(state="done", finished=datetime.now(UTC), secret_ct=None, error=None)
        .execution_options(synchronize_session=False)
    )


def finished(db: Session, ids: Iterable[str]) -> set[str]:
    """Return which of these jobs are done already."""
    return set(db.scalars(select(Job.id).where(Job.id.in_(list(ids)), Job.state == "done")))


def give_back(db: Session, ids: Iterable[str], *, error: str, counted: bool = True) -> None:
    """Put jobs back with growing pauses; after `ATTEMPTS` they are given up visibly.

    `counted` False: not the job's fault (a server is away), so the attempt does not count.
    """
    now = datetime.now(UTC)
    for job in db.scalars(select(Job).where(Job.id.in_(list(ids)))):
        if not counted:
            job.attempts = max(0, job.attempts - 1)
        job.error = error
        job.holder = None
        job.held_until = None
        if job.attempts >= ATTEMPTS:
            job.state = "failed"
            job.finished = now
            job.secret_ct = None
        else:
            job.state = "waiting"
            pause = min(300, 2 ** max(1, job.attempts)) if counted else 3
            job.due = now + timedelta(seconds=pause)


def waiting(db: Session) -> dict[tuple[str, str], int]:
    """Return how many jobs stand in each (kind, state), without the done ones."""
    rows = db.execute(
        select(Job.kind, Job.state, func.count())
        .where(Job.state.in_(("waiting", "running", "failed")))
        .group_by(Job.kind, Job.state)
    )
    return {(kind, state): count for kind, state, count in rows}


def lease(
    db: Session, name: str, holder: str, seconds: int, *, longest: timedelta | None = AHEAD
) -> bool:
    """Take or renew a named lease; return whether `holder` has it now.

    One that runs for more than `longest` from now was taken before the clock was set back: it
    is free. None: it is believed, for what two hosts whose clocks differ must not both have.
    """
    now = datetime.now(UTC)
    until = now + timedelta(seconds=seconds)
    mine = or_(Lease.holder == holder, Lease.until < now)
    if longest is not None:
        mine = or_(mine, Lease.until > now + longest)
    renewed = update(Lease).where(Lease.name == name, mine).values(holder=holder, until=until)
    if db.execute(renewed).rowcount:  # type: ignore[attr-defined]
        return True
    made = claim(db, Lease, name, {"name": name, "holder": holder, "until": until})
    return made.holder == holder


def release(db: Session, name: str, holder: str) -> None:
    """Give a lease up."""
    db.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def take_over(db: Session, name: str, holder: str, seconds: int) -> bool:
    """Take a lease whose holder is idle: no job is running under it."""
    now = datetime.now(UTC)
    current = db.get(Lease, name)
    if current is None:
        return lease(db, name, holder, seconds)
    busy = db.scalars(
        select(Job.id)
        .where(
            Job.holder == current.holder,
            Job.state == "running",
            Job.kind.in_(INDEXING),
            Job.held_until.between(now, now + AHEAD),
        )
        .limit(1)
    ).first()
    if busy:
        return False
    current.holder = holder
    current.until = now + timedelta(seconds=seconds)
    return True
