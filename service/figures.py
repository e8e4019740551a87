"""Figures the archive keeps of itself, for operators (Prometheus).

Every process counts in memory and now and then adds what is new to sums in the database: so the
web, however many processes of it there are, tells what all of them and the workers counted. What
a process counted since the last time is lost when it dies (`service.upkeep.BEAT` seconds).
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Histogram
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.db import Database
from service.models import Figure
from service.rows import claim

REGISTRY = CollectorRegistry()

_FINE = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_LONG = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0)


def _histogram(name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
    return Histogram(name, about, labels, namespace="guidang", buckets=buckets, registry=REGISTRY)


def _counter(name: str, about: str, *labels: str) -> Counter:
    return Counter(name, about, labels, namespace="guidang", registry=REGISTRY)


AUDIT_SECONDS = _histogram("audit_seconds", "time to append to the log and commit", _FINE)
SEARCH_SECONDS = _histogram("search_seconds", "time of the search engine alone", _FINE)
RECHECK_DROPPED = _counter(
    "recheck_dropped", "hits the database took out after the engine found them"
)
REQUESTS = _counter("requests", "requests by the first digit of their status", "status")
REQUEST_SECONDS = _histogram(
    "request_seconds", "time from a request to the start of its answer", (*_FINE, 5.0, 10.0)
)
JOBS = _counter("jobs", "attempts at jobs by kind and how they ended", "kind", "state")
EXTRACTION_SECONDS = _histogram(
    "extraction_seconds", "time to read one file in the sandbox", _LONG, "result"
)
DOCUMENTS_INDEXED = _counter("documents_indexed", "documents sent to the index")

#: Name of a sample, and its labels as JSON.
Key = tuple[str, str]


@contextmanager
def audit_time() -> Iterator[None]:
    """Time one commit of the log."""
    with AUDIT_SECONDS.time():
        yield


_adding = Lock()
_added: dict[Key, float] = {}


def add_up(database: Database) -> None:
    """Add what this process counted since the last time to the archive's sums.

    Raises `Unavailable`; then it is added the next time. (A commit that happened although it
    was reported as failed counts twice: these are figures, not accounts.)
    """
    with _adding:
        counted = _counted()
        fresh = {key: value - _added.get(key, 0) for key, value in counted.items()}
        fresh = {key: more for key, more in sorted(fresh.items()) if more}
        if not fresh:
            return
        with database.write() as db:
            for key, more in fresh.items():
                _add(db, key, more)
        _added.update(counted)


def sums(db: Session) -> Mapping[Key, float]:
    """Return what all processes counted."""
    rows = db.execute(select(Figure.name, Figure.labels, Figure.value))
    return {(name, labels): value for name, labels, value in rows}


def _counted() -> dict[Key, float]:
    return {
        (sample.name, json.dumps(sample.labels, sort_keys=True)): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def _add(db: Session, key: Key, more: float) -> None:
    name, labels = key
    here = update(Figure).where(Figure.name == name, Figure.labels == labels)
    moved = here.values(value=Figure.value + more)
    if not db.execute(moved).rowcount:  # type: ignore[attr-defined]
        claim(db, Figure, key, {"name": name, "labels": labels, "value": 0.0})
        db.execute(moved)
