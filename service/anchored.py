"""How the log stands with its anchor: what was signed last, where it was taken, what is wrong.

The anchor is a process of its own and leaves its report where web and worker read it. Nothing
here is evidence: that is the notes themselves.
"""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import log_check, probing
from service.archive import Archive
from service.audit.entries import Subject
from service.codes import Role
from service.db import Database
from service.errors import Denied, Unavailable
from service.models import AuditCheckpoint
from service.permissions import Action, Actor

#: Name of the anchor's report.
REPORT = "anchor"

#: How old the newest note, or the last delivery to a place, may be before everybody is told.
LATE = timedelta(hours=26)

#: Seconds for which a process believes what it was told.
BEAT = 10.0

#: The only ones who go on where places are configured and none has taken a note for too long.
KEEPERS = frozenset({Role.ARCHIVIST, Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One place: whether it lies outside, when it last took a note, and why not since."""

    name: str
    outside: bool
    taken: datetime | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the anchor said last. `size` and `signed` are None before its first note."""

    size: int | None = None
    signed: datetime | None = None
    refused: str = ""
    places: tuple[Delivery, ...] = ()
    since: datetime | None = None
    key: str = ""
    #: the last check of the whole log found an entry that is not as it was written
    broken: bool = False

    @property
    def outside(self) -> bool:
        """Say whether some place out of this host's reach holds a note."""
        return any(place.outside and place.taken for place in self.places)

    @property
    def configured(self) -> bool:
        """Say whether notes are to go anywhere."""
        return bool(self.places)

    def taken(self) -> datetime | None:
        """Return when any place last took a note."""
        return max((p.taken for p in self.places if p.taken), default=None)

    def late(self, now: datetime) -> bool:
        """Say whether the newest note is too old."""
        return self.signed is not None and now - self.signed > LATE

    def unreached(self, now: datetime) -> tuple[Delivery, ...]:
        """Return the places that have taken no note for too long, or refuse the first."""
        return tuple(p for p in self.places if (now - p.taken > LATE if p.taken else bool(p.error)))

    def state(self, now: datetime) -> str:
        """Return one word for it: refused, late, unreached, unanchored or anchored."""
        if self.refused:
            return "refused"
        if self.late(now):
            return "late"
        if self.unreached(now):
            return "unreached"
        return "anchored" if self.outside else "unanchored"

    def closed(self, now: datetime, longest: timedelta) -> bool:
        """Say whether only its keepers may still work: no place took a note for `longest`."""
        last = self.taken() or self.since
        return self.configured and last is not None and now - last > longest


def standing(db: Session) -> Standing:
    """Return how it stands now."""
    found = probing.readings(db)
    report, broken = found.get(REPORT), log_check.broken(found.get(probing.LOG))
    said = _read(report.body) if report else Standing(*_newest(db))
    return replace(said, broken=broken)


def _newest(db: Session) -> tuple[int | None, datetime | None]:
    """Return what there is to say where no anchor has reported."""
    newest = select(AuditCheckpoint).order_by(AuditCheckpoint.tree_size.desc()).limit(1)
    row = db.scalars(newest).first()
    return (row.tree_size, datetime.fromisoformat(row.created)) if row else (None, None)


def _read(body: Mapping[str, Any]) -> Standing:
    return Standing(
        size=body.get("size"),
        signed=_moment(body.get("signed")),
        refused=str(body.get("refused") or ""),
        places=tuple(
            Delivery(
                str(place["name"]),
                bool(place["outside"]),
                _moment(place.get("taken")),
                str(place.get("error") or ""),
            )
            for place in body.get("places", ())
        ),
        since=_moment(body.get("since")),
        key=str(body.get("key") or ""),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class Watched:
    """The standing as one process knows it, asked for again every few seconds."""

    def __init__(self) -> None:
        """Start with nothing known; the first question asks the database."""
        self._standing = Standing()
        self._asked = float("-inf")
        self._turn = threading.Lock()

    def standing(self, db: Database) -> Standing:
        """Return how it stands, or stood a moment ago; an absent database changes nothing."""
        with self._turn:
            now = time.monotonic()
            if now - self._asked > BEAT:
                self._asked = now
                with suppress(Unavailable), db.read() as session:
                    self._standing = standing(session)
            return self._standing

    def forget(self) -> None:
        """Ask the database at the next question."""
        self._asked = float("-inf")


def admit(archive: Archive, actor: Actor, watched: Watched, now: datetime) -> None:
    """Refuse work while the log is not anchored as it should be, to all but its keepers.

    Raises `Unavailable("log")`, without an entry, while the log is not the one that was signed;
    and `Denied`, which is logged, when no place has taken a note for too long.
    """
    found = watched.standing(archive.db)
    if not (found.refused or found.configured) or actor.roles & KEEPERS:
        return
    if found.refused:
        raise Unavailable(
            "log", "The log is not the one that was signed. Whoever looks after the archive knows."
        )
    with archive.db.read() as db:
        hours = archive.policies.current(db).limits.anchor.closed_hours
    if found.closed(now, timedelta(hours=hours)):
        refusal = Denied(
            "For too long no place outside has taken a note of the log. Until one does, only "
            "archivists, auditors and administrators can work.",
            rule="anchor:late",
        )
        with archive.call(actor, Action.REQUEST_CHECK, Subject("request"), writes=True):
            raise refusal
