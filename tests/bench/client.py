"""One client of the API over a connection that stays open."""

import http.client
import json
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from tests.live.process import LOOPBACK

_BORDER = "guidang-bench"
#: Bytes sent or taken at once.
_PIECE = 256 * 1024


class Refused(RuntimeError):
    """An answer that is no success, with its status."""

    def __init__(self, what: str, status: int, content: bytes) -> None:
        super().__init__(f"{what}: {status} {content[:500]!r}")
        self.status = status


class Client:
    """Asks as one person. Times are seconds from the request to the whole answer."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}"}

    def search(self, parameters: list[tuple[str, str]]) -> tuple[float, dict[str, Any]]:
        """Search; return the time it took and the answer."""
        return self.timed("GET", f"/api/v1/search?{urlencode(parameters)}")

    def add(self, customer: str, kind: str, name: str, content: bytes) -> dict[str, Any]:
        """Upload a file to a customer."""
        return self._add(customer, kind, name, [content], len(content))[1]

    def add_file(self, customer: str, kind: str, file: Path) -> tuple[float, dict[str, Any]]:
        """Upload a file of any size piece by piece; return the time it took and the answer."""
        return self._add(customer, kind, file.name, _pieces(file), file.stat().st_size)

    def _add(
        self, customer: str, kind: str, name: str, pieces: Iterable[bytes], size: int
    ) -> tuple[float, dict[str, Any]]:
        head = (
            f'--{_BORDER}\r\nContent-Disposition: form-data; name="kind"\r\n\r\n{kind}\r\n'
            f'--{_BORDER}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        end = f"\r\n--{_BORDER}--\r\n".encode()
        more = {
            "Content-Type": f"multipart/form-data; boundary={_BORDER}",
            "Content-Length": str(len(head) + size + len(end)),
        }
        path = f"/api/v1/customers/{customer}/documents"
        return self.timed("POST", path, chain([head], pieces, [end]), more)

    def save(self, document: str, target: Path) -> float:
        """Download an original into a file piece by piece; return the time it took."""
        started = perf_counter()
        path = f"/api/v1/documents/{document}/content"
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        if answer.status != HTTPStatus.OK:
            raise Refused(f"GET {path}", answer.status, answer.read())
        with target.open("wb") as file:
            while piece := answer.read(_PIECE):
                file.write(piece)
        return perf_counter() - started

    def page(self, path: str) -> tuple[float, int]:
        """Ask for a page; return the time it took and the status: it may not be made yet."""
        started = perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took = perf_counter() - started
        if answer.status not in (HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND):
            raise Refused(f"GET {path}", answer.status, content)
        return took, answer.status

    def timed(
        self,
        method: str,
        path: str,
        body: Iterable[bytes] | None = None,
        more: dict[str, str] | None = None,
    ) -> tuple[float, dict[str, Any]]:
        """Make a request; raises `Refused` for anything but success."""
        started = perf_counter()
        self._connection.request(method, path, body, self._headers | (more or {}))
        answer = self._connection.getresponse()
        content = answer.read()
        took = perf_counter() - started
        if answer.status not in (200, 201):
            raise Refused(f"{method} {path}", answer.status, content)
        loaded: dict[str, Any] = json.loads(content)
        return took, loaded

    def audit(self) -> "Audit":
        """Read the histogram of the log."""
        self._connection.request("GET", "/metrics")
        return Audit.of(self._connection.getresponse().read().decode())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(_PIECE):
            yield piece


class Audit:
    """The histogram `audit_seconds` at one moment, or what it gained between two."""

    def __init__(self, buckets: dict[float, float], count: float, total: float) -> None:
        self.buckets, self.count, self.total = buckets, count, total

    @classmethod
    def of(cls, text: str) -> "Audit":
        """Read it from what Prometheus would read."""
        buckets: dict[float, float] = {}
        values = {"count": 0.0, "sum": 0.0}
        for line in text.splitlines():
            name, _, value = line.rpartition(" ")
            if name.startswith('guidang_audit_seconds_bucket{le="'):
                buckets[float(name.split('"')[1])] = float(value)
            elif name.startswith("guidang_audit_seconds_"):
                values[name.removeprefix("guidang_audit_seconds_")] = float(value)
        return cls(buckets, values["count"], values["sum"])

    def __sub__(self, earlier: "Audit") -> "Audit":
        gained = {edge: n - earlier.buckets.get(edge, 0) for edge, n in self.buckets.items()}
        return Audit(gained, self.count - earlier.count, self.total - earlier.total)

    def quantile(self, share: float) -> float:
        """Return a quantile, straight between the edges of its bucket as Prometheus does."""
        wanted, low, below = share * self.count, 0.0, 0.0
        for edge, n in sorted(self.buckets.items()):
            if n >= wanted and n > below:
                return low + (edge - low) * (wanted - below) / (n - below)
            low, below = edge, n
        return low
