"""The process that sandboxed children are forked from: clean, single-threaded, readers loaded.

It is started as a program of its own, so it holds no key and no secret of the worker, and a
threaded worker needn't fork itself. It opens no file that people uploaded.

Requests and answers are JSON packets on the socket whose number is the first argument.
"""

import codecs
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
from dataclasses import asdict
from typing import NoReturn

from indexer.extract import child, isolation

_PACKET = 64 * 1024
#: Codecs load on first use, which is too late without a file system.
_CODECS = (
    "ascii latin-1 cp437 cp1252 utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32 idna".split()
)


class Zygote:
    """Forks children when asked, ends them when asked, and dies with whoever asks."""

    def __init__(self, control: socket.socket) -> None:
        """Load what the first packet names, leave the network, and say which walls stand."""
        self._control = control
        self._living: set[int] = set()
        start = json.loads(control.recv(_PACKET))
        self._memory = int(start["memory"])
        self._functions = {name: _load(name) for name in start["functions"]}
        for name in _CODECS:
            codecs.lookup(name)
        network = isolation.leave_network()
        self._empty = _empty_folder()
        gc.freeze()
        walls = self._probe()
        self._reply({**walls, "network": network})

    def run(self) -> None:
        """Do what is asked until the other side is gone, then end every child."""
        while packet := self._control.recv(_PACKET):
            request = json.loads(packet)
            if "end" in request:
                self._reply({"status": self._end(int(request["end"]))})
            else:
                self._fork()
        for pid in tuple(self._living):
            self._end(pid)

    def _fork(self) -> None:
        ours, theirs = socket.socketpair()
        me = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._control.close()
            ours.close()
            self._become_child(theirs, me)
        theirs.close()
        self._living.add(pid)
        socket.send_fds(self._control, [json.dumps({"pid": pid}).encode()], [ours.fileno()])
        ours.close()

    def _become_child(self, sock: socket.socket, parent: int) -> NoReturn:
        status = 1
        try:
            child.isolate(parent=parent, empty=self._empty, memory=self._memory)
            child.serve(sock, self._functions)
            status = 0
        finally:
            os._exit(status)

    def _end(self, pid: int) -> int:
        """Kill a child and return how it ended; its number can't be another's before that."""
        if pid not in self._living:
            return 0
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        self._living.discard(pid)
        return os.waitstatus_to_exitcode(status)

    def _probe(self) -> dict[str, bool]:
        """Let a child isolate itself, read nothing, and tell how far it came."""
        ours, theirs = os.pipe()
        me = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                walls = child.isolate(parent=me, empty=self._empty, memory=self._memory)
                os.write(theirs, json.dumps(asdict(walls)).encode())
            finally:
                os._exit(0)
        os.close(theirs)
        with os.fdopen(ours, "rb") as pipe:
            said = pipe.read()
        os.waitpid(pid, 0)
        return dict(json.loads(said))

    def _reply(self, answer: dict[str, object]) -> None:
        self._control.send(json.dumps(answer).encode())


def _load(name: str) -> child.Read | child.Perform:
    module, _, function = name.partition(":")
    loaded: child.Read | child.Perform = getattr(importlib.import_module(module), function)
    return loaded


def _empty_folder() -> int:
    """Return a folder that is empty for ever: it is removed while held open."""
    with tempfile.TemporaryDirectory() as path:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)


if __name__ == "__main__":
    Zygote(socket.socket(fileno=int(sys.argv[1]))).run()
