"""Rows that two processes may want to make at the same moment: one makes it, the other waits."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.models import Person

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


def in_turn(db: Session, person: str) -> None:
    """Let one writing transaction at a time of this person past this point, until it ends.

    What is counted after it, so that a limit holds, nobody adds to meanwhile. (SQLite has one
    writer at a time as it is.)
    """
    # not the whole row: others may go on naming the person in rows of theirs
    db.execute(select(Person.id).where(Person.id == person).with_for_update(key_share=True))


def add_new(db: Session, table: type[Any], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows; where there is one of the same key already, that one stays."""
    wanted = [dict(row) for row in rows]
    if wanted:
        insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
        db.execute(insert(table).on_conflict_do_nothing(), wanted)
