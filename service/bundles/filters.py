"""Which entries a bundle is about: names are resolved once, then everybody means the same.

A filter is what SQL asks for, and what the manifest states in members of bodies: so both
verifiers can compare every shown entry, and every opened one, with it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from service.errors import Invalid
from service.log_questions import Sought, known, midnight, numbered, people
from service.models import AuditEvent, AuditTouch

#: Member of a body → the query column that follows from it.
COLUMNS = {
    "actor.id": AuditEvent.actor,
    "actor.dept": AuditEvent.dept,
    "action": AuditEvent.action,
    "verb": AuditEvent.verb,
    "customer": AuditEvent.customer,
    "categories.0": AuditEvent.category,
    "grade": AuditEvent.grade,
    "decision": AuditEvent.decision,
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What fits: from a moment to before another, these members, these documents shown."""

    since: str = ""
    before: str = ""
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    touched: tuple[str, ...] = ()
    #: the days and the time zone that the moments come from, for people
    days: tuple[str, str] = ("", "")
    zone: str = ""

    @property
    def everything(self) -> bool:
        """Say whether no entry is left out."""
        return not (self.since or self.before or self.members or self.touched)

    def kept(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `kept` gave."""
        members = {path: tuple(values) for path, values in kept["members"].items()}
        first, last = kept["days"]
        return cls(
            **{
                **kept,
                "members": members,
                "touched": tuple(kept["touched"]),
                "days": (first, last),
            }
        )

    def stated(self) -> dict[str, Any]:
        """Return it as the manifest of a bundle states it."""
        said: dict[str, Any] = {"members": {p: list(v) for p, v in self.members.items()}}
        said["touched"] = list(self.touched)
        texts = {"from": self.since, "before": self.before, "zone": self.zone}
        said |= {name: value for name, value in texts.items() if value}
        if any(self.days):
            said["days"] = list(self.days)
        return said

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what entries must fulfil."""
        found: list[ColumnElement[bool]] = []
        if self.since:
            found.append(AuditEvent.ts >= self.since)
        if self.before:
            found.append(AuditEvent.ts < self.before)
        for path, values in self.members.items():
            found.append(COLUMNS[path].in_(values))
        if self.touched:
            shown = select(AuditTouch.seq).where(AuditTouch.document.in_(self.touched))
            found.append(AuditEvent.object.in_(self.touched) | AuditEvent.seq.in_(shown))
        return found


def resolved(db: Session, zone: ZoneInfo, wanted: Sought) -> Filter:
    """Return what is meant: ids of people and clients; a document is one they are about or showed.

    Raises `Invalid` for days that are none.
    """
    named = {
        "actor.id": people(db, wanted.actor) if wanted.actor else [],
        "customer": numbered(db, wanted.customer) if wanted.customer else [],
    }
    plain = {
        "actor.dept": wanted.dept,
        "action": wanted.action,
        "verb": wanted.verb,
        "categories.0": wanted.category,
        "grade": wanted.grade,
        "decision": wanted.decision,
    }
    members = {path: tuple(values) for path, values in named.items() if values}
    members |= {path: (value,) for path, value in plain.items() if value}
    first, last = wanted.day_from, wanted.day_to
    if first and last and first > last:
        raise Invalid("The last day is before the first.", fields={"to": "backwards"})
    return Filter(
        since=midnight(known(first, "from"), zone) if first else "",
        before=midnight(known(last, "to") + timedelta(days=1), zone) if last else "",
        members=members,
        touched=(wanted.document,) if wanted.document else (),
        days=(first.isoformat() if first else "", last.isoformat() if last else ""),
        zone=zone.key,
    )


def span(db: Session, wanted: Filter, head: int) -> tuple[int, int]:
    """Return the first and last number of the days asked for; raises `Invalid` where none is.

    The other conditions narrow what is shown, never the range: nothing may be missing between.
    """
    if not wanted.since and not wanted.before:
        return 1, head
    inside = [AuditEvent.ts >= wanted.since] if wanted.since else []
    inside += [AuditEvent.ts < wanted.before] if wanted.before else []
    first, last = db.execute(
        select(func.min(AuditEvent.seq), func.max(AuditEvent.seq)).where(*inside)
    ).one()
    if first is None:
        raise Invalid("There is no entry in these days.", fields={"from": "range"})
    return int(first), int(last)


def count(db: Session, wanted: Filter, first: int, last: int) -> int:
    """Return how many entries of a range fit."""
    if wanted.everything:
        return last - first + 1
    inside = AuditEvent.seq.between(first, last)
    statement = select(func.count()).select_from(AuditEvent).where(inside, *wanted.conditions())
    return db.scalar(statement) or 0


def fits(body: Mapping[str, Any], stated: Mapping[str, Any]) -> bool:
    """Say whether a body fits the filter that a manifest states, as far as bodies can tell."""
    ts = str(body.get("ts", ""))
    if ts < stated.get("from", "") or ts >= stated.get("before", "~"):
        return False
    return all(_member(body, path) in values for path, values in stated["members"].items())


def _member(body: Mapping[str, Any], path: str) -> object:
    """Return a member of a body by its path, as `actor.id` or `categories.0`."""
    value: Any = body
    for name in path.split("."):
        if isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value
