"""The worker's waiting connections: none makes it look at all the others."""

import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from gunicorn.config import Config

from web import connections
from web.connections import Connection, PatientWorker

#: how many connections wait; gunicorn takes a thousand at a time
MANY = 200
HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


class Watched(Connection):
    """Counts how often a connection is looked at, if only to see whether it is another one."""

    looks = 0

    def __eq__(self, other: object) -> bool:
        Watched.looks += 1
        return self is other

    __hash__ = object.__hash__

    def __getattribute__(self, name: str) -> object:
        Watched.looks += name in ("timeout", "begun")
        return super().__getattribute__(name)


class Waiting:
    """A worker with connections, and the other ends of these."""

    def __init__(self, kept: ExitStack) -> None:
        self.worker = PatientWorker(1, 1, [], None, 30, Config(), None)
        self.worker.poller = kept.enter_context(selectors.DefaultSelector())
        self.begun: list[Connection] = []
        self.worker.enqueue_req = self.begun.append
        self.listener = kept.enter_context(socket.create_server(("127.0.0.1", 0), backlog=MANY))
        self.listener.settimeout(0)
        self.clients: list[socket.socket] = []
        for _ in range(MANY):
            self.clients.append(
                kept.enter_context(socket.create_connection(self.listener.getsockname()))
            )
            self.worker.accept(self.listener)
        for conn in self.worker.pending_conns:
            kept.callback(conn.close)
        kept.callback(self.worker.tmp.close)

    def say(self, words: bytes) -> None:
        """Let every client say something, the last first, and the worker hear it at one wake-up."""
        for client in reversed(self.clients):
            client.sendall(words)
        Watched.looks = 0
        for key, _ in self.worker.poller.select(0):
            key.data(key.fileobj)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    monkeypatch.setattr(connections, "Connection", Watched)
    with ExitStack() as kept:
        yield Waiting(kept)


def test_many_that_finish_at_once_cost_no_look_at_each_other(waiting):
    waiting.say(HALF)
    assert waiting.begun == []
    waiting.say(b"\r\n")
    assert Watched.looks <= 20 * MANY
    assert len(waiting.begun) == MANY
    assert len(waiting.worker.pending_conns) == 0


def test_many_that_are_late_at_once_are_told_and_cost_no_look_at_each_other(waiting, monkeypatch):
    waiting.say(HALF)
    later = time.monotonic() + connections.PATIENCE + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    Watched.looks = 0
    waiting.worker.murder_pending()
    assert Watched.looks <= 20 * MANY
    assert waiting.worker.nr_conns == 0
    assert all(client.recv(500).startswith(b"HTTP/1.1 408 ") for client in waiting.clients)


def test_those_that_are_not_late_yet_are_not_looked_at_when_another_one_comes_in(waiting):
    waiting.say(HALF)
    Watched.looks = 0
    waiting.worker.murder_pending()
    assert Watched.looks <= 1
    assert waiting.worker.nr_conns == MANY


def test_many_that_were_kept_and_ask_again_at_once_cost_no_look_at_each_other(waiting):
    worker = waiting.worker
    for conn in list(worker.pending_conns):
        worker.poller.unregister(conn.sock)
        worker.pending_conns.remove(conn)
        conn.set_timeout()
        worker.keepalived_conns.append(conn)
        again = partial(worker.on_client_socket_readable, conn)
        worker.poller.register(conn.sock, selectors.EVENT_READ, again)
    waiting.say(HALF + b"\r\n")
    worker.murder_pending()
    assert Watched.looks <= 20 * MANY
    assert len(waiting.begun) == MANY


def test_a_stopping_worker_still_answers_who_asks_again_and_waits_for_nobody_silent(waiting):
    worker, client = waiting.worker, waiting.clients[0]
    conn = worker.pending_conns[0]
    worker.poller.unregister(conn.sock)
    worker.pending_conns.remove(conn)
    worker.keepalived_conns.append(conn)
    worker.alive = False
    client.sendall(HALF)
    worker.poller.register(conn.sock, selectors.EVENT_READ)
    worker.on_client_socket_readable(conn, conn.sock)
    worker.murder_pending()
    assert list(worker.pending_conns) == [conn]
    assert worker.nr_conns == 1
