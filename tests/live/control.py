"""How a test stops a server and starts it again: `with gone("elastic"): …`.

The harness listens on a Unix socket named by GUIDANG_TEST_CONTROL; one line asks, one answers.
"""

import os
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.live.process import Server, ServerError

VARIABLE = "GUIDANG_TEST_CONTROL"


@contextmanager
def gone(name: str) -> Iterator[None]:
    """Stop `elastic`, `minio`, `weed` or `postgres` for a while; it comes back with its data.

    A test that does this is marked `outage`, so that no other test runs meanwhile.
    """
    ask("stop", name)
    try:
        yield
    finally:
        ask("start", name)


def ask(verb: str, name: str) -> None:
    """Send one request to the harness and wait until it is carried out."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(os.environ[VARIABLE])
        line.sendall(f"{verb} {name}\n".encode())
        answer = line.makefile().readline().strip()
    if answer != "done":
        raise ServerError(answer or "the harness hung up")


@contextmanager
def listening(path: Path, servers: Mapping[str, Server]) -> Iterator[None]:
    """Carry out requests, one after the other, in one thread that lives as long as the servers.

    (A server dies with the thread that started it.)
    """

    class Request(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            verb, _, name = self.rfile.readline().decode().strip().partition(" ")
            try:
                carry_out(servers[name], verb)
            except (KeyError, ServerError) as error:
                self.wfile.write(f"{type(error).__name__}: {error}".replace("\n", " | ").encode())
            else:
                self.wfile.write(b"done\n")

    with socketserver.UnixStreamServer(str(path), Request) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def carry_out(server: Server, verb: str) -> None:
    """Stop the server, or start it and wait until it answers."""
    if verb == "stop":
        server.stop()
    elif verb == "start":
        server.start()
        server.wait()
    else:
        raise ServerError(f"stop or start, not {verb}")
