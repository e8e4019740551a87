"""The figures for Prometheus: sums of all processes, and how things stand at this moment."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from service import figures, probing, queues, readiness
from service.archive import Archive
from service.errors import Unavailable
from service.probing import Reading

log = structlog.get_logger()

#: What stands at this moment: name, what it says, labels.
GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "up": ("1 where a part answers this web process", ("part",)),
    "jobs_open": ("jobs that wait, run or were given up (failed)", ("stage", "lane", "state")),
    "job_age_seconds": ("age of the oldest waiting job", ("stage", "lane")),
    "marks": ("documents and clients that searches leave out until indexed", ()),
    "marks_age_seconds": ("age of the oldest such mark", ()),
    "seen_seconds": ("since a process of this part showed that it lives", ("part",)),
    "measured_seconds": ("since a worker measured this", ("what",)),
    "drift": ("documents by which index and database differ", ("how",)),
    "indexed": ("documents in the index", ("category",)),
    "stored_objects": ("originals in the store", ()),
    "stored_bytes": ("bytes of originals in the store", ()),
    "database_bytes": ("size of the database", ()),
    "keys": ("keys in the keystore", ()),
    "mirror_agrees": ("1 if the mirror held the same keys", ()),
    "disk_free_bytes": ("room left where this web process keeps its data", ()),
}

Value = tuple[str, tuple[str, ...], float]


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        """Give what was put together."""
        yield from self._families


def exposition(archive: Archive) -> bytes:
    """Return all figures as text; without the database only what this process can tell."""
    values: list[Value] = [
        ("up", (name,), float(up)) for name, up in readiness.parts(archive).items()
    ]
    values += [("disk_free_bytes", (), float(free)) for free in _free(archive.settings.data)]
    try:
        figures.add_up(archive.db)
        with archive.db.read() as db:
            sums = figures.sums(db)
            values += [*_queues(db), *_measured(probing.readings(db))]
    except Unavailable:
        sums = {}
    except Exception:
        # what this process can tell by itself is told
        log.exception("figures_failed")
        sums = {}
    return generate_latest(_Families([*_summed(sums), *_gauges(values)]))


def _free(folder: Path) -> list[int]:
    try:
        return [shutil.disk_usage(folder).free]
    except OSError:
        return []


def _summed(sums: Mapping[figures.Key, float]) -> Iterator[Metric]:
    """Yield what this process knows to count, with the sums of all."""
    for family in figures.REGISTRY.collect():
        made = Metric(family.name, family.documentation, family.type)
        names = [family.name + end for end in ("_total", "_bucket", "_count", "_sum")]
        rows = [(name, json.loads(labels), value) for (name, labels), value in sums.items()]
        for name, labels, value in sorted(
            (row for row in rows if row[0] in names), key=lambda row: _order(row[0], row[1])
        ):
            made.add_sample(name, labels, value)
        yield made


def _order(name: str, labels: Mapping[str, str]) -> tuple[object, ...]:
    """Sort the buckets of a histogram by their size."""
    rest = sorted((k, v) for k, v in labels.items() if k != "le")
    return rest, name, float(labels.get("le", "inf"))


def _gauges(values: Iterable[Value]) -> Iterator[Metric]:
    known = list(values)
    for name, (about, labels) in GAUGES.items():
        family = GaugeMetricFamily(f"guidang_{name}", about, labels=labels)
        for found, given, value in known:
            if found == name:
                family.add_metric(given, value)
        yield family


def _queues(db: Session) -> Iterator[Value]:
    for queue in queues.standing(db):
        place = (queue.stage, queue.lane.name.lower())
        yield "jobs_open", (*place, "waiting"), queue.waiting
        yield "jobs_open", (*place, "running"), queue.running
        yield "jobs_open", (*place, "failed"), queue.failed
        yield "job_age_seconds", place, queue.oldest or 0.0
    marks = queues.marks(db)
    yield "marks", (), marks.count
    yield "marks_age_seconds", (), marks.oldest or 0.0


def _measured(found: Mapping[str, Reading]) -> Iterator[Value]:
    now = datetime.now(UTC)
    for part in ("web", "worker"):
        if seen := probing.last_seen(found, part):
            yield "seen_seconds", (part,), seen.age(now)
    for name, one in found.items():
        if ":" not in name:
            yield "measured_seconds", (name,), one.age(now)
            yield from _of(one)


def _of(one: Reading) -> Iterator[Value]:
    body = one.body
    for how in ("missing", "surplus", "outdated"):
        if how in body:
            yield "drift", (how,), float(body[how])
    for category, counts in body.get("categories", {}).items():
        yield "indexed", (category,), float(counts["indexed"])
    for name, member in (
        ("stored_objects", "objects"),
        ("stored_bytes", "bytes"),
        ("database_bytes", "database"),
        ("keys", "keys"),
    ):
        if member in body:
            yield name, (), float(body[member])
    if "mirror" in body:
        yield "mirror_agrees", (), float(body["mirror"] == "agrees")
