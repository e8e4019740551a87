"""How requests come in: a thread is taken once there is something to do, not while it trickles in.

gunicorn gives every connection a thread that waits for its headers: as many connections as there
are threads, each with half a request, would stop all others. Here the process's event loop reads
on until the head is whole, and a small body with it; what takes too long is told so.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from socket import socket
from typing import Any

from gunicorn.http.message import Request
from gunicorn.workers.gthread import TConn, ThreadWorker

#: Seconds a head may take, with its small body.
PATIENCE = 15

#: Largest body in bytes that is read before a thread is taken.
SMALL = 64 * 1024

#: Seconds without a byte after which a larger body has broken off. An answer's piece of 64 KB has
#: as long in all.
STALLED = 120

#: What is longer without an end is given to gunicorn, which refuses it by its own limits.
_LONGEST_HEAD = 640 * 1024

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
#: what makes a length say nothing: a second one, chunks, or a client that waits to be asked
_OTHERWISE = re.compile(
    rb"\r\n(?:expect|transfer-encoding):|\r\ncontent-length:.*\r\ncontent-length:",
    re.IGNORECASE | re.DOTALL,
)
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 34\r\n\r\nThe request did not come in time.\n"
)


class Connection(TConn):  # type: ignore[misc]
    """A connection with what came of its next request."""

    #: replaced, never changed
    begun = b""

    def read(self) -> bool:
        """Take what is there; say whether the other side is still there."""
        try:
            piece = self.sock.recv(SMALL)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.begun += piece
        return bool(piece)

    def is_whole(self) -> bool:
        """Say whether there is enough for a thread to go on with, without waiting long."""
        end = self.begun.find(_END)
        if end < 0:
            return len(self.begun) > _LONGEST_HEAD
        head = self.begun[: end + 2]
        length = _LENGTH.search(head)
        if length is None or int(length[1]) > SMALL or _OTHERWISE.search(head):
            return True
        return len(self.begun) >= end + len(_END) + int(length[1])

    def hand_over(self) -> None:
        """Give gunicorn's parser what came."""
        self.data_ready = True
        self.init()
        self.parser.unreader.unread(self.begun)
        self.begun = b""


class Line:
    """Connections in the order of their deadlines; each leaves without a look at the others.

    gunicorn's own deque looks at half of them for one that leaves.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self._waiting: OrderedDict[TConn, None] = OrderedDict()

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[TConn]:
        """Go through all of them, the earliest deadline first."""
        return iter(self._waiting)

    def __getitem__(self, index: int) -> TConn:
        """Return the first; raises `IndexError` for any other, and if nobody waits."""
        if index or not self._waiting:
            raise IndexError(index)
        return next(iter(self._waiting))

    def append(self, conn: TConn) -> None:
        """Let one wait behind the others."""
        self._waiting[conn] = None

    def remove(self, conn: TConn) -> None:
        """Let one leave."""
        del self._waiting[conn]

    def popleft(self) -> TConn:
        """Let the first leave, and return it."""
        return self._waiting.popitem(last=False)[0]


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with threads, which takes one only for what has come in."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Make the worker as gunicorn does, with lines that long ones do not slow down."""
        super().__init__(*args, **kwargs)
        self.keepalived_conns = Line()
        self.pending_conns = Line()

    def accept(self, listener: socket) -> None:
        """Take a connection and wait for its first request."""
        with suppress(BlockingIOError, ConnectionAbortedError):
            client, address = listener.accept()
            self.nr_conns += 1
            self._expect(Connection(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: socket) -> None:
        """Take what came of the next request on a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        # read at once: a worker that stops ends those who have not begun
        if conn.read():
            self._expect(conn)
        else:
            self._end(conn)

    def on_pending_socket_readable(self, conn: Connection, client: socket) -> None:
        """Read on; a whole request gets a thread."""
        there = conn.read()
        if there and not conn.is_whole():
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if there:
            self._begin(conn)
        else:
            self._end(conn)

    def finish_request(self, conn: Connection, fs: "Future[Any]") -> None:
        """Wait for the rest of a request that came along with the one before."""
        kept = not fs.cancelled() and fs.exception() is None and fs.result() is True
        begun = conn.parser.unreader.take_buffered() if kept else b""
        if begun:
            conn.begun += begun
            self._expect(conn)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Tell who takes too long, and end it; when the process stops, who has not begun too."""
        now = time.monotonic()
        while self.pending_conns and self.pending_conns[0].timeout <= now:
            self._give_up(self.pending_conns[0])
        if not self.alive:
            for conn in [conn for conn in self.pending_conns if not conn.begun]:
                self._give_up(conn)

    def handle_request(self, req: Request, conn: Connection) -> bool:
        """Answer; a body that stalls breaks off."""
        conn.sock.settimeout(STALLED)
        kept: bool = super().handle_request(req, conn)
        return kept

    def _expect(self, conn: Connection) -> None:
        if conn.is_whole():
            self._begin(conn)
            return
        conn.sock.settimeout(0)
        # everybody has the same time: who comes last is last in line
        conn.timeout = time.monotonic() + PATIENCE
        self.pending_conns.append(conn)
        again = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, again)

    def _give_up(self, conn: Connection) -> None:
        self.pending_conns.remove(conn)
        self.poller.unregister(conn.sock)
        if conn.begun:
            with suppress(OSError):
                conn.sock.send(_LATE)
        self._end(conn)

    def _begin(self, conn: Connection) -> None:
        conn.hand_over()
        self.enqueue_req(conn)

    def _end(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()
