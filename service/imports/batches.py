"""Batches: making one, who may see it, stopping it and going on.

Seen by who made it, and, once it has begun, by archivists and service managers who may see
everything in it; to others it looks absent. Only its maker changes it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from service import customers, inside, intake, jobs
from service.archive import Archive, Call
from service.codes import Grade, Role
from service.errors import Conflict, Denied, Hidden, Invalid, NotFound
from service.ids import is_id, new_id
from service.imports import items
from service.imports.items import Announced, ItemState
from service.keystore import Ring
from service.models import Customer, Document, ImportBatch, ImportItem
from service.permissions import Action, Actor, may, service_actor
from service.properties import checked_grade, checked_kind, known_grade
from service.signins import actor_of, today

#: How many files one announcement may name.
MOST = 5_000

#: Who may look at the batches of others, as far as they may see everything in them.
OVERSEERS = frozenset({Role.ARCHIVIST, Role.SERVICE_MANAGER})


class Source(StrEnum):
    """Where the files of a batch come from."""

    PORTAL = "portal"
    API = "api"
    FOLDER = "folder"
    ZIP = "zip"
    CLI = "cli"


#: Sources whose files the worker brings; those of the others are sent by somebody.
WORKED = frozenset({Source.FOLDER, Source.ZIP})


class State(StrEnum):
    """Where a batch as a whole stands."""

    #: it is not known yet which files there are, or not confirmed
    PREPARING = "preparing"
    #: files are sent to it
    OPEN = "open"
    #: the worker brings its files
    RUNNING = "running"
    STOPPED = "stopped"
    #: nothing is expected any more
    DONE = "done"


@dataclass(frozen=True, slots=True)
class New:
    """A batch to make. `customer`, kind and grade hold for files that say nothing else."""

    source: Source
    customer: str | None = None
    kind: str | None = None
    grade: str | None = None
    files: Sequence[Announced] = ()
    state: State = State.OPEN
    folder: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def offered(archive: Archive, actor: Actor) -> bool:
    """Say whether a person may import at all: who may not, adds files one by one."""
    with archive.db.read() as db:
        policy = archive.policies.current(db)
    return may(policy, actor, Action.IMPORT_RUN)


def number(row: ImportBatch) -> str:
    """Return what people call a batch by."""
    return f"PC-{row.day}-{row.serial:02d}"


def create(call: Call, new: New) -> ImportBatch:
    """Make a batch of what is announced; every file must be one this person may import.

    Raises `Invalid` for an announcement that cannot be, `Denied` and `NotFound` for customers.
    """
    if len(new.files) > MOST:
        raise Invalid(
            "An import has at most %(most)s files.", fields={"files": "too_many"}, most=MOST
        )
    files = [_with_defaults(new, one) for one in new.files]
    require(call, files, new.customer)
    require_known(call, new)
    db, batch = call.db, new_id()
    day = today(call.archive).strftime("%Y%m%d")
    ring = call.ring
    row = ImportBatch(
        id=batch,
        day=day,
        serial=customers.count(db, f"import.{day}"),
        source=str(new.source),
        customer=new.customer,
        kind=new.kind,
        grade=new.grade,
        state=str(new.state),
        folder_ct=items.sealed(ring, batch, 0, "folder", new.folder) if new.folder else None,
        options_ct=items.sealed(ring, batch, 0, "options", json.dumps(dict(new.options)))
        if new.options
        else None,
        created=datetime.now(UTC),
        created_by=call.actor.person,
        rev=1,
    )
    db.add(row)
    db.flush()
    items.announce(db, ring, batch, files)
    db.flush()
    call.about(type="import", id=batch, customer=new.customer)
    call.say(after={"state": row.state})
    call.note(files=len(files), bytes=sum(one.size for one in files), source=str(new.source))
    if row.state == State.RUNNING:
        call.enqueue("import", batch, lane=jobs.Lane.BULK)
    settle_state(db, row)
    return row


def _with_defaults(new: New, one: Announced) -> Announced:
    said = one.properties
    properties = replace(said, kind=said.kind or new.kind, grade=said.grade or new.grade)
    return replace(one, customer=one.customer or new.customer, properties=properties)


def require(call: Call, files: Sequence[Announced], customer: str | None = None) -> None:
    """Refuse unless this person may import such files to their customers; looks, never writes."""
    if call.actor.kind == "person" and not may(call.policy, call.actor, Action.IMPORT_RUN):
        raise Denied("Your role does not allow this.", rule="import.run:none")
    wanted: dict[str, set[tuple[str, str | None]]] = {customer: set()} if customer else {}
    for one in files:
        if one.error:
            continue
        if not one.customer:
            raise Invalid("Say which client it belongs to.", fields={"customer": "required"})
        if one.size < 0:
            raise Invalid("A file has 0 bytes or more.", fields={"size": "range"})
        kind = checked_kind(call, one.properties.kind)
        wanted.setdefault(one.customer, set()).add((kind, one.properties.grade))
    for target, pairs in wanted.items():
        seen = intake.expect(call, target)
        for kind, grade in pairs:
            where = customers.target(seen, kind=kind)
            call.require(where)
            call.require(where, Action.DOCUMENT_ADD)
            checked_grade(call, grade, call.policy.kinds.by_code[kind].grade)


def require_known(call: Call, new: New) -> None:
    """Refuse a kind or grade for files that say none where there is no such.

    Raises `Invalid`. Files that become known later would be measured by it, and pages show it.
    """
    if new.kind:
        checked_kind(call, new.kind)
    if new.grade:
        known_grade(new.grade)


def find(call: Call, db: Session, batch_id: str) -> ImportBatch:
    """Return a batch this person may see; to others it looks absent."""
    row = db.get(ImportBatch, batch_id) if is_id(batch_id) else None
    if row is None:
        raise NotFound
    call.about(type="import", id=batch_id, customer=row.customer)
    if row.created_by == call.actor.person or overseen(call, db, [row]):
        return row
    raise Hidden(rule="import:scope")


def overseen(call: Call, db: Session, rows: Sequence[ImportBatch]) -> set[str]:
    """Return which of these batches somebody else may look at: who may see everything in them.

    Of a batch that has not begun, or of which no file became known, that can be said of nothing:
    its folder's name and the wrong lines of its list belong to its maker alone.
    """
    if not call.actor.roles & OVERSEERS:
        return set()
    began = ImportItem.batch.in_([row.id for row in rows if row.state != State.PREPARING])
    became = exists().where(
        Document.id == ImportItem.document,
        Customer.id == Document.customer,
        inside.documents(call.scopes),
    )
    there = ImportItem.document.is_not(None)
    seen = set(db.scalars(select(ImportItem.batch).where(began).distinct()))
    seen -= set(db.scalars(select(ImportItem.batch).where(began, there, ~became).distinct()))
    target = (ImportItem.customer, ImportItem.kind, ImportItem.grade)
    to_come = ImportItem.batch.in_(seen) & ~there
    found = db.execute(select(ImportItem.batch, *target).where(to_come).distinct()).tuples().all()
    sights = {where: _may_see(call, db, *where) for where in {(c, k, g) for _, c, k, g in found}}
    return seen - {batch for batch, c, k, g in found if not sights[c, k, g]}


def _may_see(
    call: Call, db: Session, customer: str | None, kind: str | None, grade: str | None
) -> bool:
    """Say whether this person could read a document of this kind and grade of a customer."""
    known = call.policy.kinds.by_code.get(kind or "")
    if customer is None or known is None:
        return False
    seen = customers.load(db, customer)
    wanted = Grade(grade) if grade else known.grade
    shown = customers.shows(call.customer_scopes, seen)
    return shown and call.scopes.covers("", seen.category, known.code, wanted, seen.people)


def held(call: Call, batch_id: str) -> ImportBatch:
    """Return a batch to change, locked until the call ends; only its maker changes it."""
    row = find(call, call.db, batch_id)
    if row.created_by != call.actor.person:
        raise Denied("Only who began an import changes it.", rule="import:maker")
    return lock(call.db, batch_id)


def lock(db: Session, batch_id: str) -> ImportBatch:
    """Return a batch's row that nobody else changes until this transaction ends."""
    return db.get_one(ImportBatch, batch_id, with_for_update=True, populate_existing=True)


def maker(archive: Archive, db: Session, row: ImportBatch) -> Actor | None:
    """Return who made a batch, with the rights they have now; None if they have left."""
    if row.created_by == "cli":
        return service_actor("cli")
    return actor_of(db, row.created_by, via="job", today=today(archive))


def stop(call: Call, batch_id: str) -> ImportBatch:
    """Take no more files in; what is on its way is still received."""
    row = held(call, batch_id)
    if row.state not in (State.OPEN, State.RUNNING):
        raise Conflict("This import is not going on.", rule="import:state")
    return turn_to(call, row, State.STOPPED)


def resume(call: Call, batch_id: str) -> ImportBatch:
    """Go on with a batch that was stopped."""
    row = held(call, batch_id)
    if row.state != State.STOPPED:
        raise Conflict("This import is not stopped.", rule="import:state")
    return turn_to(call, row, going(row))


def going(row: ImportBatch) -> State:
    """Return the state in which a batch of this source goes on."""
    return State.RUNNING if row.source in WORKED else State.OPEN


def turn_to(call: Call, row: ImportBatch, state: State) -> ImportBatch:
    """Put a held batch into a state; the worker takes it up where it is its turn."""
    call.say(before={"state": row.state}, after={"state": str(state)})
    row.state = str(state)
    row.finished = row.error = None
    row.rev += 1
    if state is State.RUNNING:
        call.enqueue("import", row.id, lane=jobs.Lane.BULK)
    call.db.flush()
    settle_state(call.db, row)
    return row


def go_on(call: Call, row: ImportBatch) -> None:
    """Let a batch that is held go on, because something is expected again."""
    if row.state == State.DONE:
        turn_to(call, row, going(row))


def give_up(db: Session, row: ImportBatch, error: str | None = None) -> None:
    """End a locked batch that has not begun: every file of it is left out; `error`: a code why."""
    items.leave_out(db, ImportItem.batch == row.id)
    row.state, row.finished, row.error = str(State.DONE), datetime.now(UTC), error
    row.rev += 1


def settle_state(db: Session, row: ImportBatch) -> None:
    """Mark a locked batch as done once nothing of it is expected any more, and only then."""
    if row.state == State.PREPARING:
        return
    left = exists().where(
        and_(ImportItem.batch == row.id, ImportItem.state == str(ItemState.EXPECTED))
    )
    any_left = bool(db.scalar(select(left)))
    if not any_left and row.state != State.DONE:
        row.state, row.finished = str(State.DONE), datetime.now(UTC)
        row.rev += 1
        db.flush()


def options(ring: Ring, row: ImportBatch) -> dict[str, Any]:
    """Return the choices a batch was made with."""
    if not row.options_ct:
        return {}
    found: dict[str, Any] = json.loads(items.opened(ring, row.id, 0, "options", row.options_ct))
    return found


def folder(ring: Ring, row: ImportBatch) -> str:
    """Return the folder a batch is read from; empty where it is not."""
    return items.opened(ring, row.id, 0, "folder", row.folder_ct) if row.folder_ct else ""
