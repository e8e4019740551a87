"""The log's rows as they are stored, many at a time, by the driver's own cursors."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from service.audit import entries

#: Entries that are held in memory at once; a power of two, so that a batch is one subtree.
BATCH = 1024

#: Salt, sealed detail, id of the key.
Detail = tuple[bytes, bytes, str]

#: An entry's columns with leaf and chain; its body; its detail; what it touched.
Row = tuple[tuple[Any, ...], bytes | None, Detail | None, list[tuple[str, str]]]

_NOTHING: list[tuple[str, str]] = []
_NAMES = ", ".join(f'"{name}"' for name in entries.COLUMNS)


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries in the order of their numbers, and what hangs on those numbers."""

    events: list[tuple[Any, ...]]
    bodies: Mapping[int, bytes]
    details: Mapping[int, Detail]
    touches: Mapping[int, list[tuple[str, str]]]

    def rows(self) -> Iterator[Row]:
        """Give them one by one."""
        for event in self.events:
            seq = event[0]
            touched = self.touches.get(seq, _NOTHING)
            yield event, self.bodies.get(seq), self.details.get(seq), touched


def batches(db: Session, *, after: int = 0, last: int = 2**62) -> Iterator[Batch]:
    """Give every entry behind `after` up to `last`; a batch ends at a multiple of `BATCH`."""
    while after < last:
        events = _all(
            db,
            f"SELECT {_NAMES}, leaf, chain FROM audit_event "  # noqa: S608 - names and numbers
            f"WHERE seq > {after:d} AND seq <= {last:d} ORDER BY seq LIMIT {BATCH - after % BATCH}",
        )
        if not events:
            return
        upto = int(events[-1][0])
        between = f"seq > {after:d} AND seq <= {upto:d}"
        bodies = dict(_all(db, f"SELECT seq, body FROM audit_body WHERE {between}"))  # noqa: S608
        details = {
            seq: (salt, sealed, key)
            for seq, salt, sealed, key in _all(
                db,
                f"SELECT seq, salt, ct, key FROM audit_detail WHERE {between}",  # noqa: S608
            )
        }
        touches: dict[int, list[tuple[str, str]]] = {}
        for seq, document, how in _all(
            db,
            f"SELECT seq, document, how FROM audit_touch WHERE {between}",  # noqa: S608
        ):
            if seq in touches:
                touches[seq].append((document, how))
            else:
                touches[seq] = [(document, how)]
        yield Batch(events, bodies, details, touches)
        after = upto


def rows(db: Session, *, after: int = 0, last: int = 2**62) -> Iterator[Row]:
    """Give every entry behind `after` up to `last` with all that hangs on it."""
    for batch in batches(db, after=after, last=last):
        yield from batch.rows()


def leaves(db: Session, *, after: int = 0, last: int = 2**62) -> Iterator[tuple[int, bytes, bytes]]:
    """Give number, leaf and chain of every entry behind `after` up to `last`, as stored."""
    while after < last:
        found = _all(
            db,
            "SELECT seq, leaf, chain FROM audit_event "  # noqa: S608 - numbers
            f"WHERE seq > {after:d} AND seq <= {last:d} ORDER BY seq LIMIT {4 * BATCH}",
        )
        if not found:
            return
        yield from found
        after = found[-1][0]


def chain_at(db: Session, seq: int) -> bytes | None:
    """Return the chain value that is stored at a number."""
    found = _all(db, f"SELECT chain FROM audit_event WHERE seq = {seq:d}")  # noqa: S608 - a number
    return found[0][0] if found else None


def claimed(db: Session) -> tuple[tuple[int, int], ...]:
    """Return what entries say was purged; a walk that comes by them looks whether they hold."""
    found = _all(
        db,
        # asked for together with the decision, SQLite would look through all that was allowed
        "SELECT b.body, e.decision FROM audit_event e JOIN audit_body b ON b.seq = e.seq "
        "WHERE e.action = 'audit.purge'",
    )
    parts = []
    for body, decision in found:
        try:
            part = entries.read(body).get("part") or {} if decision == "allow" else {}
            parts.append((int(part["from"]), int(part["to"])))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # whoever wrote that wrote no purge
    return tuple(parts)


def _all(db: Session, statement: str) -> list[Any]:
    """Run a statement of names and numbers; return its rows as the driver gives them."""
    connection = db.connection()
    # PostgreSQL's driver else has bytes sent as text, two letters for each
    how = {} if connection.dialect.name == "sqlite" else {"binary": True}
    try:
        with closing(connection.connection.cursor(**how)) as cursor:
            return list(cursor.execute(statement).fetchall())
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError("read the log", None, error, hide_parameters=True) from error
