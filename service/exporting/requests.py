"""Asking for an export, within the limits of who asks, and looking at one's own.

Only who asked sees an export; to everybody else it is absent.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service import inside, jobs
from service.archive import Archive, Call
from service.errors import Conflict, Denied, Hidden, Invalid, NotFound
from service.exporting import choosing, rows
from service.exporting.asked import Asked, Conditions, Format, What, stated
from service.exporting.choosing import Chosen
from service.ids import is_id, new_id
from service.made_files import GOING, Made, State
from service.models import ArchiveExport, Customer, CustomerView
from service.permissions import Action, Actor, original_scopes, scopes
from service.policy import Policy
from service.rows import in_turn
from service.signins import actor_of, today

#: Exports of one person that may wait at once; exports in a list.
_WAITING, _SHOWN = 3, 100

#: What the log calls asking for, and making, each.
ACTIONS = {
    What.LIST: Action.EXPORT_LIST,
    What.DOCUMENTS: Action.EXPORT_DOCUMENTS,
    What.COPIES: Action.EXPORT_COPIES,
}

#: The kinds of jobs that make them.
JOBS = {
    What.LIST: "export_list",
    What.DOCUMENTS: "export_documents",
    What.COPIES: "export_copies",
}

_CALLED = {What.LIST: "清单", What.DOCUMENTS: "包", What.COPIES: "副本包"}


@dataclass(frozen=True, slots=True)
class New:
    """What somebody asks for; the format says whether documents are listed or packed."""

    format: str
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class ExportView(Made):
    """An export as who asked for it sees it."""

    id: str
    what: str
    format: str
    conditions: Conditions
    state: str
    error: str | None
    created: datetime
    wanted: int
    done: int
    left_out: int | None
    size: int | None
    sha256: str | None
    fetched: int
    downloads: int
    finished: datetime | None
    expires: datetime | None
    event: int | None
    #: the client whose documents it lists, as long as its maker may see that one
    name: str = ""

    @property
    def file_name(self) -> str:
        """Return what the file is called."""
        word = "客户文件" if self.conditions.of else "检索结果"
        return f"{word}{_CALLED[What(self.what)]}-{self.event}.{self.ending}"

    @property
    def ending(self) -> str:
        """Return how its name ends."""
        return Format(self.format).ending


@dataclass(frozen=True, slots=True)
class Reach:
    """What a request would cover, and how much its maker may take at once; `widest`: others.

    `documents`: how many as a set; `originals`: whether it may hold any, not copies alone.
    """

    total: int
    most: int
    widest: int
    documents: int
    originals: bool
    name: str


def reach(call: Call, conditions: Conditions) -> Reach:
    """Say what an export would cover; raises `Invalid`, `Denied`, `NotFound`."""
    check_reader(call)
    found = choosing.chosen(call, conditions, 0)
    policy, actor = call.policy, call.actor
    return Reach(
        total=found.total,
        most=most(policy, actor, What.LIST),
        widest=policy.limits.export.rows_at_most,
        documents=most(policy, actor, What.DOCUMENTS),
        originals=not original_scopes(policy, actor).empty,
        name=found.name,
    )


def request(call: Call, new: New) -> ExportView:
    """Ask for an export: the worker makes it. Raises `Invalid`, `Denied`, `Conflict`."""
    check_reader(call)
    _check_words(new)
    db = call.db
    _check_waiting(call, db)
    what = Format(new.format).what
    found = choosing.chosen(call, new.conditions, most(call.policy, call.actor, what))
    _check_amount(call, what, found)
    if what is What.DOCUMENTS:
        _check_originals(call, found)
    export_id = new_id()
    asked = Asked(
        by={"id": call.actor.person, "name": call.actor.name},
        format=new.format,
        conditions=new.conditions,
        documents=found.documents,
    )
    row = ArchiveExport(
        id=export_id,
        created=datetime.now(UTC),
        created_by=call.actor.person,
        what=str(what),
        state=str(State.WAITING),
        asked_ct=asked.sealed(call.ring.blind("export"), export_id),
        wanted=len(found.documents),
        done=0,
        fetched=0,
    )
    db.add(row)
    db.flush()
    call.about(type="export_file", id=export_id, customer=found.customer)
    call.say(after={"status": row.state})
    call.note(
        format=new.format,
        q=new.conditions.q or None,
        filters=stated(new.conditions.filters) or None,
    )
    call.returned(found.documents)
    call.enqueue(JOBS[what], export_id, lane=jobs.Lane.BULK)
    call.at_outcome(partial(_caused, export_id))
    return view(call, row, asked)


def check_reader(call: Call) -> None:
    """Refuse who may read no document at all, before anything is said of their request."""
    if call.scopes.empty:
        raise Denied("Your role does not allow this.", rule=f"{call.action}:none")


def _check_words(new: New) -> None:
    if new.format not in list(Format):
        raise Invalid("Some values cannot be taken as they are.", fields={"format": "unknown"})


def _check_waiting(call: Call, db: Session) -> None:
    in_turn(db, call.actor.person)
    going = ArchiveExport.state.in_(GOING)
    mine = ArchiveExport.created_by == call.actor.person
    count = db.scalar(select(func.count()).select_from(ArchiveExport).where(mine, going)) or 0
    if count >= _WAITING:
        raise Conflict("Wait until one of your exports is made.", rule="export_file:waiting")


def _check_amount(call: Call, what: What, found: Chosen) -> None:
    limit = most(call.policy, call.actor, what)
    if not found.total:
        raise Invalid("No document fits these conditions: there is nothing to export.")
    if found.total > limit and what is not What.LIST:
        raise Denied(
            "You may take %(most)s documents at once, and these are %(count)s: narrow it down. "
            "Archivists and lawyers may take up to %(widest)s; "
            "requests with approval come later.",
            rule=f"{call.action}:limit",
            most=limit,
            count=found.total,
            widest=call.policy.limits.export_documents.at_most,
        )
    if found.total > limit:
        raise Denied(
            "You may take %(most)s rows at once, and these are %(count)s: narrow it down. "
            "Archivists and lawyers may take up to %(widest)s; "
            "requests with approval come later.",
            rule=f"{call.action}:limit",
            most=limit,
            count=found.total,
            widest=call.policy.limits.export.rows_at_most,
        )


def _check_originals(call: Call, found: Chosen) -> None:
    mine = original_scopes(call.policy, call.actor)
    if len(rows.readable(call.db, mine, found.documents)) < len(found.documents):
        raise Denied(
            "Of some of these documents you may have watermarked copies, not the originals.",
            rule=f"{call.action}:withheld",
        )


def most(policy: Policy, actor: Actor, what: str) -> int:
    """Return how many documents an export of this person may be about."""
    if what == What.LIST:
        return policy.limits.export.rows_of(actor.roles)
    return policy.limits.export_documents.of(actor.roles)


def _caused(export_id: str, db: Session, event: int) -> None:
    db.execute(update(ArchiveExport).where(ArchiveExport.id == export_id).values(cause=event))


def own(call: Call) -> tuple[ExportView, ...]:
    """List the exports that this person asked for, newest first."""
    found = call.db.scalars(
        select(ArchiveExport)
        .where(ArchiveExport.created_by == call.actor.person)
        .order_by(ArchiveExport.created.desc(), ArchiveExport.id)
        .limit(_SHOWN)
    ).all()
    call.returned(row.id for row in found)
    return tuple(view(call, row, opened_request(call, row)) for row in found)


def get(call: Call, export_id: str) -> ExportView:
    """Return an export of this person's; raises `NotFound`."""
    row = find(call, call.db, export_id)
    return view(call, row, opened_request(call, row))


def find(call: Call, db: Session, export_id: str) -> ArchiveExport:
    """Return the row of an export that this person asked for; raises `NotFound`."""
    row = db.get(ArchiveExport, export_id) if is_id(export_id) else None
    if row is None:
        raise NotFound
    call.about(type="export_file", id=export_id)
    if call.actor.person != row.created_by:
        raise Hidden(rule="export_file:scope")
    return row


def opened_request(call: Call, row: ArchiveExport) -> Asked:
    """Return what was asked for with a row."""
    return Asked.opened(call.ring.blind("export"), row.asked_ct, row.id, row.cause)


def maker(archive: Archive, db: Session, row: ArchiveExport, asked: Asked) -> Actor:
    """Return who asked, as they are now; raises `Denied` if they may not take so much any more."""
    policy = archive.policies.current(db)
    actor = actor_of(db, asked.by["id"], via="job", today=today(archive))
    if actor is None or scopes(policy, actor).empty:
        raise Denied("Your role does not allow this.", rule="export_file:maker")
    if len(asked.documents) > most(policy, actor, row.what):
        raise Denied("Your role does not allow this.", rule="export_file:limit")
    if row.what == What.DOCUMENTS and original_scopes(policy, actor).empty:
        raise Denied("Your role does not allow this.", rule="export_file:withheld")
    return actor


def view(call: Call, row: ArchiveExport, asked: Asked) -> ExportView:
    """Return a row as its maker sees it."""
    return ExportView(
        id=row.id,
        what=row.what,
        format=asked.format,
        conditions=asked.conditions,
        state=row.state,
        error=row.error,
        created=row.created,
        wanted=row.wanted,
        done=row.done,
        left_out=row.left_out,
        size=row.size,
        sha256=row.sha256,
        fetched=row.fetched,
        downloads=call.policy.limits.export.downloads,
        finished=row.finished,
        expires=row.expires,
        event=row.cause,
        name=_client(call, asked.conditions.of) if asked.conditions.of else "",
    )


def _client(call: Call, customer: str) -> str:
    found = call.db.scalar(
        select(CustomerView.name)
        .join(Customer, Customer.id == CustomerView.customer)
        .where(Customer.id == customer, inside.customers(call.customer_scopes))
    )
    return found or ""
