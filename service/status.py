"""How the archive is: is it healthy, will a file appear. Counts, codes and ids; no names."""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from service import anchored, orphans, probing, queues, readiness, schema, viruses
from service.anchored import Standing
from service.archive import Archive, Call
from service.errors import Unavailable
from service.policy import packaged, parse
from service.probing import Reading
from service.queues import Marks, Queue

log = structlog.get_logger()

_T = TypeVar("_T")

#: Seconds a part gets to answer before the page says that it does not.
PATIENCE = 0.6

#: Seconds after which a measurement says nothing any more, and a process counts as gone.
STALE = 1800.0
GONE = 60.0

#: Seconds an interactive job may wait, and a mark stand, before it is worth a sentence.
LATE = 600.0

#: Walls whose lack is told: a namespace of the network, and a filter of calls (seccomp).
_WALLS = ("network", "calls")

#: What a worker tells of LibreOffice, the best first.
_OFFICE = ("ready", "unwalled", "absent", "off")

#: Which share of a disk should stay free.
_ROOM = 0.1


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that holds a folder of this host, in bytes."""

    used: int
    total: int
    free: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to look at: a code, whether it is urgent, and what its sentence names."""

    code: str
    urgent: bool = False
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """What the page shows. `index`, `storage` and `keystore` are measurements of a worker."""

    now: datetime
    parts: Mapping[str, bool]
    queues: Sequence[Queue]
    marks: Marks
    index: Reading | None
    storage: Reading | None
    keystore: Reading | None
    worker: Reading | None
    workers: Sequence[Reading]
    disk: Disk | None
    versions: Mapping[str, str]
    anchor: Standing
    notices: Sequence[Notice]

    @property
    def waiting(self) -> int:
        """Return how many jobs wait."""
        return sum(queue.waiting for queue in self.queues)

    @property
    def failed(self) -> int:
        """Return how many jobs were given up."""
        return sum(queue.failed for queue in self.queues)

    @property
    def oldest(self) -> float | None:
        """Return the age of the oldest waiting job in seconds."""
        return max((q.oldest for q in self.queues if q.oldest is not None), default=None)

    @property
    def office(self) -> str | None:
        """Say what the living workers make of LibreOffice: the best of their hosts."""
        told = {one.body.get("office") for one in self.workers}
        return next((state for state in _OFFICE if state in told), None)

    def stale(self, one: Reading | None) -> bool:
        """Say whether a measurement is missing or too old to be believed."""
        return one is None or one.age(self.now) > STALE

    @property
    def worker_lives(self) -> bool:
        """Say whether a worker has been seen lately."""
        return self.worker is not None and self.worker.age(self.now) <= GONE

    @property
    def healthy(self) -> bool:
        """Say whether nothing urgent is to be looked at."""
        return not any(notice.urgent for notice in self.notices)


def look(call: Call) -> Status:
    """Return how the archive is, for those who may know; no part that is away stops it."""
    call.require()
    archive = call.archive
    parts = dict(readiness.parts(archive, patience=PATIENCE))
    if archive.settings.clamd:
        parts["scanner"] = viruses.answers(archive.settings.clamd)
    measured: Mapping[str, Reading] = _asked(
        parts, "database", lambda: probing.readings(call.db), {}
    )
    now = datetime.now(UTC)
    found = Status(
        now=now,
        parts=parts,
        queues=_asked(parts, "database", lambda: queues.standing(call.db), ()),
        marks=_asked(parts, "database", lambda: queues.marks(call.db), Marks(0, None)),
        index=measured.get(probing.INDEX),
        storage=measured.get(probing.STORAGE),
        keystore=measured.get(probing.KEYSTORE),
        worker=probing.last_seen(measured, "worker"),
        workers=probing.seen(measured, "worker", since=now - timedelta(seconds=GONE)),
        disk=_asked(parts, "blobs", lambda: _disk(archive), None),
        versions={
            **_asked(parts, "database", lambda: _versions(archive, call.db), {}),
            **_servers(measured),
        },
        anchor=_asked(parts, "database", lambda: anchored.standing(call.db), Standing()),
        notices=(),
    )
    notices = (*_of_parts(found), *_of_work(found), *_of_measures(found), *_of_anchor(found))
    cut_off: Sequence[Notice] = _asked(parts, "database", lambda: _of_orphans(call, now), ())
    notices = (*notices, *cut_off, *_of_walls(found), *_of_policy(call))
    return replace(found, notices=sorted(notices, key=lambda notice: not notice.urgent))


def _asked(parts: dict[str, bool], part: str, ask: Callable[[], _T], otherwise: _T) -> _T:
    """Ask a part of the archive for a part of the page; if that fails oddly, it is away."""
    try:
        return ask()
    except Unavailable:
        raise
    except Exception:
        log.exception("part_broken", part=part)
        parts[part] = False
        return otherwise


def _disk(archive: Archive) -> Disk | None:
    """Return the disk of the originals, where they lie on this host."""
    kind, _, folder = archive.settings.blobs_url.partition(":")
    if kind != "folder":
        return None
    try:
        usage = shutil.disk_usage(Path(folder))
    except OSError:
        return None
    return Disk(usage.used, usage.total, usage.free)


def _versions(archive: Archive, db: Session) -> Mapping[str, str]:
    python = ".".join(map(str, sys.version_info[:3]))
    found = {"guidang": version("guidang"), "Python": python, "schema": schema.revision(db) or ""}
    if db.get_bind().dialect.name == "sqlite":
        found["SQLite"] = str(db.scalar(text("SELECT sqlite_version()")))
    else:
        found["PostgreSQL"] = str(db.scalar(text("SHOW server_version")))
    if archive.settings.search_url.startswith("embedded:"):
        found["tantivy"] = version("tantivy")
    return found


def _servers(measured: Mapping[str, Reading]) -> Mapping[str, str]:
    """Return what search and file store told a worker of their versions, where they tell any."""
    found: dict[str, str] = {}
    for name in (probing.INDEX, probing.STORAGE):
        if name in measured:
            found |= measured[name].body.get("server") or {}
    return found


def _of_parts(status: Status) -> Sequence[Notice]:
    away = [
        Notice("away", urgent=True, params={"part": part})
        for part, answers in status.parts.items()
        if not answers
    ]
    if not status.worker_lives:
        away.append(Notice("no_worker", urgent=True))
    return away


def _of_work(status: Status) -> Sequence[Notice]:
    found = [
        Notice("rising", params={"stage": queue.stage, "waiting": queue.waiting})
        for queue in status.queues
        if queue.rising
    ]
    if status.failed:
        found.append(Notice("failed", params={"count": status.failed}))
    late = [q.oldest for q in status.queues if not q.lane and (q.oldest or 0) > LATE]
    if late:
        found.append(Notice("late", urgent=True))
    if (status.marks.oldest or 0) > LATE:
        found.append(Notice("marks", params={"count": status.marks.count}))
    return found


def _of_measures(status: Status) -> Sequence[Notice]:
    found = []
    for name in (probing.INDEX, probing.KEYSTORE, probing.STORAGE):
        one: Reading | None = getattr(status, name)
        if status.stale(one):
            found.append(Notice("stale", params={"what": name}))
    index, keys = status.index, status.keystore
    if index is not None and index.body.get("unusable"):
        found.append(Notice("unusable", urgent=True))
    if index is not None and index.body.get("drift"):
        found.append(Notice("drift", urgent=True, params={"count": index.body["drift"]}))
    if keys is not None and keys.body["mirror"] != "agrees":
        found.append(Notice(f"mirror_{keys.body['mirror']}", urgent=True))
    if status.disk is not None and status.disk.free < _ROOM * status.disk.total:
        found.append(Notice("disk", urgent=True))
    return found


def _of_anchor(status: Status) -> Sequence[Notice]:
    anchor, found = status.anchor, []
    if anchor.refused:
        found.append(Notice("anchor_refused", urgent=True, params={"size": anchor.size}))
    if anchor.late(status.now):
        found.append(Notice("anchor_late", urgent=True, params={"signed": anchor.signed}))
    found += [
        Notice("anchor_unreached", urgent=True, params={"place": place.name, "taken": place.taken})
        for place in anchor.unreached(status.now)
    ]
    if not anchor.outside:
        found.append(Notice("unanchored"))
    return found


def _of_orphans(call: Call, now: datetime) -> Sequence[Notice]:
    """Tell of intents of the last day without an outcome, but not of reads that are at work."""
    found = orphans.find(call.db, since=orphans.lately(now))
    old = orphans.cut_off(found, call.policy.limits.log, now)
    if not old:
        return ()
    return (Notice("orphans", urgent=True, params={"count": len(old), "first": old[0].seq}),)


def _of_walls(status: Status) -> Sequence[Notice]:
    """Name walls around readers that a host of a living worker does not permit."""
    told = [one.body.get("walls") or {} for one in status.workers]
    found = [wall for wall in _WALLS if any(w.get(wall) is False for w in told)]
    if any(one.body.get("office") == "unwalled" for one in status.workers):
        found.append("office")
    return [Notice(f"no_wall_{wall}") for wall in found]


def _of_policy(call: Call) -> Sequence[Notice]:
    """Name actions of this program that the policy in force says nothing of: they are denied."""
    shipped = parse(packaged(call.archive.settings.policy_dir)).do.rules
    missing = sorted(set(shipped) - set(call.policy.do.rules))
    return [Notice("no_rule", params={"action": action}) for action in missing]
