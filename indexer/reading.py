"""Files being read: taken several at a time, read in sandbox children, committed together.

A scan of hundreds of pages takes minutes: between two of them it gives way to what somebody waits
for, and it is given back when the worker stops.

A commit costs much the same for one file as for sixteen, so what an import gives is gathered;
what somebody waits for goes first and is committed at once.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from time import monotonic
from typing import Self

from indexer import extraction, work
from indexer.extract.sandbox import Sandbox
from indexer.extraction import Outcome
from indexer.work import Work
from service import jobs, page_images
from service.archive import Archive
from service.errors import Unavailable
from service.jobs import Lane

KINDS = ("extract",)

#: Results committed together, at most, and how many seconds the first one waits for others.
TOGETHER = 16
GATHER = 0.2

#: Files held for each child: few at first, so that other workers find some too; twice as many
#: each time that what was held is read within `QUICK` seconds, up to the most.
FEWEST, MOST = 2, 16
QUICK = 1.0

#: Seconds between looks for what somebody waits for, while what is read takes longer.
LOOK = 0.5

#: So many files deep one gives way to another between its pages.
DEEPEST = 3

#: Seconds after which held jobs are held anew; far below `jobs.HOLD`.
RENEW = 30.0


class Reading:
    """Reads waiting files, `children` of them at the same time."""

    def __init__(
        self,
        archive: Archive,
        sandbox: Sandbox,
        holder: str,
        *,
        children: int,
        stop: Event,
        beat: Callable[[], None],
        drawn: Collection[str] = page_images.DRAWN,
    ) -> None:
        """Nothing is taken yet. `beat` is called as long as something is done or waited for.

        `drawn` are the media types of which images are made.
        """
        self._drawn = drawn
        self._archive = archive
        self._sandbox = sandbox
        self._holder = holder
        self._children = children
        self._stop = stop
        self._beat = beat
        self._pool = ThreadPoolExecutor(children, "extract")
        self._hurried: deque[Work] = deque()
        self._others: deque[Work] = deque()
        self._running: set[Future[Outcome | None]] = set()
        #: what was read between the pages of scans, and whether there are scans
        self._aside: deque[Outcome] = deque()
        self._scanning = False
        self._held = FEWEST * children
        self._taken = float("-inf")
        self._renewed = monotonic()
        self.count = 0

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for what is being read. After an error the held jobs come back by themselves."""
        self._unread()
        self._pool.shutdown()

    def some(self) -> list[Outcome]:
        """Read and commit some files; returns what became of them, nothing when none is left.

        When told to stop, nothing more is taken, and what nobody reads yet is given back.
        """
        outcomes: list[Outcome] = []
        while not outcomes:
            self._beat()
            if not self._stop.is_set():
                self._take()
            elif unread := self._given_back("worker"):
                return self._committed(unread)
            if not self._running:
                return []
            outcomes = self._finished()
        if away := next((o.away for o in outcomes if o.away), None):
            outcomes += self._given_back(away)
        return self._committed(outcomes)

    def _committed(self, outcomes: list[Outcome]) -> list[Outcome]:
        extraction.commit(self._archive, outcomes, drawn=self._drawn)
        self.count += len(outcomes)
        return outcomes

    # -- taking ------------------------------------------------------------------------------

    def _take(self) -> None:
        """Hold enough to be read next; of what somebody waits for, as much as can be read."""
        if 2 * len(self._running) > self._held:
            if self._others or (self._scanning and not self._hurried):
                self._add(Lane.INTERACTIVE, self._children)
            return
        self._scanning = self._scanning and bool(self._running)
        now = monotonic()
        quick = now - self._taken < QUICK
        fewest, most = FEWEST * self._children, MOST * self._children
        self._held = min(2 * self._held, most) if quick else fewest
        if self._add(None, self._held - len(self._running)):
            self._taken = now

    def _add(self, lane: Lane | None, limit: int) -> bool:
        if limit <= 0 or not work.waiting(self._archive, KINDS, lane=lane):
            return False
        taken = work.take(
            self._archive, self._holder, KINDS, limit, begin=extraction.begin, lane=lane
        )
        for one in taken:
            self._line(one).append(one)
            self._running.add(self._pool.submit(self._read_next))
        return bool(taken)

    def _line(self, one: Work) -> deque[Work]:
        return self._hurried if one.job.lane == Lane.INTERACTIVE else self._others

    # -- reading, in the threads of the pool -------------------------------------------------

    def _read_next(self) -> Outcome | None:
        """Read what is next in line now, which may have come later than this was asked for."""
        for line in (self._hurried, self._others):
            try:
                one = line.popleft()
            except IndexError:
                continue
            return self._read(one, 0)
        return None

    def _read(self, one: Work, depth: int) -> Outcome:
        def give_way() -> None:
            """Between two pages of a scan, end when told to stop, and let others pass."""
            self._scanning = True
            if self._stop.is_set():
                raise Unavailable("worker")
            while depth < DEEPEST and self._hurried:
                try:
                    other = self._hurried.popleft()
                except IndexError:
                    return
                self._aside.append(self._read(other, depth + 1))

        return extraction.extract(self._archive, self._sandbox, one, give_way)

    # -- results -----------------------------------------------------------------------------

    def _finished(self) -> list[Outcome]:
        """Wait for results, and for others beside them unless somebody waits for one."""
        outcomes = self._next(LOOK)
        until = monotonic() + GATHER
        while self._running and 0 < len(outcomes) < TOGETHER and not _hurry(outcomes):
            left = until - monotonic()
            if left <= 0:
                break
            outcomes += self._next(left)
        return outcomes

    def _next(self, seconds: float) -> list[Outcome]:
        done, self._running = wait(self._running, seconds, return_when=FIRST_COMPLETED)
        self._renew()
        aside = [self._aside.popleft() for _ in range(len(self._aside))]
        return aside + [outcome for future in done if (outcome := future.result())]

    def _renew(self) -> None:
        """Keep hold of what is not committed yet, once in a while."""
        now = monotonic()
        if now - self._renewed > RENEW:
            self._renewed = now
            with self._archive.db.write() as db:
                jobs.renew(db, self._holder)

    def _given_back(self, away: str) -> list[Outcome]:
        return [Outcome(one, None, away=away) for one in self._unread()]

    def _unread(self) -> list[Work]:
        """Return what nobody reads yet, and will not."""
        unread: list[Work] = []
        for line in (self._hurried, self._others):
            while line:
                try:
                    unread.append(line.popleft())
                except IndexError:
                    # a thread took the last one
                    break
        return unread


def _hurry(outcomes: Iterable[Outcome]) -> bool:
    return any(one.work.job.lane == Lane.INTERACTIVE for one in outcomes)
