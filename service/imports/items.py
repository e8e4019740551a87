"""The files of a batch: names and what was said of them are sealed, a batch has no key of its own.

A batch may go to several customers, or to none yet: its values are sealed under a key of the
archive, bound to the place where they stand.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.orm import Session

from service.crypto import seal, unseal
from service.keystore import Ring
from service.models import ImportItem
from service.properties import Properties, clean_title

#: The longest path of a file, in characters; what is longer keeps its end.
PATH_LENGTH = 1000


class ItemState(StrEnum):
    """What became of one file of a batch."""

    #: not here yet
    EXPECTED = "expected"
    #: it became a document
    RECEIVED = "received"
    #: the same person brought it before: nothing was stored
    DUPLICATE = "duplicate"
    FAILED = "failed"
    #: left out knowingly
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Announced:
    """A file that will come: its path, bytes, and what is known of it before.

    `error`: a code; it is refused before it comes, and stands in the batch as failed.
    """

    file: str
    size: int
    sha256: str | None = None
    customer: str | None = None
    properties: Properties = field(default_factory=Properties)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A file of a batch; `size` in bytes as announced, `error` a code."""

    batch: str
    ordinal: int
    file: str
    size: int
    state: ItemState
    customer: str | None
    properties: Properties
    expected_sha256: str | None
    error: str | None
    document: str | None
    version: str | None
    received: int | None
    sha256: str | None
    tries: int
    changed: datetime

    @property
    def name(self) -> str:
        """Return the file's own name, without its folders."""
        return self.file.rpartition("/")[2]


def clean_path(text: str) -> str:
    """Return a path of folders and a name, without control marks, `.`, `..` or a root."""
    parts = (clean_title(part) for part in text.replace("\\", "/").split("/"))
    path = "/".join(part for part in parts if part not in ("", ".", ".."))
    return path[-PATH_LENGTH:].lstrip("/") or "file"


def sealed(ring: Ring, batch: str, ordinal: int, column: str, text: str) -> bytes:
    """Return a value of a batch (`ordinal` 0) or of one of its files, sealed for its place."""
    return seal(ring.blind("import"), text.encode(), _aad(batch, ordinal, column))


def opened(ring: Ring, batch: str, ordinal: int, column: str, value: bytes) -> str:
    """Return what `sealed` was given for the same place."""
    return unseal(ring.blind("import"), value, _aad(batch, ordinal, column)).decode()


def _aad(batch: str, ordinal: int, column: str) -> str:
    return f"guidang.import.v1|{batch}|{ordinal}|{column}"


def announce(db: Session, ring: Ring, batch: str, files: Iterable[Announced]) -> int:
    """Add files to a batch behind those it has; return how many there are then.

    Whoever adds holds the batch's row: two who add at once would number alike.
    """
    last = db.scalar(select(func.max(ImportItem.ordinal)).where(ImportItem.batch == batch)) or 0
    rows = [_row(ring, batch, n, one) for n, one in enumerate(files, last + 1)]
    if rows:
        db.execute(insert(ImportItem), rows)
    return last + len(rows)


def leave_out(db: Session, wanted: ColumnElement[bool]) -> None:
    """Leave files out, knowingly."""
    db.execute(
        update(ImportItem)
        .where(wanted)
        .values(state=str(ItemState.SKIPPED), changed=datetime.now(UTC))
        .execution_options(synchronize_session=False)
    )


def _row(ring: Ring, batch: str, ordinal: int, one: Announced) -> dict[str, Any]:
    said = _said(one.properties)
    return {
        "batch": batch,
        "ordinal": ordinal,
        "file_ct": sealed(ring, batch, ordinal, "file", clean_path(one.file)),
        "expected_size": one.size,
        "expected_sha256_ct": sealed(ring, batch, ordinal, "expected_sha256", one.sha256)
        if one.sha256
        else None,
        "customer": one.customer,
        "kind": one.properties.kind,
        "grade": one.properties.grade,
        "properties_ct": sealed(ring, batch, ordinal, "properties", said) if said else None,
        "state": str(ItemState.FAILED if one.error else ItemState.EXPECTED),
        "error": one.error,
        "tries": 0,
        "changed": datetime.now(UTC),
    }


def _said(properties: Properties) -> str:
    dated = properties.dated.isoformat() if properties.dated else None
    said = {"title": properties.title, "dated": dated}
    said |= {"number": properties.number, "note": properties.note}
    kept = {name: value for name, value in said.items() if value}
    return json.dumps(kept, ensure_ascii=False) if kept else ""


def read(ring: Ring, row: ImportItem) -> Item:
    """Return a row as the file it is about."""

    def plain(column: str, value: bytes | None) -> str | None:
        return opened(ring, row.batch, row.ordinal, column, value) if value else None

    said = json.loads(plain("properties", row.properties_ct) or "{}")
    dated = date.fromisoformat(said.pop("dated")) if "dated" in said else None
    return Item(
        batch=row.batch,
        ordinal=row.ordinal,
        file=plain("file", row.file_ct) or "",
        size=row.expected_size,
        state=ItemState(row.state),
        customer=row.customer,
        properties=Properties(kind=row.kind, grade=row.grade, dated=dated, **said),
        expected_sha256=plain("expected_sha256", row.expected_sha256_ct),
        error=row.error,
        document=row.document,
        version=row.version,
        received=row.received_size,
        sha256=plain("sha256", row.sha256_ct),
        tries=row.tries,
        changed=row.changed,
    )


def expected(
    db: Session, ring: Ring, batch: str, *, after: int = 0, limit: int = 100
) -> list[Item]:
    """Return the next files of a batch that are still to come, in their order."""
    rows = db.scalars(
        select(ImportItem)
        .where(
            ImportItem.batch == batch,
            ImportItem.state == str(ItemState.EXPECTED),
            ImportItem.ordinal > after,
        )
        .order_by(ImportItem.ordinal)
        .limit(limit)
    )
    return [read(ring, row) for row in rows]
