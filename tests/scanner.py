"""A virus scanner that speaks as clamd does, for tests: what holds its word is a virus."""

import socketserver
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

WORD = b"this-is-the-virus"


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        if command == b"zPING\0":
            self.wfile.write(b"PONG\0")
            return
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
        found = b"stream: Test.Virus FOUND\0" if WORD in content else b"stream: OK\0"
        self.wfile.write(found)


@contextmanager
def scanner(port: int = 0) -> Iterator[str]:
    """Run a scanner on loopback; gives its HOST:PORT."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), _Talk) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
