"""Rows that two processes may want to make at the same moment: one makes it, the other waits."""

from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

_Row = TypeVar("_Row")


def claim(
    db: Session, table: type[_Row], key: str | tuple[str, ...], fresh: dict[str, Any]
) -> _Row:
    """Return the row of that key, locked until this transaction ends.

    Where there is none, one is made with the values `fresh`, which hold the key too.
    """
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    db.execute(insert(table).values(**fresh).on_conflict_do_nothing())
    return db.get_one(table, key, with_for_update=True, populate_existing=True)
