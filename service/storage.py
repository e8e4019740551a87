"""How much is stored: originals in the store, rows in the database, files in a folder."""

import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from service.models import Blob


def counted(db: Session) -> Mapping[str, int]:
    """Return number and bytes of stored originals and the size of the database. Takes a while."""
    objects, size = db.execute(
        select(func.count(), func.coalesce(func.sum(Blob.stored_size), 0))
    ).one()
    return {"objects": int(objects), "bytes": int(size), "database": _database_size(db)}


def _database_size(db: Session) -> int:
    if db.get_bind().dialect.name == "sqlite":
        pages = db.scalar(text("PRAGMA page_count")) or 0
        return int(pages) * int(db.scalar(text("PRAGMA page_size")) or 0)
    return int(db.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def weight(folder: Path) -> int:
    """Return the bytes of all files below a folder; those that vanish meanwhile count nothing."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(where) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total
