"""Entries going into the log: with a change, in its transaction, or without one."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from service import figures
from service.audit import log
from service.audit.entries import Entry
from service.backlog import Backlog, Kept, Making
from service.driver import Driver, Query, Row
from service.errors import Refusal, Unavailable
from service.keystore import Ring

#: A statement that changes a row and returns it, its values, and the refusal where none fits.
Claim = tuple[Executable, Row, Refusal]


def month_key(ring: Ring) -> log.MonthKey:
    """Return the key that seals details written now; to be had before a transaction begins."""
    month = f"{datetime.now(UTC):%Y-%m}"
    return log.MonthKey(ring.audit_month_id(month), ring.audit_month(month))


def append(db: Session, batch: Sequence[Entry], ring: Ring) -> list[int]:
    """Append entries as the last statements of a writing transaction; return their numbers.

    Raises `Unavailable("log")`.
    """
    month = month_key(ring)
    with log_away(), Driver.joined(db.connection()) as driver:
        (head,) = driver.ask(log.LOCK)
        return log.append(driver, head, batch, month)


def append_alone(
    backlog: Backlog,
    entry: Entry,
    ring: Ring,
    kept: Iterable[Kept] = (),
    claims: Sequence[Claim] = (),
) -> int:
    """Append one entry with rows that go along with it; return its number.

    Raises `Unavailable("log")`, and the refusal of a claim that no row fits.
    """
    if not claims:
        return append_made(backlog, lambda _: entry, ring, kept)
    # a claim goes with its own entry or not at all, so it shares no transaction with others
    with figures.audit_time(), log_away():
        month = month_key(ring)
        with backlog.database.brief() as driver:
            # the log is locked first: those who claim the same at once come one after the other
            head, *rows = driver.ask(log.LOCK, *(Query(made, row) for made, row, _ in claims))
            for found, (_, _, refusal) in zip(rows, claims, strict=True):
                if found is None:
                    raise refusal
            for statement, row in kept:
                driver.put(statement, [row])
            return log.append(driver, head, [entry], month)[0]


def append_made(backlog: Backlog, make: Making, ring: Ring, kept: Iterable[Kept] = ()) -> int:
    """Append one entry that is made in the transaction that writes it, as `append_alone` does."""
    with figures.audit_time(), log_away():
        return backlog.append(make, month_key(ring), kept)


@contextmanager
def log_away() -> Iterator[None]:
    """Whatever the database says against an entry: the log is away.

    It may be gone, full, read-only, not granted, refused by a trigger, or others write too long.
    """
    try:
        yield
    except (DBAPIError, Unavailable) as error:
        raise Unavailable("log") from error
