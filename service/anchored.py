"""How the log stands with its anchor: what was signed last, where it was taken, what is wrong.

The anchor is a process of its own and leaves its report where web and worker read it. Nothing
here is evidence: that is the notes themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import probing
from service.codes import Role
from service.models import AuditCheckpoint

#: Name of the anchor's report.
REPORT = "anchor"

#: How old the newest note, or the last delivery to a place, may be before everybody is told.
LATE = timedelta(hours=26)

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

    def closed(self, now: datetime, longest: timedelta) -> bool:
        """Say whether only its keepers may still work in the archive.

        So it is while the log is not the one that was signed, and when places are configured and
        none of them took a note for `longest`.
        """
        if self.refused:
            return True
        last = self.taken() or self.since
        return self.configured and last is not None and now - last > longest


def standing(db: Session) -> Standing:
    """Return how it stands now."""
    report = probing.readings(db).get(REPORT)
    return _read(report.body) if report else Standing(*_newest(db))


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


@dataclass(slots=True)
class Watched:
    """What a process knows of the standing between two rounds of its upkeep."""

    standing: Standing = field(default_factory=Standing)
