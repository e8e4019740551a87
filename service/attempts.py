"""Passwords tried: how many at a time, what failures lock, and for how long.

A trial takes its place before its password is looked at: failures and trials under way together
never pass the limit, so of many passwords sent at once no more are answered than one after the
other. Who comes when all places are taken waits until one is free, or the lock is on.

What is stamped further ahead than clocks of hosts differ was written down before the clock was
set back: it locks nobody and counts for nothing.
"""

import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from service.archive import Archive
from service.audit.entries import Entry
from service.db import Database
from service.errors import TooMany, Unavailable
from service.ids import new_id
from service.jobs import AHEAD
from service.models import Attempt, Trial
from service.policy.rules import SignInLimits
from service.rows import claim

#: Longest wait for a place and pause between two looks, in seconds.
_PATIENCE = 20.0
_PAUSE = 0.05

#: After this a trial's process must have died: its place is free again.
_LONGEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Marks:
    """Keyed hashes under which failures are counted."""

    key: bytes
    login: str
    address: str

    @property
    def pair(self) -> str:
        """Return the mark of this account from this address."""
        return self._of(f"pair|{self.login}|{self.address}")

    @property
    def place(self) -> str:
        """Return the mark of the address alone."""
        return self._of(f"address|{self.address}")

    def _of(self, what: str) -> str:
        return hmac.new(self.key, what.encode(), hashlib.sha256).hexdigest()


def begin(database: Database, marks: Marks, limits: SignInLimits) -> str | datetime:
    """Return a new trial's id, or until when no password is looked at.

    Who waited too long for a place is told to come again in a moment.
    """
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with database.read() as db:
            answer: str | datetime | None = _locked_until(db, marks, limits)
            free = not answer and _is_free(db, marks, limits)
        if free:
            with database.write() as db:
                answer = _placed(db, marks, limits)
        if answer:
            return answer
        time.sleep(_PAUSE)
    return datetime.now(UTC) + timedelta(seconds=1)


@contextmanager
def under_way(database: Database, trial: str) -> Iterator[None]:
    """Free the place of a trial that ends without an answer."""
    try:
        yield
    except BaseException:
        with suppress(Unavailable), database.write() as db:
            _end(db, trial)
        raise


def too_many(until: datetime) -> TooMany:
    """Return the refusal of who may not try before `until`."""
    wait = (until - datetime.now(UTC)).total_seconds()
    return TooMany(
        "Too many attempts from here. Try again in %(minutes)s minutes.",
        retry_after=max(1, int(wait)),
        minutes=max(1, round(wait / 60)),
    )


def log_refusal(
    archive: Archive, refusal: Entry, trial: str | None, marks: Marks, limits: SignInLimits
) -> None:
    """Log a refusal; that of a trial counts. Raises `Unavailable("log")`."""
    try:
        with archive.ring() as ring, archive.db.write() as db:
            if trial:
                failed(db, trial, marks, limits)
            archive.append(db, [refusal], ring)
    except Unavailable as error:
        raise Unavailable("log") from error


def failed(db: Session, trial: str, marks: Marks, limits: SignInLimits) -> None:
    """Count a wrong password; the last one that is allowed locks."""
    _end(db, trial)
    _count(db, marks.pair, limits.pair_failures, limits.lock_minutes)
    _count(db, marks.place, limits.address_failures, limits.lock_minutes)


def passed(db: Session, trial: str, marks: Marks) -> None:
    """Forget the failures of this account from this address."""
    _end(db, trial)
    db.execute(delete(Attempt).where(Attempt.key == marks.pair))


def _end(db: Session, trial: str) -> None:
    db.execute(delete(Trial).where(Trial.id == trial))


def _locked_until(db: Session, marks: Marks, limits: SignInLimits) -> datetime | None:
    now = datetime.now(UTC)
    longest = now + timedelta(minutes=limits.lock_minutes) + AHEAD
    found = db.scalars(
        select(Attempt.locked_until).where(
            Attempt.key.in_((marks.pair, marks.place)),
            Attempt.locked_until > now,
            Attempt.locked_until <= longest,
        )
    )
    return max((until for until in found if until), default=None)


def _placed(db: Session, marks: Marks, limits: SignInLimits) -> str | None:
    """Take a place if there is one, and say under which id."""
    now = datetime.now(UTC)
    # else what is written down ahead would lock when its time is near
    db.execute(delete(Attempt).where(Attempt.last > now + AHEAD))
    db.execute(
        delete(Trial).where(or_(Trial.started < now - _LONGEST, Trial.started > now + AHEAD))
    )
    for key in (marks.pair, marks.place):
        # locked until this is committed: nobody else counts places meanwhile
        claim(db, Attempt, key, {"key": key, "failures": 0, "last": now})
    if _locked_until(db, marks, limits) or not _is_free(db, marks, limits):
        return None
    trial = Trial(id=new_id(), pair=marks.pair, place=marks.place, started=now)
    db.add(trial)
    db.flush()
    return trial.id


def _is_free(db: Session, marks: Marks, limits: SignInLimits) -> bool:
    """Say whether one more may be tried, from this address and for this account."""
    now = datetime.now(UTC)
    for key, column, most in (
        (marks.pair, Trial.pair, limits.pair_failures),
        (marks.place, Trial.place, limits.address_failures),
    ):
        row = db.get(Attempt, key)
        failures = _remembered(row, now, limits.lock_minutes) if row else 0
        lately = Trial.started.between(now - _LONGEST, now + AHEAD)
        recent = select(func.count()).where(column == key, lately)
        if failures + (db.scalar(recent) or 0) >= most:
            return False
    return True


def _count(db: Session, key: str, most: int, minutes: int) -> None:
    now = datetime.now(UTC)
    db.execute(delete(Attempt).where(Attempt.last < now - timedelta(days=1)))
    row = claim(db, Attempt, key, {"key": key, "failures": 0, "last": now})
    row.failures = _remembered(row, now, minutes) + 1
    row.last = now
    if row.failures >= most:
        row.locked_until = now + timedelta(minutes=minutes)
        row.failures = 0
    db.flush()


def _remembered(row: Attempt, now: datetime, minutes: int) -> int:
    """Return how many failures still count."""
    over = now - row.last > timedelta(minutes=minutes)
    return 0 if over or row.last > now + AHEAD else row.failures
