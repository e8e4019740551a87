"""The web as an installation runs it, and requests written byte by byte."""

import json
import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.live.process import LOOPBACK, Server, answers, free_port


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return what the body says."""
        return json.loads(self.body)


@dataclass(slots=True)
class Web:
    """A running web: its port, its process and somebody's token."""

    port: int
    server: Server
    token: str = ""

    @classmethod
    @contextmanager
    def running(cls, data: Path, **settings: object) -> Iterator[Self]:
        """Run `guidang web` on an archive; whatever is sent to it, nothing may break in it."""
        port = free_port()
        told = {name: value for name, value in os.environ.items() if "GUIDANG_" not in name}
        wanted = {"data": data, "demo": 0, "listen": f"{LOOPBACK}:{port}", **settings}
        told |= {f"GUIDANG_{name.upper()}": str(value) for name, value in wanted.items()}
        server = Server(
            name="web",
            command=[sys.executable, "-m", "service", "web"],
            log=data / "web.log",
            healthy=answers(f"http://{LOOPBACK}:{port}/healthz"),
            environment=told,
            inherits=False,
        )
        with server.running():
            yield cls(port, server)
        logged = server.log.read_text("utf-8")
        assert "Traceback" not in logged
        assert "request failed" not in logged

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection((LOOPBACK, self.port), timeout=60)

    def head(self, method: str, target: str, *more: str, host: str = "127.0.0.1") -> bytes:
        """Return the head of a request to the API with the person's token."""
        lines = [f"{method} /api/v1{target} HTTP/1.1", f"Host: {host}", "Connection: close"]
        lines += [f"Authorization: Bearer {self.token}", *more]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")

    def send(self, request: bytes) -> Reply:
        """Send bytes and read the whole answer."""
        with self.connect() as connection:
            connection.sendall(request)
            return received(connection)

    def get(self, target: str, *more: str) -> Reply:
        """Read something of the API."""
        return self.send(self.head("GET", target, *more))

    def post(self, target: str, body: bytes, *more: str) -> Reply:
        """Send a JSON body."""
        lines = ("Content-Type: application/json", f"Content-Length: {len(body)}", *more)
        return self.send(self.head("POST", target, *lines) + body)

    def memory(self) -> int:
        """Return the memory in bytes that its processes hold at most since they began."""
        return 1024 * max(
            int(re.findall(r"VmHWM:\s+(\d+)", told)[0]) for told in self._of("status")
        )

    def computed(self) -> float:
        """Return the processor time in seconds that its processes have used."""
        ticks = (told.rpartition(")")[2].split()[11:13] for told in self._of("stat"))
        return sum(int(tick) for both in ticks for tick in both) / os.sysconf("SC_CLK_TCK")

    def _of(self, what: str) -> list[str]:
        """Return what the system tells of each of its processes."""
        assert self.server.process is not None
        parent = self.server.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
        return [Path(f"/proc/{pid}/{what}").read_text("ascii") for pid in children]


def received(connection: socket.socket) -> Reply:
    """Read an answer to the end of the connection."""
    came = b""
    try:
        while piece := connection.recv(1 << 16):
            came += piece
    except ConnectionResetError:
        assert came, "cut off without an answer"
    head, _, body = came.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (s.partition(":") for s in lines)}
    return Reply(int(first.split()[1]), headers, body)


def part(name: str, content: bytes, *, file_name: str = "") -> bytes:
    """Return one part of a form whose boundary is x."""
    file = f'; filename="{file_name}"' if file_name else ""
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """Return a whole form."""
    return b"".join(parts) + b"--x--\r\n"
