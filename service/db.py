"""The system-of-record database: read-only snapshots and short, exclusive writes.

SQLite and PostgreSQL look alike from here. On SQLite every writer first takes an operating
system lock file, because SQLite's own busy wait is unfair (docs/decisions/0006).
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import psycopg
from psycopg.abc import Buffer
from psycopg.types.string import StrDumper
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from service.driver import Driver
from service.errors import Unavailable
from service.postgres import postgres_engine

__all__ = ["Database", "Session", "WriteLock"]

#: longest wait for the right to write, in seconds; then the call ends with 503
WRITE_WAIT = 2.0

#: Mistakes of the program; everything else is trouble of the database: it is away, damaged, full,
#: locked, or a standby that only reads.
_OURS = (IntegrityError, ProgrammingError, DataError)


class WriteLock:
    """One writer at a time: a mutex between threads, a lock file between processes."""

    def __init__(self, path: Path) -> None:
        """Use the lock file at `path`; it is created when missing and never removed."""
        self._path = path
        self._mutex = threading.Lock()

    @contextmanager
    def held(self, wait: float = WRITE_WAIT) -> Iterator[None]:
        """Hold the lock; raises `Unavailable("database")` after `wait` seconds."""
        deadline = time.monotonic() + wait
        if not self._mutex.acquire(timeout=wait):
            raise Unavailable("database")
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._lock(handle, deadline)
                yield
            finally:
                os.close(handle)
        finally:
            self._mutex.release()

    @staticmethod
    def _lock(handle: int, deadline: float) -> None:
        """Take the file's lock; the system wakes those who wait, in the order in which they came.

        It knows no waiting that ends after a time, so a thread waits. Whoever gave up has closed
        the file: when the thread closes it too, the lock that came late is gone again.
        """
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        taken = threading.Event()
        waiting = (os.dup(handle), taken)
        threading.Thread(target=_wait_for, args=waiting, name="write-lock", daemon=True).start()
        if not taken.wait(max(0.0, deadline - time.monotonic())):
            raise Unavailable("database")


def _wait_for(handle: int, taken: threading.Event) -> None:
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)
        taken.set()
    os.close(handle)


def lock_file(database: Path) -> Path:
    """Return the file whose lock every writer of an SQLite database holds."""
    return database.with_suffix(".lock")


class Database:
    """Sessions on the system of record: `read()` sees one moment, `write()` is alone."""

    def __init__(self, url: str, *, pool: int = 64) -> None:
        """Open lazily; nothing is read or created before the first session."""
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self._lock: WriteLock | None = None
        if self.sqlite:
            path = Path(url.removeprefix("sqlite:///"))
            self._lock = WriteLock(lock_file(path))
            self._reader = _sqlite_engine(url, pool, begin="BEGIN", read_only=True)
            self._writer = _sqlite_engine(url, 4, begin="BEGIN IMMEDIATE", read_only=False)
            self._glancer, self._plain = self._reader, self._writer
            self._begin = "BEGIN IMMEDIATE"
        else:
            self._writer = _postgres_engine(url, pool)
            self._reader = self._writer.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            self._glancer = self._writer.execution_options(isolation_level="AUTOCOMMIT")
            self._plain, self._begin = self._glancer, "BEGIN"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a read-only session on one snapshot."""
        with _translated(), Session(self._reader, autoflush=False) as session:
            yield session

    @contextmanager
    def glance(self) -> Iterator[Session]:
        """Give a session for reading whose statements need not see the same moment.

        On a server each then costs one exchange, without those that begin and end a snapshot.
        """
        with _translated(), Session(self._glancer, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give the writing session; commits at the end, rolls back on any exception."""
        with self._turn(), _translated(), Session(self._writer) as session, session.begin():
            yield session

    @contextmanager
    def brief(self, wait: float = WRITE_WAIT) -> Iterator[Driver]:
        """Give a write transaction that asks once and writes once: two exchanges with a server.

        Commits at the end, rolls back on any exception. Ending is part of the second exchange.
        On SQLite the turn is waited for `wait` seconds, on a server as long as for any lock.
        """
        with (
            self._turn(wait),
            _translated(),
            self._plain.connect() as connection,
            Driver.alone(connection, self._begin) as driver,
        ):
            yield driver

    def _turn(self, wait: float = WRITE_WAIT) -> AbstractContextManager[None]:
        return nullcontext() if self._lock is None else self._lock.held(wait)

    def check(self) -> None:
        """Raise `Unavailable("database")` unless the database answers."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self._reader.dispose()
        self._writer.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _OURS as error:
        if error.connection_invalidated:
            raise Unavailable("database") from error
        raise
    except (DBAPIError, PoolTimeout) as error:
        raise Unavailable("database") from error


def _sqlite_engine(url: str, pool: int, *, begin: str, read_only: bool) -> Engine:
    engine = create_engine(
        url,
        pool_size=pool,
        max_overflow=8,
        pool_timeout=WRITE_WAIT,
        # an error may be written down by anybody; the values in it may not
        hide_parameters=True,
        connect_args={"isolation_level": None, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=2000")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.execute("PRAGMA cache_size=-16000")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class _WithoutNul(StrDumper):
    """PostgreSQL has no NUL in text: as U+FFFD it is stored, compared, and found nowhere."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\x00", "\ufffd"))


def _postgres_engine(url: str, pool: int) -> Engine:
    engine = postgres_engine(
        url,
        size=pool,
        overflow=8,
        wait=WRITE_WAIT,
        connect={
            "connect_timeout": 3,
            "options": "-c lock_timeout=2000 -c timezone=UTC -c statement_timeout=60000",
        },
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: psycopg.Connection, _record: object) -> None:
        connection.adapters.register_dumper(str, _WithoutNul)

    return engine
