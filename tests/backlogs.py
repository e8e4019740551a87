"""People who come to the log at the same moment, in threads, so that they wait there together."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from service import appending
from service.audit.entries import Entry
from service.audit.log import head_seq
from service.backlog import Kept, Making
from tests.appending import entry
from tests.world import World


class Crowd:
    """Threads of a world that append."""

    def __init__(self, world: World, pool: ThreadPoolExecutor) -> None:
        """Start with nobody."""
        self._log, self._pool = world.archive.backlog, pool
        with world.archive.ring() as ring:
            self._month = appending.month_key(ring)

    def come(self, make: Making, *kept: Kept) -> Future[int]:
        """Let one come."""
        return self._pool.submit(self._log.append, make, self._month, kept)

    def wait(self, make: Making, *kept: Kept) -> Future[int]:
        """Let one come while another one writes; return when it waits."""
        before = len(self._log)
        came = self.come(make, *kept)
        while len(self._log) == before and not came.done():
            threading.Event().wait(0.001)
        return came

    @contextmanager
    def writing(self) -> Iterator[Future[int]]:
        """Have one write, who gets no further inside."""
        begun, go = threading.Event(), threading.Event()

        def slowly(_: Sequence[Any] | None) -> Entry:
            begun.set()
            go.wait()
            return entry("first")

        first = self.come(slowly)
        begun.wait()
        try:
            yield first
        finally:
            go.set()


@contextmanager
def crowd(world: World) -> Iterator[Crowd]:
    """Let a crowd come; all of them have gone at the end."""
    with ThreadPoolExecutor(16) as pool:
        yield Crowd(world, pool)


def named(name: str) -> Making:
    """Return what makes an entry of that name."""
    return lambda _: entry(name)


def head(world: World) -> int:
    """Return the last number that others see."""
    with world.archive.db.read() as db:
        return head_seq(db)
