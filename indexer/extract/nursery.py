"""The supervisor's side of the process that children are forked from."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Collection
from dataclasses import dataclass

from indexer.extract.isolation import Isolation
from indexer.extract.wire import Broken, Line

_PACKET = 64 * 1024
_PATIENCE = 60.0


@dataclass(slots=True)
class Child:
    """A sandboxed process at the other end of a line, and how many files it has read."""

    pid: int
    line: Line
    files: int = 0


class Nursery:
    """Starts the zygote, again if it dies, and gets children from it. Safe for threads."""

    def __init__(self, functions: Collection[str], *, memory: int) -> None:
        """Start the zygote with these functions loaded; children never hold more memory."""
        self._start = json.dumps({"functions": sorted(functions), "memory": memory}).encode()
        self._lock = threading.Lock()
        self._closed = False
        self._open()

    def child(self) -> Child:
        """Return a new child, ready within milliseconds."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the sandbox is closed")
            try:
                return self._fork()
            except (OSError, Broken):
                self._shut()
                self._open()
                return self._fork()

    def end(self, child: Child) -> int:
        """Kill a child; return how it ended before that (negative: by which signal)."""
        child.line.close()
        with self._lock, contextlib.suppress(OSError, Broken):
            self._control.send(json.dumps({"end": child.pid}).encode())
            return int(json.loads(self._hear())["status"])
        return -signal.SIGKILL  # the zygote is gone, and its children go with it

    def close(self) -> None:
        """End the zygote and every child."""
        with self._lock:
            self._closed = True
            self._shut()

    def _open(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", "indexer.extract.zygote", str(theirs.fileno())],
                env=environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        ours.settimeout(_PATIENCE)
        self._control = ours
        ours.send(self._start)
        self.isolation = Isolation(**json.loads(self._hear()))

    def _shut(self) -> None:
        self._control.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _fork(self) -> Child:
        self._control.send(b"{}")
        packet, descriptors, _, _ = socket.recv_fds(self._control, _PACKET, 1)
        if not packet:
            raise Broken("the zygote is gone")
        return Child(json.loads(packet)["pid"], Line(socket.socket(fileno=descriptors[0])))

    def _hear(self) -> bytes:
        packet = self._control.recv(_PACKET)
        if not packet:
            raise Broken("the zygote is gone")
        return packet


def environment() -> dict[str, str]:
    """Return the way to the code and nothing else: variables may hold secrets."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109
    return {"PYTHONPATH": path, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
