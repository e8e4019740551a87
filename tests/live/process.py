"""One server process on loopback: started, waited for, stopped by its own process id."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

LOOPBACK = "127.0.0.1"
UNPRIVILEGED = "nobody"  # Elasticsearch and PostgreSQL refuse to run as root


class ServerError(Exception):
    """A server cannot be fetched, started or reached; the sentence says why."""


def free_port() -> int:
    """Find a port below the range that the system itself hands out.

    A server that is stopped and started again by a test finds its port still free.
    """
    for port in random.sample(range(20_000, 32_000), 200):
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise ServerError("no free port on loopback")


def answers(url: str) -> Callable[[], bool]:
    """Make a question whether a GET on the address answers 200."""

    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310  # our own http
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    return ask


def drop_privileges(folder: Path) -> list[str]:
    """Give the folder to the unprivileged user, and the command prefix that becomes that user."""
    if os.geteuid() != 0:
        return []
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, UNPRIVILEGED)
    group = pwd.getpwnam(UNPRIVILEGED).pw_gid
    return ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={group}", "--clear-groups"]


@dataclass(slots=True)
class Server:
    """A server that can be stopped and started again with the data that it had."""

    name: str
    command: list[str]
    log: Path
    healthy: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    prefix: list[str] = field(default_factory=list)
    stop_signal: signal.Signals = signal.SIGTERM
    deadline: float = 90
    #: whether it is given this process's environment too
    inherits: bool = True
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it dies with this one, even if this one is killed."""
        tie = ["setpriv", "--pdeathsig=KILL"] if shutil.which("setpriv") else []
        prefix = [*self.prefix, *tie[1:]] if self.prefix else tie
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**(os.environ if self.inherits else {}), **self.environment},
                start_new_session=True,  # Ctrl-C is ours to pass on, in order
            )

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Start it, wait until it answers, and stop it at the end."""
        self.start()
        try:
            self.wait()
            yield self
        finally:
            self.stop()

    def wait(self) -> None:
        """Return when the server answers; fail with its log when it does not."""
        assert self.process is not None
        until = time.monotonic() + self.deadline
        while not self.healthy():
            if self.process.poll() is not None:
                raise ServerError(f"{self.name} ended by itself\n{self.tail()}")
            if time.monotonic() > until:
                raise ServerError(f"{self.name} does not answer\n{self.tail()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the process and what it started."""
        if self.process is None:
            return
        self._signal(self.stop_signal)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self.process.wait()
        self._signal(signal.SIGKILL)  # children that outlived it
        self.process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        target = os.kill if number is self.stop_signal else os.killpg
        try:
            target(self.process.pid, number)
        except ProcessLookupError:
            return

    def tail(self, lines: int = 30) -> str:
        """Return the end of the server's log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])
