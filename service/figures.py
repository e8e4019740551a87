"""Figures the archive keeps of itself, for operators (Prometheus)."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram

_FINE = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)

AUDIT_SECONDS = Histogram(
    "audit_seconds", "time to append to the log and commit", namespace="guidang", buckets=_FINE
)
SEARCH_SECONDS = Histogram(
    "search_seconds", "time of the search engine alone", namespace="guidang", buckets=_FINE
)
RECHECK_DROPPED = Counter(
    "recheck_dropped", "hits the database took out after the engine found them", namespace="guidang"
)
JOBS = Counter("jobs", "jobs by kind and how they ended", ("kind", "state"), namespace="guidang")
REQUESTS = Counter(
    "requests", "requests by the first digit of their status", ("status",), namespace="guidang"
)
REQUEST_SECONDS = Histogram(
    "request_seconds", "time from a request to the start of its answer", namespace="guidang"
)
DOCUMENTS_INDEXED = Counter("documents_indexed", "documents sent to the index", namespace="guidang")


@contextmanager
def audit_time() -> Iterator[None]:
    """Time one commit of the log."""
    with AUDIT_SECONDS.time():
        yield
