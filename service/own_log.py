"""A person's own history: what they searched for, in their own words, and what they opened.

Nothing is told of the thing that the person may not see today: neither of what was refused nor of
what has left their sight. Its number in the log stays.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from service import accounts, inside, looking, masking
from service.archive import Call
from service.auditing import members
from service.codes import Decision, Phase
from service.crypto import Place, unseal_value
from service.detail_keys import DetailKeys
from service.directory import cursor_of, offset_of
from service.documents import SEALED_AS, TAKEN_BACK
from service.log_questions import Wanted as EventsWanted
from service.log_questions import days
from service.models import (
    AuditBody,
    AuditDetail,
    AuditEvent,
    Customer,
    CustomerView,
    Document,
    Version,
)
from service.permissions import Action, Target

#: what is shown under its own id, to who made it
_MADE = frozenset({"import", "export_file", "export"})
#: actions that show a list, and what may narrow one
_LISTS = frozenset(
    {
        *(Action.SEARCH_RUN, Action.CUSTOMER_LIST, Action.AUDIT_READ, Action.AUDIT_READ_OWN),
        *(Action.EXPORT_LIST, Action.AUDIT_EXPORT),
    }
)
_NARROWING = frozenset(
    {
        *("from", "to", "category", "coop_type", "status", "module", "kind", "grade", "year"),
        *("actor", "dept", "action", "decision", "verb"),
    }
)
#: errors, as the log has them, that look the same to people
_ABSENT = frozenset({"hidden", "not_found"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the person's own entries to list."""

    day_from: date | None = None
    day_to: date | None = None
    action: str = ""
    seq: int | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """A document, client or person that the reader may see today, by its name."""

    kind: str
    id: str
    name: str
    #: the name of the client whose document it is
    of: str = ""


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One thing the person did. `q`: the words they searched for.

    `kind` and `object` say what it was about: of what has a name, `thing` alone does.
    """

    seq: int
    ts: datetime
    action: str
    decision: str | None
    count: int | None
    q: str = ""
    thing: Thing | None = None
    #: whether its page was looked at, and what the action names was not done
    looked: bool = False
    kind: str = ""
    #: the id of an import, export or bundle; of a document for who reads the log
    object: str | None = None
    #: what narrowed a list, as it was asked for, and where a sign-in came from
    asked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True)
class _End:
    """How an entry ended, and what it was about in the end: an upload begins with a client."""

    decision: str | None
    count: int | None
    kind: str | None
    object: str | None

    @property
    def allowed(self) -> bool:
        return self.decision == str(Decision.ALLOW)


@dataclass(frozen=True, slots=True)
class OwnPage:
    """What the person did, latest first, and how much in all."""

    items: tuple[OwnRow, ...]
    total: int
    next_cursor: str | None


def history(call: Call, wanted: Wanted) -> OwnPage:
    """List what the person who calls did; nobody else's entries are ever among them."""
    call.require(Target())
    db = call.db
    where = _conditions(call, wanted)
    total = db.scalar(select(func.count()).select_from(AuditEvent).where(*where)) or 0
    before = offset_of(wanted.cursor)
    rows = db.scalars(
        select(AuditEvent)
        .where(*where, AuditEvent.seq < before if before else true())
        .order_by(AuditEvent.seq.desc())
        .limit(wanted.limit + 1)
    ).all()
    more, rows = len(rows) > wanted.limit, rows[: wanted.limit]
    ended = _ends(db, rows)
    said = _said(call, rows)
    things = _things(call, [end for end in ended.values() if end.allowed])
    # who reads the log knows documents by their ids
    reads = call.decide(Target(), Action.AUDIT_READ).allowed
    by_id = _MADE | {"document"} if reads else _MADE
    items = tuple(_row(e, ended[e.seq], said.get(e.seq, {}), things, by_id) for e in rows)
    call.returned(str(item.seq) for item in items)
    return OwnPage(items, total, cursor_of(items[-1].seq) if more else None)


def _conditions(call: Call, wanted: Wanted) -> list[ColumnElement[bool]]:
    zone = ZoneInfo(call.archive.settings.timezone)
    asked = EventsWanted(day_from=wanted.day_from, day_to=wanted.day_to)
    found = [
        *days(call.db, zone, asked),
        AuditEvent.actor == call.actor.person,
        or_(AuditEvent.ref.is_(None), _telling()),
    ]
    if wanted.action:
        found.append(AuditEvent.action == wanted.action)
    if wanted.seq is not None:
        found.append(AuditEvent.seq == wanted.seq)
    return found


def _telling() -> ColumnElement[bool]:
    """Return the condition for pieces of what was open already that are not mere turning of pages.

    An original that was fetched while its text was open, and a refusal.
    """
    opened = aliased(AuditEvent)
    fetching = select(opened.seq).where(
        opened.seq == AuditEvent.ref, opened.action == Action.DOCUMENT_ORIGINAL
    )
    return and_(
        AuditEvent.phase == Phase.EVENT,
        or_(
            AuditEvent.decision != Decision.ALLOW,
            and_(AuditEvent.action == Action.DOCUMENT_ORIGINAL, ~fetching.exists()),
        ),
    )


def _ends(db: Session, rows: Sequence[AuditEvent]) -> dict[int, _End]:
    """Return how entries ended; one that has not ended stands for itself."""
    numbers = [event.seq for event in rows]
    ended = and_(AuditEvent.ref.in_(numbers), AuditEvent.phase == Phase.OUTCOME)
    failed = and_(AuditEvent.seq.in_(numbers), AuditEvent.decision == Decision.FAIL)
    found = db.execute(
        select(AuditEvent, AuditBody.body)
        .outerjoin(AuditBody, AuditBody.seq == AuditEvent.seq)
        .where(or_(ended, failed))
    )
    ends = {e.seq: _End(e.decision, None, e.object_type, e.object) for e in rows}
    for event, body in found:
        result = members(body).get("result")
        said = result if isinstance(result, dict) else {}
        count = said.get("count")
        whole = count if isinstance(count, int) else None
        number = event.ref if event.phase == Phase.OUTCOME else event.seq
        ends[number] = _End(_told(event, said), whole, event.object_type, event.object)
    return ends


def _told(event: AuditEvent, result: Mapping[str, object]) -> str | None:
    """Return how an entry ended, as who made it may know: what is absent counts as refused.

    So does what is hidden: nobody learns from their own history which of the two it was.
    """
    failed = event.decision == Decision.FAIL
    # of a body that was purged nobody can say any more why it failed
    absent = failed and result.get("error", "not_found") in _ABSENT
    return str(Decision.DENY) if absent else event.decision


def _said(call: Call, rows: Sequence[AuditEvent]) -> dict[int, dict[str, list[str]]]:
    """Return what the person sent with each entry: texts alone, none of them long."""
    numbers = [event.seq for event in rows]
    keys = DetailKeys(call.archive.keystore)
    found = {}
    for row in call.db.scalars(select(AuditDetail).where(AuditDetail.seq.in_(numbers))):
        sent = keys.members(row.seq, row.ct, row.key)
        found[row.seq] = {name: _texts(value) for name, value in sent.items()}
    return found


def _texts(value: object) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [one[:200] for one in several[:20] if isinstance(one, str) and one]


def _things(call: Call, ends: Sequence[_End]) -> dict[str, Thing]:
    """Return what has a name, by id: what the person who asks may see today, and no more."""
    ids: dict[str, set[str]] = {}
    for end in ends:
        if end.kind and end.object:
            ids.setdefault(end.kind, set()).add(end.object)
    return {
        **_documents(call, ids.get("document", set())),
        **_customers(call, ids.get("customer", set())),
        **_people(call, ids.get("person", set())),
    }


def _documents(call: Call, ids: set[str]) -> dict[str, Thing]:
    there = select(Version.document).where(
        Version.document.in_(ids), Version.filing.not_in([str(f) for f in TAKEN_BACK])
    )
    rows = call.db.scalars(
        select(Document)
        .join(Customer, Customer.id == Document.customer)
        .where(Document.id.in_(there), inside.documents(call.scopes))
    ).all()
    for row in rows:
        call.touched(row.id, "listed")
    clients = _customers(call, {row.customer for row in rows})
    of = {client.id: client.name for client in clients.values()}
    return {
        row.id: Thing("document", row.id, _title(call, row), of.get(row.customer, ""))
        for row in rows
    }


def _title(call: Call, row: Document) -> str:
    """Return a title as lists show it: numbers of people are masked."""
    key = call.ring.field(row.customer, SEALED_AS)
    return masking.text(unseal_value(key, row.title_ct, Place(row.id, row.customer, "title")))


def _customers(call: Call, ids: set[str]) -> dict[str, Thing]:
    rows = call.db.execute(
        select(Customer.id, CustomerView.name)
        .join(CustomerView, CustomerView.customer == Customer.id)
        .where(Customer.id.in_(ids), inside.customers(call.customer_scopes))
    )
    return {customer: Thing("customer", customer, name) for customer, name in rows}


def _people(call: Call, ids: set[str]) -> dict[str, Thing]:
    told = (Action.USER_MANAGE, Action.AUDIT_READ)
    if not any(call.decide(Target(), action).allowed for action in told):
        ids = ids & {call.actor.person or ""}
    return {i: Thing("person", i, name) for i, name in accounts.names(call.db, ids).items()}


def _row(
    event: AuditEvent,
    end: _End,
    said: Mapping[str, list[str]],
    things: Mapping[str, Thing],
    by_id: Collection[str],
) -> OwnRow:
    listed = event.action in _LISTS
    return OwnRow(
        seq=event.seq,
        ts=datetime.fromisoformat(event.ts),
        action=event.action,
        decision=end.decision,
        count=end.count,
        q="".join(said.get("q", [])[:1]),
        thing=things.get(end.object or "") if end.allowed else None,
        looked=looking.only(event.action, event.phase, "person", event.object),
        kind=end.kind or "",
        object=end.object if end.allowed and end.kind in by_id else None,
        asked={n: v for n, v in said.items() if v and n in _NARROWING} if listed else {},
        address="".join(said.get("ip", [])) if event.action == Action.SIGN_IN else "",
    )
