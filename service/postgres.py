"""Connections to PostgreSQL: kept warm, and tried before use when they stood idle."""

from time import monotonic
from typing import Any

import psycopg
from psycopg.pq import Format
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

#: Seconds after which a connection is tried. Trying it each time costs a quarter of a search's
#: words with the server; one that broke a moment ago costs one call its answer, and it says 503.
_IDLE = 0.1


def postgres_engine(
    url: str, *, size: int, overflow: int, wait: float, connect: dict[str, Any]
) -> Engine:
    """Prepare up to `size + overflow` connections; who finds none free gives up after `wait` s.

    The one used last comes first: it has the statements prepared.
    """
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=overflow,
        pool_timeout=wait,
        pool_use_lifo=True,
        # an error may be written down by anybody; the values in it may not
        hide_parameters=True,
        connect_args=connect | {"cursor_factory": _Binary},
    )

    @event.listens_for(engine, "checkin")
    def _rest(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _wake(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if monotonic() - record.info.get("since", monotonic()) <= _IDLE:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # the pool makes new ones, and tries again

    return engine


class _Binary(psycopg.Cursor[Any]):
    """Takes values as they are; as text a sealed one is twice as long, and made twice."""

    def __init__(self, connection: psycopg.Connection[Any], *, row_factory: Any = None) -> None:  # noqa: ANN401 - psycopg's
        super().__init__(connection, row_factory=row_factory)
        self.format = Format.BINARY
