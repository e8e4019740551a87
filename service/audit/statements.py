"""The statements that append, handed to the database's driver as they are.

Every search appends twice. SQLAlchemy writes the statements, once for each kind of database;
what it does around each run of one takes several times as long as the database itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, Self, cast

from sqlalchemy import (
    Connection,
    Executable,
    Table,
    bindparam,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import registry
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from service.models import AuditBody, AuditDetail, AuditEvent, AuditHead, AuditTouch

Row = Mapping[str, Any]

_HEAD = cast("Table", AuditHead.__table__)

_ONLY = _HEAD.c.id == literal_column("1")

LOCK_HEAD = select(_HEAD.c.seq, _HEAD.c.chain, _HEAD.c.frontier).where(_ONLY).with_for_update()
MOVE_HEAD = (
    update(_HEAD)
    .where(_ONLY)
    .values(
        seq=bindparam("new_seq"), chain=bindparam("new_chain"), frontier=bindparam("new_frontier")
    )
)
EVENT, BODY, DETAIL, TOUCH = (
    insert(cast("Table", model.__table__))
    for model in (AuditEvent, AuditBody, AuditDetail, AuditTouch)
)


class Driver:
    """The driver's own cursor on a connection, inside its transaction."""

    def __init__(self, connection: Connection) -> None:
        """Use `opened`."""
        dialect = connection.dialect
        self._dialect = f"{dialect.name}.{dialect.driver}"
        self._connection = connection.connection
        self._cursor = self._connection.cursor()

    @classmethod
    @contextmanager
    def opened(cls, connection: Connection) -> Iterator[Self]:
        """Give the driver; its errors become SQLAlchemy's, without the values in them."""
        driver = cls(connection)
        try:
            yield driver
        except connection.dialect.loaded_dbapi.Error as error:
            raise DBAPIError("append to the log", None, error, hide_parameters=True) from error
        finally:
            driver._cursor.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send what is run inside in one go, where the driver talks with a server.

        Others who append wait meanwhile: six exchanges would take as long as the commit.
        """
        pipeline = getattr(self._connection, "pipeline", nullcontext)
        with pipeline():
            yield

    def one(self, statement: Executable) -> Sequence[Any]:
        """Run a statement without parameters that finds one row."""
        self._cursor.execute(_prepared(statement, self._dialect).text)
        return cast("Sequence[Any]", self._cursor.fetchone())

    def run(self, statement: Executable, rows: Sequence[Row]) -> None:
        """Run a statement for each row."""
        prepared = _prepared(statement, self._dialect)
        if len(rows) == 1:
            self._cursor.execute(prepared.text, prepared.arranged(rows[0]))
        elif rows:
            arranged = [prepared.arranged(row) for row in rows]
            self._cursor.executemany(prepared.text, cast("Sequence[Row]", arranged))


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement's text; `order` of its parameters where the driver takes them by place."""

    text: str
    order: tuple[str, ...] | None

    def arranged(self, row: Row) -> Row | tuple[object, ...]:
        """Return a row's values as the driver takes them."""
        return row if self.order is None else tuple(row[name] for name in self.order)


@cache
def _prepared(statement: Executable, dialect: str) -> _Prepared:
    made: Dialect = registry.load(dialect)()
    compiled = cast("SQLCompiler", statement.compile(dialect=made))  # type: ignore[attr-defined]
    order = tuple(compiled.positiontup) if compiled.positional and compiled.positiontup else None
    return _Prepared(compiled.string, order)
