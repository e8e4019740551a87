"""Whether the log is whole, for its page: a worker verifies all of it daily, and when asked.

What it found is kept with the time. That is for those who keep an eye on the log, no evidence: it
lies in the database that it judges, and whoever can change the one can change the other. Evidence
is what `guidang audit verify` says with the notes from outside (docs/log.md).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import probing
from service.archive import Call
from service.audit.verdicts import Code, Report
from service.models import AuditHead

#: How old a result is when the next one is made, and when the page warns of its age.
EVERY: Final = timedelta(hours=20)
LATE: Final = timedelta(hours=24)

#: Seconds after its last sign of life when a worker that verifies is taken for dead.
_DEAD: Final = 30.0

#: Verdicts that say that the log is not as it was written; the others say nothing against it.
BROKEN: Final = frozenset(Code) - {Code.OK, Code.OLD, Code.ORPHANS}


class State(StrEnum):
    """How the log stands by the last check."""

    NEVER = "never"
    WHOLE = "whole"
    #: whole when it was looked at, but that was too long ago
    LATE = "late"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class LogCheck:
    """The last check of the whole log, and whether another one is asked for or goes on."""

    state: State
    #: when it ended, how many entries held, the code of the verdict, the first bad number
    taken: datetime | None = None
    entries: int = 0
    code: int = 0
    first_bad: int | None = None
    asked: bool = False
    #: how many entries the running check has behind it, and has in all
    done: int | None = None
    of: int = 0


def standing(db: Session, now: datetime) -> LogCheck:
    """Return how the log stands by what workers have found."""
    last = probing.reading(db, probing.LOG)
    going = probing.reading(db, probing.LOG_GOING)
    found: dict[str, Any] = {"asked": probing.reading(db, probing.LOG_ASKED) is not None}
    if going and going.age(now) < _DEAD:
        found |= {"done": going.body["done"], "of": going.body["of"]}
    if last is None:
        return LogCheck(State.NEVER, **found)
    code, bad = last.body["code"], last.body["first_bad"]
    state = State.LATE if last.age(now) > LATE.total_seconds() else State.WHOLE
    state = State.BROKEN if broken(last) else state
    return LogCheck(state, last.taken, last.body["entries"], code, bad, **found)


def broken(last: probing.Reading | None) -> bool:
    """Say whether a check found that the log is not as it was written."""
    return last is not None and last.body["code"] in BROKEN


def ask(call: Call) -> None:
    """Have the log checked at once, for whoever may read it."""
    call.require()
    probing.put(call.db, probing.LOG_ASKED, {})


def due(db: Session, now: datetime) -> bool:
    """Say whether it is time for a check: somebody asked, or the last one is old."""
    last = probing.reading(db, probing.LOG)
    return last is None or abs(now - last.taken) > EVERY or _asked(db) is not None


def begin(db: Session) -> datetime | None:
    """Begin a check; return which request it answers, for `end`."""
    go_on(db, 0)
    return _asked(db)


def go_on(db: Session, done: int) -> None:
    """Keep how far the running check is, in entries."""
    of = db.scalar(select(AuditHead.seq)) or 0
    probing.put(db, probing.LOG_GOING, {"done": done, "of": of})


def end(db: Session, asked: datetime | None, report: Report | None) -> None:
    """Keep what a check found, if it found anything; what was asked meanwhile is asked still."""
    probing.forget(db, probing.LOG_GOING)
    if report is None:
        return
    code, bad = int(report.code), report.first_bad
    probing.put(db, probing.LOG, {"code": code, "first_bad": bad, "entries": report.events})
    if asked == _asked(db):
        probing.forget(db, probing.LOG_ASKED)


def _asked(db: Session) -> datetime | None:
    found = probing.reading(db, probing.LOG_ASKED)
    return found.taken if found else None
