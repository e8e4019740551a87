"""Asking for a compliance bundle, and who may see it.

Seen by who asked and by the receiver they named, and only while both the right and the password
are there; to others it looks absent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from service import accounts, case_numbers, jobs
from service.archive import Archive, Call
from service.audit.log import head_seq
from service.bundles import envelopes, filters
from service.bundles.asked import Asked
from service.errors import Conflict, Denied, Hidden, Invalid, NotFound
from service.ids import is_id, new_id
from service.log_questions import Sought
from service.made_files import GOING, Made, State
from service.models import AuditExport, Person, PersonRole
from service.permissions import Action, may
from service.policy.rules import EVERYONE
from service.rows import in_turn
from service.signins import actor_of, today

#: Characters of a statement; bundles of one person that may wait at once.
_STATEMENT, _WAITING = 500, 3

#: Bundles in a list.
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class New:
    """What somebody asks for. `receiver` is a person's id, `certificate` PEM."""

    case: str
    statement: str
    wanted: Sought
    details: bool = False
    receiver: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class ExportView(Made):
    """A bundle as its people see it."""

    id: str
    case: str
    statement: str
    state: str
    error: str | None
    created: datetime
    by: str
    by_name: str
    receiver: str | None
    receiver_name: str
    first: int
    last: int
    days: tuple[str, str]
    entries: int
    matching: int
    done: int
    details: bool
    encrypted: bool
    signed: int | None
    size: int | None
    sha256: str | None
    fetched: int
    downloads: int
    finished: datetime | None
    expires: datetime | None
    event: int | None

    @property
    def file_name(self) -> str:
        """Return what the file is called."""
        ending = "zip.cms" if self.encrypted else "zip"
        return f"合规包-{self.first}-{self.last}.{ending}"


@dataclass(frozen=True, slots=True)
class Reach:
    """What a request would cover: numbers, and how many entries fit."""

    first: int
    last: int
    matching: int


def reach(call: Call, wanted: Sought) -> Reach:
    """Say what a bundle would cover; raises `Invalid`."""
    call.require()
    db = call.db
    _, found = _covered(call, db, wanted)
    return found


def _covered(call: Call, db: Session, wanted: Sought) -> tuple[filters.Filter, Reach]:
    zone = ZoneInfo(call.archive.settings.timezone)
    meant = filters.resolved(db, zone, wanted)
    first, last = filters.span(db, meant, head_seq(db))
    most = call.policy.limits.bundle.entries
    if last - first + 1 > most:
        raise Invalid(
            "A bundle covers at most %(most)s entries: choose fewer days.",
            fields={"from": "range"},
            most=most,
        )
    return meant, Reach(first, last, filters.count(db, meant, first, last))


def request(call: Call, new: New) -> ExportView:
    """Ask for a bundle: the worker makes it. Raises `Invalid`, `Denied`, `Conflict`."""
    call.require()
    case, statement = new.case.strip(), new.statement.strip()
    _check_words(case, statement)
    if new.details:
        # what was sealed needs the right to open it; its case number is the bundle's
        call.require(action=Action.AUDIT_OPEN)
        call.require()
    sealed_to = envelopes.certificate(new.certificate) if new.certificate.strip() else None
    db = call.db
    _check_waiting(call, db)
    receiver = _receiver(call, db, new.receiver) if new.receiver else None
    meant, covered = _covered(call, db, new.wanted)
    export_id = new_id()
    asked = Asked(
        case=case,
        statement=statement,
        filter=meant,
        first=covered.first,
        last=covered.last,
        by={"id": call.actor.person, "name": call.actor.name},
        receiver=receiver,
        details=new.details,
        certificate=new.certificate.strip() or None,
    )
    row = AuditExport(
        id=export_id,
        created=datetime.now(UTC),
        created_by=call.actor.person,
        receiver=receiver["id"] if receiver else None,
        state=str(State.WAITING),
        asked_ct=asked.sealed(call.ring.blind("export"), export_id),
        first=covered.first,
        last=covered.last,
        matching=covered.matching,
        done=0,
        fetched=0,
    )
    db.add(row)
    db.flush()
    call.about(type="export", id=export_id)
    call.say(part={"from": covered.first, "to": covered.last}, after={"status": row.state})
    call.note(
        case=case,
        statement=statement,
        filters=meant.stated(),
        receiver=receiver["id"] if receiver else None,
        details="yes" if new.details else "no",
        certificate=envelopes.fingerprint(sealed_to) if sealed_to else None,
    )
    call.enqueue("bundle", export_id, lane=jobs.Lane.BULK)
    call.at_outcome(partial(_caused, export_id))
    return view(call, row, asked, {call.actor.person: call.actor.name})


def _check_words(case: str, statement: str) -> None:
    said = {"case": case_numbers.problem(case), "statement": _statement_problem(statement)}
    if wrong := {name: code for name, code in said.items() if code}:
        raise Invalid("Some values cannot be taken as they are.", fields=wrong)


def _statement_problem(said: str) -> str | None:
    if not said:
        return "required"
    if len(said) > _STATEMENT:
        return "too_long"
    return None if _lines(said) else "control_characters"


def _lines(text: str) -> bool:
    """Say whether a text breaks where a form does, and nowhere else."""
    return all(case_numbers.one_line(line) for line in text.replace("\r\n", "\n").split("\n"))


def _check_waiting(call: Call, db: Session) -> None:
    in_turn(db, call.actor.person)
    going = AuditExport.state.in_(GOING)
    mine = AuditExport.created_by == call.actor.person
    count = db.scalar(select(func.count()).select_from(AuditExport).where(mine, going)) or 0
    if count >= _WAITING:
        raise Conflict("Wait until one of your bundles is made.", rule="export:waiting")


def _receiver(call: Call, db: Session, person: str) -> dict[str, str]:
    known = dict(_receivers(call, db))
    if person not in known:
        raise Invalid("Some values cannot be taken as they are.", fields={"receiver": "unknown"})
    return {"id": person, "name": known[person]}


def receivers(call: Call) -> tuple[tuple[str, str], ...]:
    """Return id and name of those who can receive a bundle, but for who asks."""
    call.require()
    return tuple(_receivers(call, call.db))


def _receivers(call: Call, db: Session) -> Iterator[tuple[str, str]]:
    holders = call.policy.do.rules.get(Action.AUDIT_EXPORT, {})
    others = (Person.active, Person.id != call.actor.person)
    found = select(Person.id, Person.name).where(*others).order_by(Person.name, Person.id)
    if EVERYONE not in holders:
        having = select(PersonRole.person).where(PersonRole.role.in_(list(holders)))
        found = found.where(Person.id.in_(having))
    yield from db.execute(found).tuples()


def _caused(export_id: str, db: Session, event: int) -> None:
    db.execute(update(AuditExport).where(AuditExport.id == export_id).values(cause=event))


def own(call: Call) -> tuple[ExportView, ...]:
    """List the bundles this person asked for or receives, newest first."""
    call.require()
    db = call.db
    rows = db.scalars(
        select(AuditExport)
        .where(_of(call))
        .order_by(AuditExport.created.desc(), AuditExport.id)
        .limit(_SHOWN)
    ).all()
    names = accounts.names(db, {p for r in rows for p in (r.created_by, r.receiver or "")})
    call.returned(row.id for row in rows)
    return tuple(view(call, row, opened_request(call, row), names) for row in rows)


def get(call: Call, export_id: str) -> ExportView:
    """Return one bundle; raises `NotFound`."""
    call.require()
    row = find(call, call.db, export_id)
    names = accounts.names(call.db, {row.created_by, row.receiver or ""})
    return view(call, row, opened_request(call, row), names)


def _of(call: Call) -> ColumnElement[bool]:
    person = call.actor.person
    return or_(AuditExport.created_by == person, AuditExport.receiver == person)


def find(call: Call, db: Session, export_id: str) -> AuditExport:
    """Return the row of a bundle this person may see; raises `NotFound`."""
    row = db.get(AuditExport, export_id) if is_id(export_id) else None
    if row is None:
        raise NotFound
    call.about(type="export", id=export_id)
    if call.actor.person not in (row.created_by, row.receiver):
        raise Hidden(rule="export:scope")
    return row


def check_maker(archive: Archive, db: Session, asked: Asked) -> None:
    """Refuse with `Denied` what its maker may not have made any more, as their rights are now."""
    maker = actor_of(db, asked.by["id"], via="job", today=today(archive))
    policy = archive.policies.current(db)
    needed = (Action.AUDIT_EXPORT, *((Action.AUDIT_OPEN,) if asked.details else ()))
    if maker is None or not all(may(policy, maker, action) for action in needed):
        raise Denied("Your role does not allow this.", rule="export:maker")


def opened_request(call: Call, row: AuditExport) -> Asked:
    """Return what was asked for with a row."""
    return Asked.opened(call.ring.blind("export"), row.asked_ct, row.id, row.cause)


def view(call: Call, row: AuditExport, asked: Asked, names: dict[str, str]) -> ExportView:
    """Return a row as its people see it."""
    return ExportView(
        id=row.id,
        case=asked.case,
        statement=asked.statement,
        state=row.state,
        error=row.error,
        created=row.created,
        by=row.created_by,
        by_name=names.get(row.created_by, ""),
        receiver=row.receiver,
        receiver_name=(asked.receiver or {}).get("name", ""),
        first=row.first,
        last=row.last,
        days=asked.filter.days,
        entries=row.last - row.first + 1,
        matching=row.matching,
        done=row.done,
        details=asked.details,
        encrypted=asked.certificate is not None,
        signed=row.signed,
        size=row.size,
        sha256=row.sha256,
        fetched=row.fetched,
        downloads=call.policy.limits.bundle.downloads,
        finished=row.finished,
        expires=row.expires,
        event=row.cause,
    )
