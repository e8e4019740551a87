"""A version's way into the file: withdraw and undo it, return, file; read a failed one again."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import accounts, belonging, customers, following, inside, page_images, rereading
from service.archive import Call
from service.codes import Filing, Grade, Module, Processing
from service.crypto import Place, seal_value, unseal_value
from service.customers import CustomerRef
from service.directory import cursor_of, offset_of
from service.documents import (
    SEALED_AS,
    TAKEN_BACK,
    DocumentView,
    Held,
    apparent,
    describe,
    hold,
    lock,
    readable,
    untouched,
    version_of,
)
from service.errors import Conflict, NotFound
from service.models import Customer, CustomerView, Document, Version
from service.permissions import Action, Target
from service.profiles import PersonRef
from service.properties import checked_reason

#: From which states a version may go where.
_FROM = {
    Filing.WITHDRAWN: (Filing.DRAFT, Filing.SUBMITTED, Filing.RETURNED),
    Filing.RETURNED: (Filing.SUBMITTED,),
    Filing.FILED: (Filing.SUBMITTED,),
}


def withdraw(
    call: Call,
    document_id: str,
    reason: str,
    *,
    version_no: int | None = None,
    if_match: int | None = None,
) -> DocumentView:
    """Take a version back before it is filed."""
    return _move(call, document_id, Filing.WITHDRAWN, reason, version_no, if_match)


def restore(
    call: Call, document_id: str, *, version_no: int | None = None, if_match: int | None = None
) -> DocumentView:
    """Undo a withdrawal: the version is what it was before, and is found again if it was."""
    db = call.db
    held, version = _held(call, document_id, version_no, if_match)
    if version.filing != Filing.WITHDRAWN:
        raise Conflict("This version is not withdrawn.", rule="document:state")
    back = Filing(version.withdrawn_from or Filing.SUBMITTED)
    call.note(withdrawn_by=version.withdrawn_by)
    version.filing = str(back)
    version.reason_ct, version.returned_for_ct = version.returned_for_ct, None
    version.withdrawn_by = version.withdrawn_from = None
    for child in following.those_of(call, held, version):
        child.filing = child.withdrawn_from or str(Filing.SUBMITTED)
        child.reason_ct, child.returned_for_ct = child.returned_for_ct, None
        child.withdrawn_by = child.withdrawn_from = None
    call.say(before={"filing": str(Filing.WITHDRAWN)}, after={"filing": str(back)})
    following.written(call, held, version, hides=False)
    return describe(call, db, held, version_no=version_no)


def send_back(
    call: Call,
    document_id: str,
    reason: str,
    *,
    version_no: int | None = None,
    if_match: int | None = None,
) -> DocumentView:
    """Return a version to its uploader, who sees why."""
    return _move(call, document_id, Filing.RETURNED, reason, version_no, if_match)


def file(
    call: Call, document_id: str, *, version_no: int | None = None, if_match: int | None = None
) -> DocumentView:
    """File a version: from now on it cannot change. Never by its uploader."""
    return _move(call, document_id, Filing.FILED, None, version_no, if_match)


def _move(
    call: Call,
    document_id: str,
    to: Filing,
    reason: str | None,
    version_no: int | None,
    if_match: int | None,
) -> DocumentView:
    db = call.db
    held, version = _held(call, document_id, version_no, if_match)
    before = Filing(version.filing)
    if before not in _FROM[to]:
        raise Conflict(
            "This version is %(state)s already.", rule="document:state", state=str(before)
        )
    text = None if to is Filing.FILED else checked_reason(reason or "")
    call.note(reason=text)
    for one in (version, *following.those_of(call, held, version)):
        _stand(call, held, one, to, text)
    call.say(before={"filing": str(before)}, after={"filing": str(to)})
    # filing changes nothing that is filtered by; the others take a version out of the index
    following.written(call, held, version, hides=to is not Filing.FILED)
    return describe(call, db, held, version_no=version_no)


def _stand(call: Call, held: Held, version: Version, to: Filing, reason: str | None) -> None:
    if to is Filing.WITHDRAWN:
        version.withdrawn_by, version.withdrawn_from = call.actor.person, version.filing
        version.returned_for_ct = version.reason_ct
    if reason is not None:
        key = call.ring.field(held.document.customer, SEALED_AS)
        place = Place(version.id, held.document.customer, "reason")
        version.reason_ct = seal_value(key, reason, place)
    version.filing = str(to)
    if to is Filing.FILED:
        version.filed = datetime.now(UTC)
        version.filed_by = call.actor.person


def _held(
    call: Call,
    document_id: str,
    version_no: int | None,
    if_match: int | None,
    *,
    alone: bool = False,
) -> tuple[Held, Version]:
    """Return a version that this person may do the call's action to, nobody else meanwhile.

    `alone`: also one that follows another, for what concerns nothing but itself.
    """
    db = call.db
    held = hold(call, db, document_id, by=call.action)
    belonging.lock_family(db, document_id)
    lock(db, held.document)
    version = version_of(db, held, version_no)
    db.refresh(version, with_for_update=True)
    call.about(version=version.id)
    if not alone:
        belonging.require_free([version])
    call.require(held.target(version))
    _check_rev(held, if_match)
    return held, version


def _check_rev(held: Held, if_match: int | None) -> None:
    """Refuse if the caller based this on an older state; pages do not say, the state decides."""
    if if_match is not None:
        customers.check_rev(held.document.rev, if_match)


def retry(
    call: Call,
    document_id: str,
    *,
    version_no: int | None = None,
    if_match: int | None = None,
    password: str = "",
) -> DocumentView:
    """Read a failed version once more; `password` opens a locked file, for this once.

    It goes with the job, sealed, and is erased with it; it is neither logged nor kept. Of a
    version that was read with it before, more pages are drawn.
    """
    db = call.db
    held, version = _held(call, document_id, version_no, if_match, alone=True)
    failed = version.processing == Processing.FAILED
    if not failed and not (password and page_images.locked(db, version.id)):
        raise Conflict("This version did not fail.", rule="document:state")
    if version.filing in TAKEN_BACK:
        raise Conflict(
            "This version is %(state)s already.", rule="document:state", state=version.filing
        )
    if failed:
        version.processing = str(Processing.STORED)
        version.error = None
        rereading.queue(call, version.id, password)
    else:
        rereading.draw(call, version.id, password)
    return describe(call, db, held, version_no=version_no)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A version as the upload page lists it."""

    document: str
    version: str
    no: int
    title: str
    file_name: str
    kind: str
    module: Module
    grade: Grade
    dated: date | None
    size: int
    media_type: str
    filing: Filing
    processing: Processing
    error: str | None
    reason: str
    created: datetime
    created_by: PersonRef
    customer: CustomerRef
    readable: bool
    restorable: bool = False
    children: int = 0


def uploads(call: Call, limit: int = 50) -> tuple[QueueRow, ...]:
    """Return the person's own latest uploads with what became of them."""
    rows = call.db.execute(
        select(Version, Document)
        .join(Document, Document.id == Version.document)
        .where(Version.created_by == call.actor.id, Version.parent_version.is_(None))
        .order_by(Version.created.desc(), Version.id)
        .limit(limit)
    ).all()
    return listed(call, [(v, d) for v, d in rows])


def states(call: Call, document_ids: list[str]) -> tuple[QueueRow, ...]:
    """Return the newest state of some of the person's own uploads, for a page that waits."""
    rows = call.db.execute(
        select(Version, Document)
        .join(Document, Document.id == Version.document)
        .where(Version.created_by == call.actor.id, Document.id.in_(document_ids[:200]))
        .order_by(Version.created.desc())
    ).all()
    return listed(call, [(v, d) for v, d in rows])


def to_file(call: Call, limit: int = 100) -> tuple[QueueRow, ...]:
    """Return submitted versions that this person may look at and file, oldest first."""
    rows = call.db.execute(
        select(Version, Document)
        .join(Document, Document.id == Version.document)
        .join(Customer, Customer.id == Document.customer)
        .where(
            Version.filing == str(Filing.SUBMITTED),
            Version.created_by != call.actor.id,
            Version.parent_version.is_(None),  # what came with another is filed with that
            inside.documents(call.scopes),  # who files has looked
        )
        .order_by(Version.created)
        .limit(limit * 5)
    ).all()
    mine = [(v, d) for v, d in rows if _may_file(call, v, d)]
    return listed(call, mine[:limit])


def _may_file(call: Call, version: Version, document: Document) -> bool:
    """Say whether this person files it: some kinds are filed by others than read them."""
    seen = customers.load(call.db, document.customer)
    where = Target(
        category=seen.category,
        kind=document.kind,
        grade=Grade(document.grade),
        people=seen.people,
        uploader=version.created_by,
        filing=Filing(version.filing),
    )
    return call.decide(where, Action.DOCUMENT_FILE).allowed


def listed(call: Call, rows: list[tuple[Version, Document]]) -> tuple[QueueRow, ...]:
    """Return versions as lists show them: own ones, or those of documents this person may read."""
    db = call.db
    call.ring.prefetch(customers=[d.customer for _, d in rows])
    names = accounts.names(db, {v.created_by for v, _ in rows})
    views = {
        v.customer: v
        for v in db.scalars(
            select(CustomerView).where(CustomerView.customer.in_({d.customer for _, d in rows}))
        )
    }
    counts = belonging.counts(db, [v.id for v, _ in rows])
    shown = tuple(
        replace(_row(call, v, d, views.get(d.customer), names), children=counts.get(v.id, 0))
        for v, d in rows
    )
    call.returned([row.document for row in shown], "listed")
    return shown


def _row(
    call: Call,
    version: Version,
    document: Document,
    view: CustomerView | None,
    names: dict[str, str],
) -> QueueRow:
    seen = customers.load(call.db, document.customer)
    if view is None:
        raise NotFound
    key = call.ring.field(document.customer, SEALED_AS)

    def plain(sealed: bytes | None, row: str, column: str) -> str:
        return unseal_value(key, sealed, Place(row, document.customer, column)) if sealed else ""

    may_read = readable(call, document, seen)
    file_name = plain(version.file_name_ct, version.id, "file_name")
    title = plain(document.title_ct, document.id, "title")
    return QueueRow(
        document=document.id,
        version=version.id,
        no=version.no,
        # who may not read it is told what they brought, not what others made of it
        title=title if may_read or untouched(call, document) else file_name,
        file_name=file_name,
        kind=document.kind,
        module=call.policy.kinds.by_code[document.kind].module,
        grade=Grade(document.grade),
        dated=document.dated,
        size=version.size,
        media_type=version.media_type,
        filing=Filing(version.filing),
        processing=apparent(version),
        error=version.error,
        reason=plain(version.reason_ct, version.id, "reason"),
        created=version.created,
        created_by=PersonRef(version.created_by, names.get(version.created_by, version.created_by)),
        customer=customers.named(call, seen, view.name, readable=may_read),
        readable=may_read,
        restorable=_restorable(call, version, document, seen),
    )


def _restorable(call: Call, version: Version, document: Document, seen: customers.Seen) -> bool:
    """Say whether this person may undo the withdrawal of a version."""
    if version.filing != Filing.WITHDRAWN:
        return False
    where = replace(
        customers.target(seen, kind=document.kind, grade=Grade(document.grade)),
        uploader=version.created_by,
        withdrawn_by=version.withdrawn_by,
    )
    return call.decide(where, Action.DOCUMENT_RESTORE).allowed


def of_customer(call: Call, customer_id: str) -> tuple[QueueRow, ...]:
    """Return the documents of a customer that this person may read, newest first."""
    inside = _inside(call, customer_id)
    return listed(call, [(v, d) for d, v in _with_newest(call.db, inside)])


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a customer's documents, and how many this person may read in all."""

    items: tuple[QueueRow, ...]
    total: int
    next_cursor: str | None


def page_of_customer(
    call: Call, customer_id: str, *, limit: int = 50, cursor: str | None = None
) -> Page:
    """Return the readable documents of a customer page by page, newest first."""
    offset = offset_of(cursor)
    inside = _inside(call, customer_id)
    shown = inside[offset : offset + limit]
    items = listed(call, [(v, d) for d, v in _with_newest(call.db, shown)])
    more = offset + len(shown) < len(inside)
    return Page(items, len(inside), cursor_of(offset + len(shown)) if more else None)


def _inside(call: Call, customer_id: str) -> list[Document]:
    seen = customers.visible(call, call.db, customer_id)
    rows = call.db.scalars(
        select(Document).where(Document.customer == customer_id).order_by(Document.serial.desc())
    )
    return [d for d in rows if readable(call, d, seen)]


def _with_newest(db: Session, documents: list[Document]) -> list[tuple[Document, Version]]:
    newest = _newest_versions(db, [d.id for d in documents])
    return [(d, newest[d.id]) for d in documents if d.id in newest]


def _newest_versions(db: Session, documents: list[str]) -> dict[str, Version]:
    if not documents:
        return {}
    rows = db.scalars(select(Version).where(Version.document.in_(documents)).order_by(Version.no))
    return {v.document: v for v in rows}
