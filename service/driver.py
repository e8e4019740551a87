"""Statements handed to the database's driver as they are, in as few exchanges as can be.

Every search appends to the log twice. SQLAlchemy writes the statements, once for each kind of
database; what it does around each run of one takes several times as long as the database itself,
and every exchange with a server wakes a process there and here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, Self, cast

from sqlalchemy import Connection, Executable, Insert, Table, bindparam, func, insert, select
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """A statement that finds at most one row that matters, and its parameters."""

    statement: Executable
    values: Row


class Driver:
    """The driver's own cursors on one connection, inside one transaction."""

    def __init__(self, connection: Connection, begin: str | None) -> None:
        """Use `joined` or `alone`."""
        dialect = connection.dialect
        self._dialect = f"{dialect.name}.{dialect.driver}"
        self._connection = connection.connection
        self._begin = begin
        self._kept: list[tuple[Executable, Sequence[Row]]] = []

    @classmethod
    @contextmanager
    def joined(cls, connection: Connection) -> Iterator[Self]:
        """Take part in a connection's transaction, which is ended by whoever began it."""
        driver = cls(connection, None)
        with _translated(connection):
            yield driver
            driver._send()

    @classmethod
    @contextmanager
    def alone(cls, connection: Connection, begin: str) -> Iterator[Self]:
        """Give a transaction of its own on a connection that begins none by itself.

        It begins in the exchange of the first `ask` and ends in that of what was `put`.
        """
        driver = cls(connection, begin)
        with _translated(connection):
            try:
                yield driver
                driver._send(last="COMMIT")
            except BaseException:
                driver._connection.rollback()
                raise

    def ask(self, *queries: Query) -> list[Sequence[Any] | None]:
        """Run queries in one exchange; return the first row of each, as the driver gives it."""
        with self._together():
            self._open()
            cursors = [self._run(query.statement, [query.values]) for query in queries]
        rows = [cast("Sequence[Any] | None", cursor.fetchone()) for cursor in cursors]
        for cursor in cursors:
            cursor.close()
        return rows

    def put(self, statement: Executable, rows: Sequence[Row]) -> None:
        """Keep a statement that writes; all of them are run in order, for each of their rows.

        Only an insert of whole rows may have more than one.
        """
        if rows:
            self._kept.append((statement, rows))

    def _send(self, last: str | None = None) -> None:
        with self._together():
            self._open()
            for statement, rows in self._kept:
                self._run(statement, rows)
            if last:
                self._connection.cursor().execute(last)
        self._kept.clear()

    def _open(self) -> None:
        if self._begin:
            self._connection.cursor().execute(self._begin)
            self._begin = None

    def _together(self) -> AbstractContextManager[object]:
        """Send what is run inside in one go, where the driver talks with a server."""
        pipeline = getattr(self._connection, "pipeline", nullcontext)
        return cast("AbstractContextManager[object]", pipeline())

    def _run(self, statement: Executable, rows: Sequence[Row]) -> Any:  # noqa: ANN401 - the driver's cursor
        cursor = self._connection.cursor()
        if len(rows) > 1 and self._dialect.startswith("postgresql"):
            statement, rows = _as_arrays(statement), [_columns(rows)]
        prepared = _prepared(statement, self._dialect)
        if len(rows) == 1:
            cursor.execute(prepared.text, prepared.arranged(rows[0]))
        else:
            arranged = [prepared.arranged(row) for row in rows]
            cursor.executemany(prepared.text, cast("Sequence[Row]", arranged))
        return cursor


@cache
def _as_arrays(statement: Executable) -> Executable:
    """Return the statement that inserts many rows at once, given an array for each column."""
    table = cast("Insert", statement).table
    values = (func.unnest(bindparam(c.name, type_=ARRAY(c.type))) for c in table.columns)
    return insert(cast("Table", table)).from_select(table.columns.keys(), select(*values))


def _columns(rows: Sequence[Row]) -> Row:
    return {name: [row[name] for row in rows] for name in rows[0]}


@contextmanager
def _translated(connection: Connection) -> Iterator[None]:
    """Make the driver's errors SQLAlchemy's, each of its own kind, without the values in them."""
    driver = connection.dialect.loaded_dbapi
    try:
        yield
    except driver.Error as error:
        raise DBAPIError.instance(
            "append to the log",
            None,
            error,
            driver.Error,
            hide_parameters=True,
            dialect=connection.dialect,
        ) from error


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement's text; `order` of its parameters where the driver takes them by place."""

    text: str
    fixed: Row
    written: Mapping[str, Callable[[Any], Any]]
    order: tuple[str, ...] | None

    def arranged(self, row: Row) -> Row | tuple[object, ...]:
        """Return a row's values as the driver takes them."""
        if self.written or self.fixed:
            row = {**self.fixed, **row}
            for name, write in self.written.items():
                row[name] = write(row[name])
        return row if self.order is None else tuple(row[name] for name in self.order)


@cache
def _prepared(statement: Executable, dialect: str) -> _Prepared:
    made: Dialect = registry.load(dialect)()
    compiled = cast("SQLCompiler", statement.compile(dialect=made))  # type: ignore[attr-defined]
    order = tuple(compiled.positiontup) if compiled.positional and compiled.positiontup else None
    fixed = {name: bind.value for name, bind in compiled.binds.items() if bind.value is not None}
    writing = {
        name: bind.type.dialect_impl(made).bind_processor(made)
        for name, bind in compiled.binds.items()
    }
    written = {name: write for name, write in writing.items() if write is not None}
    return _Prepared(compiled.string, fixed, written, order)
