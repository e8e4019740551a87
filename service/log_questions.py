"""Questions to the log: which entries are asked for, as conditions that an index answers.

Entries are sorted by number. Days are therefore translated into numbers first: a database that
looked through an index of times would have to sort what it found.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, literal_column, or_, select, union
from sqlalchemy.orm import Session

from service.archive import Call
from service.errors import Invalid
from service.models import AuditEvent, AuditTouch, Customer, Person
from service.models.columns import instant_text

#: The hour of an entry, as the log writes it: in UTC.
HOUR = func.substr(AuditEvent.ts, literal_column("1"), literal_column("13"))

#: Years that days are looked for in.
_FIRST_YEAR, _LAST_YEAR = 1900, 9998


@dataclass(frozen=True, slots=True)
class Sought:
    """What entries are asked for by; days are calendar days of the archive's time zone."""

    day_from: date | None = None
    day_to: date | None = None
    actor: str = ""
    dept: str = ""
    action: str = ""
    verb: str = ""
    customer: str = ""
    document: str = ""
    category: str = ""
    grade: str = ""
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Wanted(Sought):
    """Which entries to list, and from where on."""

    #: a document that was shown under the entries, in lists too
    contains: str = ""
    #: a document that the entries are about or showed
    about: str = ""
    seq: int | None = None
    limit: int = 50
    #: where the list goes on to older entries
    cursor: str | None = None
    #: the number that entries must be newer than, for the way back
    newer: int | None = None
    #: whether an intent gives way to its outcome (`log_folding`)
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers of entries of some days. `total`: how many; None where others lie between."""

    first: int
    last: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What entries must fulfil. `total`: how many do, where that is known without counting."""

    where: tuple[ColumnElement[bool], ...] = ()
    total: int | None = None


def conditions(call: Call, wanted: Wanted) -> Conditions:
    """Return what entries must fulfil; raises `Invalid` for days that no calendar has."""
    db = call.db
    of_days = _days(db, ZoneInfo(call.archive.settings.timezone), wanted)
    others = _others(db, wanted)
    return Conditions((*of_days.where, *others), None if others else of_days.total)


def _others(db: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return what entries must fulfil beside their days."""
    found: list[ColumnElement[bool]] = []
    if wanted.seq is not None:
        found.append((AuditEvent.seq == wanted.seq) | (AuditEvent.ref == wanted.seq))
    if wanted.actor:
        found.append(_one_of(AuditEvent.actor, people(db, wanted.actor)))
    if wanted.customer:
        found.append(_one_of(AuditEvent.customer, numbered(db, wanted.customer)))
    if wanted.contains:
        found.append(AuditEvent.seq.in_(_shown(wanted.contains)))
    if wanted.about:
        on = select(AuditEvent.seq).where(AuditEvent.object == wanted.about)
        found.append(AuditEvent.seq.in_(union(on, _shown(wanted.about))))
    for column, value in (
        (AuditEvent.dept, wanted.dept),
        (AuditEvent.action, wanted.action),
        (AuditEvent.verb, wanted.verb),
        (AuditEvent.object, wanted.document),
        (AuditEvent.category, wanted.category),
        (AuditEvent.grade, wanted.grade),
        (AuditEvent.decision, wanted.decision),
    ):
        if value:
            found.append(column == value)
    return found


def _shown(document: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - SQLAlchemy's Select
    return select(AuditTouch.seq).where(AuditTouch.document == document)


def _one_of(column, values: list[str]) -> ColumnElement[bool]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    found: ColumnElement[bool] = column == values[0] if len(values) == 1 else column.in_(values)
    return found


def days(db: Session, zone: ZoneInfo, wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    """Return what entries of the wanted days must fulfil; raises `Invalid` for no days."""
    return _days(db, zone, wanted).where


def _days(db: Session, zone: ZoneInfo, wanted: Wanted) -> Conditions:
    if wanted.day_from is None and wanted.day_to is None:
        return Conditions()
    times = []
    if wanted.day_from:
        times.append(AuditEvent.ts >= midnight(known(wanted.day_from, "from"), zone))
    if wanted.day_to:
        after = known(wanted.day_to, "to") + timedelta(days=1)
        times.append(AuditEvent.ts < midnight(after, zone))
    span = _span(db, times)
    numbers = (AuditEvent.seq >= span.first, AuditEvent.seq <= span.last)
    # where a clock was set back, other days' entries lie between: then each is looked at
    return Conditions(numbers if span.total is not None else (*numbers, *times), span.total)


def _span(db: Session, times: list[ColumnElement[bool]]) -> Span:
    first, last, count = db.execute(
        select(func.min(AuditEvent.seq), func.max(AuditEvent.seq), func.count()).where(*times)
    ).one()
    if first is None:
        return Span(1, 0, total=0)
    return Span(first, last, total=count if last - first + 1 == count else None)


def known(day: date, name: str) -> date:
    """Refuse a day that has no moment in every time zone, or whose text does not sort."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise Invalid("Some values cannot be taken as they are.", fields={name: "range"})
    return day


def midnight(day: date, zone: ZoneInfo) -> str:
    """Return when a day begins in a time zone, as the log writes moments."""
    return instant_text(datetime.combine(day, time(), zone))


def local_hour(hour: str, zone: ZoneInfo) -> datetime:
    """Return the local time of an hour that the log writes in UTC."""
    return datetime.fromisoformat(f"{hour}:00:00+00:00").astimezone(zone)


def people(db: Session, text: str) -> list[str]:
    """Return the ids of those whom a text names: their id, login name, or part of their name."""
    found = db.scalars(
        select(Person.id).where(
            or_(Person.id == text, Person.login == text.lower(), Person.name.contains(text))
        )
    ).all()
    return [*found] if text in found else [*found, text]


def numbered(db: Session, text: str) -> list[str]:
    """Return the id of the client whom a text names by number, or the text, an id perhaps."""
    found = db.scalars(select(Customer.id).where(Customer.number == text.upper())).all()
    return [*found] if found else [text]
