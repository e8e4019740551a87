"""Entries that are committed for themselves: what waits at the same moment goes together.

Whoever comes first leads: it takes its turn to write, and only then what waits by then, its own
and that of other threads, and commits it once. Nobody is told of a number before that. So there
is no waiting for company, and with a backlog one commit for all of it (docs/decisions/0038).
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import psycopg
from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError

from service import policies
from service.audit import log
from service.audit.entries import Entry
from service.db import WRITE_WAIT, Database
from service.driver import Driver, Row
from service.errors import Unavailable

#: Makes an entry, given what `policies.newest` found in the transaction that writes it.
Making = Callable[[Sequence[Any] | None], Entry]

#: A statement that writes, and its row.
Kept = tuple[Executable, Row]

#: The server undid a transaction because of what another one holds, not because it is away.
_HELD_UP = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


@dataclass(slots=True, eq=False)
class _Waiting:
    """An entry that one thread waits for, with the rows that go along with it."""

    make: Making
    month: log.MonthKey
    kept: tuple[Kept, ...]
    deadline: float
    #: set when there is something to do: to lead, to write alone, or to go on
    told: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    #: whoever leads has it: from then on only the end of that transaction tells what came of it
    taken: bool = False
    alone: bool = False
    number: int = 0
    error: Exception | None = None

    def write(self, numbering: log.Numbering, newest: Sequence[Any] | None, driver: Driver) -> None:
        """Go into a transaction; an entry that cannot be written stays out of it by itself."""
        try:
            self.number = numbering.add(self.make(newest), self.month)
        except Exception as error:  # noqa: BLE001 - raised where this is waited for
            self.error = error
            return
        for statement, row in self.kept:
            driver.put(statement, [row])


class Backlog:
    """What the threads of one process wait to append to the log of one database."""

    def __init__(self, database: Database) -> None:
        """Start with nobody waiting."""
        #: whose log it is
        self.database = database
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._led = False

    def __len__(self) -> int:
        """Return how many wait that nobody has taken yet."""
        return len(self._waiting)

    def append(self, make: Making, month: log.MonthKey, kept: Iterable[Kept] = ()) -> int:
        """Append one entry with rows that go along with it; return its number once it is there.

        Raises `Unavailable` when the database is away or the turn did not come, the database's
        errors as `Database.brief` gives them, and whatever making the entry raises.
        """
        mine = _Waiting(make, month, tuple(kept), monotonic() + WRITE_WAIT)
        self._come(mine)
        if not mine.leads:
            self._wait(mine)
        if mine.leads:
            self._lead(mine)
        elif mine.alone:
            self._commit(WRITE_WAIT, lambda: [mine])
        if mine.error:
            raise mine.error
        return mine.number

    def _come(self, mine: _Waiting) -> None:
        with self._lock:
            self._waiting.append(mine)
            self._led, mine.leads = True, not self._led

    def _wait(self, mine: _Waiting) -> None:
        """Wait until something is told; raises `Unavailable` if nobody took it in time."""
        if mine.told.wait(max(0.0, mine.deadline - monotonic())):
            return
        with self._lock:
            if not (mine.taken or mine.leads):
                self._waiting.remove(mine)
                raise Unavailable("database")
        mine.told.wait()

    def _lead(self, mine: _Waiting) -> None:
        """Write what waits when the turn has come; tell all of them, and let the next one lead."""
        taken: list[_Waiting] = []

        def take() -> list[_Waiting]:
            with self._lock:
                taken.extend(self._waiting)
                self._waiting.clear()
                for waiting in taken:
                    waiting.taken = True
            return taken

        try:
            self._commit(max(0.0, mine.deadline - monotonic()), take)
        except Exception as error:
            if taken in ([], [mine]):
                raise
            apart = _undone(error)
            for waiting in taken:
                waiting.alone, waiting.error = apart, None if apart else _away(error)
        except BaseException as error:
            for waiting in taken:
                waiting.error = _away(error)
            raise
        finally:
            self._hand_on(mine)
            for waiting in taken:
                waiting.told.set()
        if mine.alone:
            self._commit(WRITE_WAIT, lambda: [mine])

    def _commit(self, wait: float, take: Callable[[], Sequence[_Waiting]]) -> None:
        """Write in one transaction what `take` gives once the log is locked for it."""
        with self.database.brief(wait) as driver:
            head, newest = driver.ask(log.LOCK, policies.newest())
            numbering = log.Numbering(head)
            for waiting in take():
                waiting.write(numbering, newest, driver)
            numbering.put(driver)

    def _hand_on(self, mine: _Waiting) -> None:
        with self._lock:
            if not mine.taken:
                self._waiting.remove(mine)
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].leads = True
                self._waiting[0].told.set()


def _undone(error: Exception) -> bool:
    """Say whether nothing of a transaction was kept, for sure, and one alone may do better.

    When the database is away in the middle of a commit nobody knows what it kept.
    """
    if not isinstance(error, Unavailable):
        return True
    cause = error.__cause__
    return isinstance(cause, DBAPIError) and isinstance(cause.orig, _HELD_UP)


def _away(error: BaseException) -> Unavailable:
    away = Unavailable("database")
    away.__cause__ = error
    return away
