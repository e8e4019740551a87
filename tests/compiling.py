"""The archives of one process share the SQL they compiled: a test would compile most anew.

SQLAlchemy keeps compiled statements for each engine, by its dialect, and every test has engines
of its own. What SQLite is told is the same.
"""

from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache

_KNOWN: LRUCache[tuple[object, ...], object] = LRUCache(2000)
_FIRST: list[Engine] = []


def share() -> None:
    """Let all SQLite engines of this process share what was compiled, from now on."""
    event.listen(Engine, "engine_connect", _join)


def _join(connection: Connection) -> None:
    engine = connection.engine
    if engine.dialect.name != "sqlite" or engine._compiled_cache is _KNOWN:
        return
    if not _FIRST:
        _FIRST.append(engine)
    engine.dialect = connection.dialect = _FIRST[0].dialect
    engine._compiled_cache = _KNOWN  # type: ignore[assignment]
