"""One client of the API over a connection that stays open."""

import http.client
import json
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from tests.live.process import LOOPBACK


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
        border = "guidang-bench"
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="kind"\r\n\r\n{kind}\r\n'
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{border}--\r\n".encode()
        path = f"/api/v1/customers/{customer}/documents"
        content_type = {"Content-Type": f"multipart/form-data; boundary={border}"}
        return self.timed("POST", path, body, content_type)[1]

    def timed(
        self, method: str, path: str, body: bytes | None = None, more: dict[str, str] | None = None
    ) -> tuple[float, dict[str, Any]]:
        """Make a request; anything but success ends the benchmark."""
        started = perf_counter()
        self._connection.request(method, path, body, self._headers | (more or {}))
        answer = self._connection.getresponse()
        content = answer.read()
        took = perf_counter() - started
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")
        loaded: dict[str, Any] = json.loads(content)
        return took, loaded

    def audit(self) -> "Audit":
        """Read the histogram of the log."""
        self._connection.request("GET", "/metrics")
        return Audit.of(self._connection.getresponse().read().decode())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


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
