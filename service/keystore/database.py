"""One copy of the keystore, an SQLite file or a PostgreSQL database, reached row by row."""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Engine,
    Select,
    bindparam,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.errors import Unavailable
from service.ids import new_id
from service.keystore.refusals import NewerKeystore
from service.keystore.rows import SCHEMA, KeyRow, Kind, destroyed, keys, meta, metadata
from service.postgres import postgres_engine

#: Longest wait for another writer, or for a server to answer, in seconds.
_WAIT = 5
#: Subjects in one IN list; below the limits of both databases.
_BATCH = 5000
#: Mistakes of the program, not trouble of the database.
_OURS = (IntegrityError, ProgrammingError, DataError, NotSupportedError)


# Made once: every call fetches keys, and building a statement takes longer than running it.
_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_OWN = (keys.c.kind == bindparam("kind")) & keys.c.subject.in_(_SOME)
_OF_SUBJECTS = select(keys).where(_OWN)
# Two queries joined, not one with OR: for that PostgreSQL reads the whole table.
_OF_VERSIONS = union_all(
    _OF_SUBJECTS, select(keys).where(keys.c.id.in_(select(keys.c.parent).where(_OWN)))
)
_OF_TOKENS = union_all(
    _OF_SUBJECTS, select(keys).where(keys.c.kind.in_([Kind.BLIND, Kind.CONTENT]))
)
_OF_IDS = select(keys).where(keys.c.id.in_(_SOME))


@dataclass(frozen=True, slots=True)
class Content:
    """What a copy holds; two copies with equal contents hold the same keys."""

    keys: int
    destructions: int
    newest: datetime | None
    digest: str


class KeyDatabase:
    """A database with keystore tables."""

    def __init__(self, url: str) -> None:
        """Prepare the connection; nothing is opened yet."""
        self._sqlite = make_url(url).get_backend_name() == "sqlite"
        self._engine = _sqlite_engine(url) if self._sqlite else _server_engine(url)
        self._turn = threading.Lock()  # fairer between threads than the database's own waiting

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading."""
        with _translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection for writing, alone; commits at the end, rolls back on an exception."""
        with self._alone(), _translated(), self._engine.connect() as connection:
            connection.execution_options(guidang_write=True)
            with connection.begin():
                if not self._sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(7281902413)"))
                yield connection

    def prepare(self) -> str:
        """Create the tables if they are absent; return whose keystore this is."""
        with self.write() as connection:
            owner = instance_of(connection)
            return owner if owner is not None else found(connection, new_id())

    def find(self, kind: Kind, subjects: Iterable[str]) -> list[KeyRow]:
        """Return the keys of these subjects, as far as there are any."""
        return self._rows(_OF_SUBJECTS, subjects, kind)

    def find_versions(self, versions: Iterable[str]) -> list[KeyRow]:
        """Return the keys of these versions and, in the same query, the keys that wrap them."""
        return self._rows(_OF_VERSIONS, versions, Kind.VERSION)

    def find_with_tokens(self, kind: Kind, subject: str) -> list[KeyRow]:
        """Return the key of this subject and, in the same query, the few keys of tokens."""
        return self._rows(_OF_TOKENS, [subject], kind)

    def find_id(self, key_id: str) -> KeyRow | None:
        """Return one key by the id of its row."""
        rows = self._rows(_OF_IDS, [key_id])
        return rows[0] if rows else None

    def content(self) -> Content:
        """Return what there is; the order of rows plays no part."""
        count, total, newest = 0, 0, None
        with self.read() as connection:
            for table in (meta, destroyed, keys):
                for row in connection.execution_options(yield_per=1000).execute(select(table)):
                    line = repr((table.name, tuple(row))).encode()
                    total += int.from_bytes(hashlib.sha256(line).digest())
                    if table is keys:
                        count += 1
                        newest = max(newest or row.created, row.created)
            destructions = connection.execute(select(meta.c.destructions)).scalar_one()
        return Content(count, destructions, newest, f"{total % 2**256:064x}")

    def check(self) -> None:
        """Raise `Unavailable("keystore")` unless the database answers."""
        with self.read() as connection:
            connection.execute(select(meta.c.instance))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=_WAIT):
            raise Unavailable("keystore")
        try:
            yield
        finally:
            self._turn.release()

    def _rows(
        self,
        wanted: Select[Any] | CompoundSelect[Any],
        values: Iterable[str],
        kind: Kind | None = None,
    ) -> list[KeyRow]:
        found_rows: list[KeyRow] = []
        unique = sorted(set(values))
        if not unique:
            return found_rows
        of_kind = {"kind": kind} if kind else {}
        with self.read() as connection:
            if not self._sqlite:  # one statement needs no transaction: saves two round trips
                connection.execution_options(isolation_level="AUTOCOMMIT")
            for start in range(0, len(unique), _BATCH):
                some = {"some": unique[start : start + _BATCH]}
                found_rows += map(KeyRow.of, connection.execute(wanted, some | of_kind))
        return found_rows


def instance_of(connection: Connection) -> str | None:
    """Return whose keystore this is; None before the tables are made."""
    if not inspect(connection).has_table(meta.name):
        return None
    row = connection.execute(select(meta)).one()
    if row.schema > SCHEMA:
        raise NewerKeystore("The keystore was written by a newer version of guidang.")
    return str(row.instance)


def found(connection: Connection, instance: str) -> str:
    """Make the tables of a new keystore."""
    metadata.create_all(connection)
    connection.execute(insert(meta).values(instance=instance, destructions=0, schema=SCHEMA))
    return instance


def put(connection: Connection, row: KeyRow) -> None:
    """Write a row over whatever an interrupted operation left for its subject."""
    same = (keys.c.kind == row.kind) & (keys.c.subject == row.subject)
    connection.execute(delete(keys).where(same))
    connection.execute(insert(keys).values(row.values()))


def remove(connection: Connection, key_id: str, at: datetime, n: int) -> None:
    """Take a key away for ever, as the n-th that was destroyed; again is no matter."""
    connection.execute(delete(keys).where(keys.c.id == key_id))
    connection.execute(delete(destroyed).where(destroyed.c.key == key_id))
    connection.execute(insert(destroyed).values(key=key_id, at=at, n=n))
    connection.execute(update(meta).values(destructions=n))


def copy_all(source: Connection, target: Connection) -> None:
    """Make `target`, a database without keystore tables, a copy of `source`."""
    metadata.create_all(target)
    for table in (meta, destroyed, keys):
        rows = source.execution_options(yield_per=1000).execute(select(table))
        for some in rows.partitions(1000):
            target.execute(insert(table), [row._asdict() for row in some])


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _OURS:
        raise
    except (DBAPIError, PoolTimeout) as error:
        raise Unavailable("keystore") from error


def _sqlite_engine(url: str) -> Engine:
    """Open a file that only its owner may read; every commit is on the disk."""
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=64,
        pool_timeout=_WAIT,
        connect_args={"isolation_level": None, "timeout": _WAIT},
    )
    path = Path(engine.url.database or "")

    @event.listens_for(engine, "do_connect")
    def _private(*_args: object) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("guidang_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _server_engine(url: str) -> Engine:
    return postgres_engine(
        url,
        size=8,
        overflow=64,
        wait=_WAIT,
        connect={
            "connect_timeout": _WAIT,
            "tcp_user_timeout": _WAIT * 1000,
            "options": f"-c lock_timeout={_WAIT}s -c statement_timeout=60s",
        },
    )
