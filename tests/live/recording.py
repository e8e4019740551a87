"""A server in front of engine or store that hands everything on, and notes what it was asked.

With each request it notes which intents were committed in the log, and not yet at their end, at
the moment when the request arrived. Most end with their outcome; who opened an original may fetch
it, and further pieces of it, after that.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.live.asking import postgres

#: Headers of one connection alone, not of what is sent over it.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_BODYLESS = frozenset({204, 304})

_OPEN = """
    SELECT i.seq, i.action, i.actor FROM audit_event i
    LEFT JOIN audit_event o ON o.ref = i.seq AND o.phase = 'outcome'
    WHERE i.phase = 'intent'
      AND (o.seq IS NULL OR i.action = 'document.original' AND o.decision = 'allow')
    ORDER BY i.seq
"""


@dataclass(frozen=True, slots=True)
class Intent:
    """An intent that was committed and not at its end."""

    seq: int
    action: str
    actor: str


@dataclass(frozen=True, slots=True)
class Request:
    """What engine or store was asked, and under which intents."""

    method: str
    path: str
    body: bytes
    reader: str | None
    intents: tuple[Intent, ...]
    status: int

    @property
    def actions(self) -> set[str]:
        """Return the actions under which this was asked."""
        return {intent.action for intent in self.intents}


Intents = Callable[[], tuple[Intent, ...]]


@dataclass(slots=True)
class Recorder:
    """Where to send requests instead, and what was asked so far."""

    address: str
    requests: list[Request] = field(default_factory=list)

    @contextmanager
    def during(self) -> Iterator[list[Request]]:
        """Give a list that is filled, at the end of the block, with what was asked in it."""
        begin = len(self.requests)
        asked: list[Request] = []
        yield asked
        asked.extend(self.requests[begin:])


def open_intents(url: str) -> Intents:
    """Return a question to the log; each is asked on a connection of its own."""

    def ask() -> tuple[Intent, ...]:
        with postgres(url) as connection:
            return tuple(Intent(*row) for row in connection.execute(_OPEN))

    return ask


@contextmanager
def recording(target: str, intents: Intents) -> Iterator[Recorder]:
    """Listen on a free port and hand on to `target` (host:port)."""
    requests: list[Request] = []

    class Handler(_HandsOn):
        pass

    Handler.target, Handler.intents, Handler.requests = target, staticmethod(intents), requests
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        try:
            yield Recorder(f"127.0.0.1:{server.server_port}", requests)
        finally:
            server.shutdown()
            thread.join()


class _HandsOn(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: str
    intents: Intents
    requests: list[Request]

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        intents = self.intents()
        line = HTTPConnection(self.target, timeout=60)
        try:
            # the Host header stays: the store's signature covers it
            line.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP - {"content-length"}:
                    line.putheader(name, value)
            line.endheaders(body or None)
            answer = line.getresponse()
            content = answer.read()
            headers = answer.getheaders()
        finally:
            line.close()
        reader = self.headers.get("es-security-runas-user")
        self.requests.append(Request(self.command, self.path, body, reader, intents, answer.status))
        self._answer(answer.status, answer.reason, headers, content)

    def _answer(
        self, status: int, reason: str, headers: list[tuple[str, str]], content: bytes
    ) -> None:
        self.send_response_only(status, reason)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        if self.command == "HEAD":
            length = next((v for n, v in headers if n.lower() == "content-length"), "0")
            self.send_header("Content-Length", length)
        elif status not in _BODYLESS:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _hand_on  # noqa: N815 - named by http.server

    def log_message(self, *_: object) -> None:
        """Say nothing: the requests are noted."""
