"""The worker's loop: takes jobs, reads files in sandbox processes, writes the index.

Everything it does can be interrupted anywhere: jobs stay or are taken again.
"""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from time import monotonic
from types import FrameType
from typing import Self

import structlog

from indexer import extraction, indexing, rewrapping, work
from indexer.extract.sandbox import Sandbox
from service import jobs, opening
from service.archive import Archive
from service.errors import Unavailable
from service.health import Pulse

log = structlog.get_logger()

#: Seconds between looks for work when there is none, and after something was away.
IDLE = 0.2
AWAY = 2.0

#: Seconds after which held jobs are held anew; far below `jobs.HOLD`.
RENEW = 30.0


class Worker:
    """One worker process: a pool of sandbox children, and a thread that writes the index."""

    def __init__(self, archive: Archive, *, children: int, sandbox: Sandbox | None = None) -> None:
        """Start the sandbox unless one is lent; its processes are forked before any thread."""
        self.archive = archive
        self.holder = jobs.holder()
        self.children = children
        self.sandbox = sandbox or Sandbox(children=children)
        self._lent = sandbox is not None
        self._stop = threading.Event()
        self._renewed = monotonic()
        self._writes = False
        self._prepared = False
        self._next_try = 0.0
        self._pulse = Pulse(archive.settings.data, "extract")

    def __enter__(self) -> Self:
        """Return the worker."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let another worker write the index; end the sandbox, unless it was lent."""
        if self._writes:
            with suppress(Unavailable):  # then the lease runs out by itself
                indexing.release_lease(self.archive, self.holder)
        if not self._lent:
            self.sandbox.close()

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Finish what is running, then end."""
        self._stop.set()

    def run(self) -> None:
        """Work until stopped."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        writer = threading.Thread(target=self._write_index, name="index", daemon=True)
        writer.start()
        log.info("worker_started", children=self.children)
        self._forever(self._read_waiting, self._pulse)
        writer.join(timeout=30)
        log.info("worker_stopped")

    def _forever(self, step: Callable[[], bool], pulse: Pulse) -> None:
        while not self._stop.is_set():
            pulse.beat()
            pause = IDLE
            try:
                if step():
                    continue
            except Unavailable as error:
                log.warning("part_away", part=error.part)
                pause = AWAY
            except Exception:
                # one bad job must not end the worker: it is given back when its hold runs out
                log.exception("worker_step_failed")
                pause = AWAY
            self._stop.wait(pause)

    def _write_index(self) -> None:
        self._forever(self.index_waiting, Pulse(self.archive.settings.data, "index"))

    def index_waiting(self) -> bool:
        """Do waiting index jobs once, if this process may write; return whether there were any."""
        self._prepare()
        if not work.waiting(self.archive, indexing.KINDS):
            return False
        if not indexing.hold_lease(self.archive, self.holder):
            return False
        self._writes = True
        return indexing.run(self.archive, self.holder) > 0

    def _prepare(self) -> None:
        """Make up for what was away when this worker started: the first generation, the bucket."""
        if self._prepared or monotonic() < self._next_try:
            return
        self._next_try = monotonic() + AWAY
        with suppress(Unavailable):  # whatever needs it says so
            opening.prepare(self.archive)
            self._prepared = True

    def _read_waiting(self) -> bool:
        return self.rewrap_waiting() + self.extract_waiting() > 0

    def rewrap_waiting(self) -> int:
        """Wrap keys of moved documents anew; return how many documents."""
        return rewrapping.run(self.archive, self.holder)

    def extract_waiting(self) -> int:
        """Read waiting files until none is left; return how many were read."""
        read = 0
        running: set[Future[extraction.Outcome]] = set()
        with ThreadPoolExecutor(self.children, "extract") as pool:
            while True:
                if not self._stop.is_set():
                    running |= self._start(pool, 2 * self.children - len(running))
                if not running:
                    return read
                ready = _some(running)
                running -= ready
                self._renew()
                self._pulse.beat()
                if not ready:
                    continue
                outcomes = [future.result() for future in ready]
                extraction.commit(self.archive, outcomes)
                self._pause_if_away(outcomes)
                read += len(outcomes)

    def _renew(self) -> None:
        """Keep hold of what is still being read, once in a while."""
        now = monotonic()
        if now - self._renewed > RENEW:
            self._renewed = now
            with self.archive.db.write() as db:
                jobs.renew(db, self.holder)

    def _start(self, pool: ThreadPoolExecutor, free: int) -> set[Future[extraction.Outcome]]:
        if free <= 0 or not work.waiting(self.archive, ("extract",)):
            return set()
        works = work.take(self.archive, self.holder, ("extract",), free, extraction.begin)
        return {pool.submit(extraction.extract, self.archive, self.sandbox, one) for one in works}

    def _pause_if_away(self, outcomes: list[extraction.Outcome]) -> None:
        away = next((o.away for o in outcomes if o.away), None)
        if away:
            log.warning("part_away", part=away)
            self._stop.wait(AWAY)

    def drain(self) -> None:
        """Do everything that waits, then return: for tests, imports and the demo."""
        while self._read_waiting() or self.index_waiting():
            pass


def _some(running: set[Future[extraction.Outcome]]) -> set[Future[extraction.Outcome]]:
    done, _ = wait(running, timeout=RENEW, return_when=FIRST_COMPLETED)
    return done
