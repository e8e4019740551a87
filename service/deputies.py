"""Somebody stands in for somebody: between two days the other's customers count as their own.

A deputy gets no role and no clearance by it: what is not open to their own roles stays shut. The
days are compared at every request, so it ends by itself (docs/decisions/0019).
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from service import accounts, owners
from service.archive import Call
from service.errors import Conflict, Invalid, NotFound
from service.models import Person
from service.profiles import PersonRef
from service.signins import today

#: The longest time somebody stands in for another, in days: leave, not a change of posts.
LONGEST = 92


@dataclass(frozen=True, slots=True)
class Deputy:
    """Who stands in for whom, from which day to which; `id` is the deputy's."""

    id: str
    deputy: PersonRef
    of: PersonRef
    first: date
    last: date

    @property
    def rev(self) -> str:
        """Return what changes with it: for whom, from which day to which."""
        return f"{self.of.id}-{self.first}-{self.last}"


def concerning(call: Call) -> tuple[Deputy, ...]:
    """Return who stands in for this call's person, and for whom they do; not what is over."""
    me = call.actor.person
    rows = call.db.scalars(
        select(Person)
        .where(
            or_(Person.deputy_of == me, Person.id == me),
            Person.deputy_of.is_not(None),
            Person.deputy_to >= today(call.archive),
        )
        .order_by(Person.deputy_from, Person.name)
    ).all()
    return tuple(_shown(call.db, row) for row in rows)


def one(call: Call, person_id: str) -> Deputy:
    """Return one of those `concerning` this call's person; raises `NotFound` for all others."""
    call.require()
    found = {deputy.id: deputy for deputy in concerning(call)}
    if person_id not in found:
        raise NotFound
    return found[person_id]


def choices(call: Call) -> tuple[tuple[str, str], ...]:
    """Return who may stand in for this call's person: colleagues of their department."""
    people = dict(owners.colleagues(call.db))
    if call.actor.person not in people:
        return ()
    mine = select(Person.department).where(Person.id == call.actor.person).scalar_subquery()
    near = set(call.db.scalars(select(Person.id).where(Person.department == mine)))
    return tuple(
        (person, name)
        for person, name in people.items()
        if person in near and person != call.actor.person
    )


def name(call: Call, person_id: str, *, first: date | None, last: date | None) -> Deputy:
    """Let a colleague stand in for this call's person from a day to a day, both included."""
    call.require()
    begins, ends = _checked(call, first, last)
    db = call.db
    if person_id not in dict(choices(call)):
        raise Invalid("A deputy is a colleague of your department.", fields={"deputy": "unknown"})
    row = db.get_one(Person, person_id, with_for_update=True)
    still = row.deputy_to is not None and row.deputy_to >= today(call.archive)
    if row.deputy_of not in (None, call.actor.person) and still:
        raise Conflict("This person stands in for somebody else already.", rule="deputy:taken")
    before = _said(row)
    row.deputy_of, row.deputy_from, row.deputy_to = call.actor.person, begins, ends
    db.flush()
    call.note(before=before, after=_said(row))
    return _shown(db, row)


def revoke(call: Call, person_id: str) -> None:
    """End at once that somebody stands in for this call's person."""
    call.require()
    row = call.db.get(Person, person_id, with_for_update=True)
    if row is None or row.deputy_of != call.actor.person:
        raise NotFound
    call.note(before=_said(row), after={})
    row.deputy_of = row.deputy_from = row.deputy_to = None
    call.db.flush()


def _checked(call: Call, first: date | None, last: date | None) -> tuple[date, date]:
    now = today(call.archive)
    if first is None or last is None:
        wrong = {n: "required" for n, day in (("from", first), ("to", last)) if day is None}
        raise Invalid("Say from which day to which.", fields=wrong)
    if last < first or last < now:
        raise Invalid("The last day is over before it begins.", fields={"to": "range"})
    if last - first >= timedelta(days=LONGEST) or first > now + timedelta(days=366):
        raise Invalid(
            "Somebody stands in for at most %(longest)s days.",
            fields={"to": "range"},
            longest=LONGEST,
        )
    return first, last


def _said(row: Person) -> dict[str, str]:
    """Return what the log keeps of a deputy, before and after a change."""
    said = {"deputy_of": row.deputy_of, "from": row.deputy_from, "to": row.deputy_to}
    return {name: str(value) for name, value in said.items() if value is not None}


def _shown(db: Session, row: Person) -> Deputy:
    of = row.deputy_of or ""
    names = accounts.names(db, {of})
    first, last = row.deputy_from or date.min, row.deputy_to or date.min
    return Deputy(
        row.id, PersonRef(row.id, row.name), PersonRef(of, names.get(of, of)), first, last
    )
