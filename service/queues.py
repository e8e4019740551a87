"""How the work that waits stands: by stage and lane, with its age, its pace and what gave up."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from service.jobs import Lane
from service.models import AuditEvent, Dirty, Job

#: Kinds of jobs that are one stage to people; every other kind is a stage of its own.
_STAGES = {
    "index_moved": "index",
    "project_customer": "index",
    "render_page": "render",
    "spread": "render",
}

#: Stages that are shown although nothing was ever to do in them.
_ALWAYS = ("extract", "index")

#: The time a trend covers, and its steps.
HOUR = timedelta(hours=1)
_STEPS = 12

#: Of how many jobs, the newest, median and 95th percentile are taken.
_SAMPLE = 2_000


@dataclass(slots=True)
class Queue:
    """One stage in one lane. Times in seconds; `trend` counts jobs ended in each five minutes."""

    stage: str
    lane: Lane
    waiting: int = 0
    running: int = 0
    failed: int = 0
    oldest: float | None = None
    trend: list[int] = field(default_factory=lambda: [0] * _STEPS)
    median: float | None = None
    slowest: float | None = None

    @property
    def ended(self) -> int:
        """Return how many jobs ended within the last hour."""
        return sum(self.trend)

    @property
    def rising(self) -> bool:
        """Say whether more waits than ends within ten minutes at this pace."""
        return self.waiting > max(20, self.ended / 6)


def standing(db: Session) -> Sequence[Queue]:
    """Return every stage and lane. Looks at open jobs and those of the last hour only."""
    now = datetime.now(UTC)
    found = {(s, lane): Queue(s, lane) for s in _ALWAYS for lane in Lane}

    def at(kind: str, lane: int) -> Queue:
        key = (_STAGES.get(kind, kind), Lane(lane))
        return found.setdefault(key, Queue(*key))

    for kind, lane, state, count, created in _open(db):
        queue = at(kind, lane)
        setattr(queue, state, getattr(queue, state) + count)
        if state == "waiting":
            queue.oldest = max(queue.oldest or 0, (now - created).total_seconds(), 0)
    for step, kind, lane, count in _ended(db, now):
        at(kind, lane).trend[step] += count
    times = defaultdict(list)
    for kind, lane, started, finished in _sample(db, now):
        times[id(at(kind, lane))].append((finished - started).total_seconds())
    for queue in found.values():
        queue.median, queue.slowest = _spread(times.get(id(queue), []))
    return [found[key] for key in sorted(found)]


def _open(db: Session) -> Sequence[tuple[str, int, str, int, datetime]]:
    rows = db.execute(
        select(Job.kind, Job.lane, Job.state, func.count(), func.min(Job.created))
        .where(Job.state.in_(("waiting", "running", "failed")))
        .group_by(Job.kind, Job.lane, Job.state)
    )
    return rows.tuples().all()


def _ended(db: Session, now: datetime) -> Iterator[tuple[int, str, int, int]]:
    """Count what ended in each step of the last hour, from the index of the ends alone."""
    for step in range(_STEPS):
        start = now - HOUR + step * HOUR / _STEPS
        ended = (Job.finished >= start) & (Job.finished < start + HOUR / _STEPS)
        counts = select(Job.kind, Job.lane, func.count()).where(ended).group_by(Job.kind, Job.lane)
        for kind, lane, count in db.execute(counts):
            yield step, kind, lane, count


def _sample(db: Session, now: datetime) -> Sequence[Row[Any]]:
    return db.execute(
        select(Job.kind, Job.lane, Job.started, Job.finished)
        .where(Job.finished >= now - HOUR, Job.started.is_not(None))
        .order_by(Job.finished.desc())
        .limit(_SAMPLE)
    ).all()


def _spread(times: list[float]) -> tuple[float | None, float | None]:
    if len(times) < 2:  # noqa: PLR2004 - nothing to rank
        return (times[0], times[0]) if times else (None, None)
    ranks = quantiles(times, n=20, method="inclusive")
    return ranks[9], ranks[18]


@dataclass(frozen=True, slots=True)
class Marks:
    """What the index does not know yet: how many marks, and the age of the oldest in seconds."""

    count: int
    oldest: float | None


def marks(db: Session) -> Marks:
    """Return the marks of documents and customers that searches leave out until indexed."""
    count, first = db.execute(select(func.count(), func.min(Dirty.rev))).one()
    made = db.scalar(select(AuditEvent.ts).where(AuditEvent.seq == first)) if count else None
    age = (datetime.now(UTC) - datetime.fromisoformat(made)).total_seconds() if made else None
    return Marks(int(count), None if age is None else max(0.0, age))
