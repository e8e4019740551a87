"""Moving a document to another customer: its sealed words, its keys and its index entry follow.

The database says whose a document is, and changes alone: in one transaction its words are sealed
anew and two jobs are queued. A version's key opens under whichever customer's key wraps it, so
the document is read all the time; the job wraps it by the customer's it belongs to now.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import belonging, customers, directory
from service.archive import Archive, Call
from service.codes import Status
from service.crypto import Place, seal_value, unseal_value
from service.customers import Seen
from service.directory import CustomerRow, Wanted
from service.documents import (
    SEALED_AS,
    DocumentView,
    Held,
    bump,
    describe,
    hold,
    lock,
    readable,
    versions_of,
)
from service.errors import Conflict, Denied, Invalid, NotFound
from service.keystore import KeyMissing
from service.models import Document, Version
from service.permissions import Action, Target
from service.properties import checked_reason

#: What is sealed under the customer's key, in a document's row and in its versions' rows.
_OF_DOCUMENT = ("title", "number", "note")
_OF_VERSION = ("file_name", "sha256", "reason", "returned_for", "unpacked")

#: sealed as what it was before it was put by
_SEALED_FOR = {"returned_for": "reason"}

#: How many customers are looked at for a page to choose from.
_OFFERED = 20

#: How many such pages are passed over at once because none of their customers may be chosen.
_PASSED = 10


def move(
    call: Call,
    document_id: str,
    *,
    to: str,
    reason: str,
    if_match: int | None,
    leaving: bool = True,
) -> DocumentView:
    """Move a document with all its versions to another customer.

    Without `leaving` a move is refused after which this person could not read the document.
    """
    _fetch_keys(call, document_id, to)
    db = call.db
    held = _movable(call, db, document_id)
    belonging.lock_family(db, document_id)
    lock(db, held.document)
    customers.check_rev(held.document.rev, if_match)
    why = checked_reason(reason)
    there = _destination(call, db, to)
    came_from = held.document.customer
    if to == came_from:
        raise Conflict("The document is with this client already.", rule="document:state")
    versions = versions_of(db, document_id)
    _require_there(call, held.whole(versions), there)
    still = readable(call, held.document, there)
    if still and not held.in_scope:
        # who could, would open a document to themselves
        raise Denied("Only who may read a document changes who may.", rule="document:scope")
    if held.in_scope and not still and not leaving:
        raise _no_longer_seen()
    for document in (held.document, *_followers(call, held, versions, there, leaving=leaving)):
        _seal_anew(call, document, versions_of(db, document.id), to)
        document.customer = to
        document.record = None
        bump(db, document)
        call.mark_dirty("document", document.id)
        call.enqueue("index_moved", document.id)
        call.enqueue("rewrap", document.id)
    call.about(categories=(str(held.seen.category), str(there.category)))
    call.say(before={"category": str(held.seen.category)}, after={"category": str(there.category)})
    call.note(reason=why, before={"customer": came_from}, after={"customer": to})
    return describe(call, db, Held(held.document, there, held.module, still))


@dataclass(frozen=True, slots=True)
class Destinations:
    """Customers a document may be moved to, and where their list goes on."""

    items: tuple[CustomerRow, ...]
    next_cursor: str | None


def destinations(call: Call, document_id: str, q: str, cursor: str | None = None) -> Destinations:
    """Return customers a document may be moved to, for choosing; `q` narrows them.

    Pages without any are passed over; raises `Invalid` for a cursor that is none.
    """
    held = _movable(call, call.db, document_id)
    whole = held.whole(versions_of(call.db, document_id))
    for _ in range(_PASSED):
        found = directory.listing(call, Wanted(q=q[:200], limit=_OFFERED, cursor=cursor))
        items = tuple(row for row in found.items if _may_go(call, held, whole, row.id))
        cursor = found.next_cursor
        if items or cursor is None:
            break
    return Destinations(items, cursor)


def _may_go(call: Call, held: Held, whole: Target, customer_id: str) -> bool:
    if customer_id == held.document.customer:
        return False
    return call.decide(_target(whole, customers.load(call.db, customer_id))).allowed


def rewrap(archive: Archive, document_id: str) -> None:
    """Wrap the keys of a document's versions by the customer's it belongs to now.

    May run twice, and beside another move: whoever wrote last has looked again afterwards.
    Raises `Unavailable` and `Corrupt`; a key that was destroyed stays so.
    """
    found = _place(archive, document_id)
    while found is not None:
        customer, versions = found
        with archive.ring() as ring:
            ring.prefetch(customers=[customer], versions=versions)
            for version in versions:
                try:
                    ring.rewrap_version(version, customer)
                except KeyMissing:
                    continue
        found = _place(archive, document_id, after=customer)


def _place(
    archive: Archive, document_id: str, after: str | None = None
) -> tuple[str, list[str]] | None:
    """Return a document's customer and versions; None once the customer is `after`."""
    with archive.db.read() as db:
        document = db.get(Document, document_id)
        if document is None or document.customer == after:
            return None
        return document.customer, [v.id for v in versions_of(db, document_id)]


def _movable(call: Call, db: Session, document_id: str) -> Held:
    """Return a document that this person may take away from where it is."""
    held = hold(call, db, document_id, by=Action.DOCUMENT_MOVE)
    versions = versions_of(db, document_id)
    call.require(held.whole(versions), Action.DOCUMENT_MOVE)
    belonging.require_free(versions)
    if not customers.shows(call.customer_scopes, held.seen):
        raise Denied("Your role does not allow this.", rule="document:customer")
    return held


def _destination(call: Call, db: Session, customer_id: str) -> Seen:
    """Return the customer; one that this person may not see is as unknown as one not there."""
    try:
        there = customers.load(db, customer_id)
    except NotFound:
        there = None
    if there is None or not customers.shows(call.customer_scopes, there):
        raise Invalid("There is no such client.", fields={"customer": "unknown"})
    return there


def _target(whole: Target, there: Seen) -> Target:
    """Return what the right to move is asked with where the document would be."""
    return replace(
        whole,
        category=there.category,
        people=there.people,
        creator=there.row.created_by,
        status=Status(there.row.status),
    )


def _require_there(call: Call, whole: Target, there: Seen) -> None:
    target = _target(whole, there)
    call.require(target)
    if not call.decide(replace(target, uploader=None)).allowed:
        # may move it only because they brought it: then they must be able to bring it there
        call.require(customers.target(there, kind=whole.kind), Action.DOCUMENT_ADD)


def _followers(
    call: Call, held: Held, versions: Iterable[Version], there: Seen, *, leaving: bool
) -> list[Document]:
    """Return what came with a document and moves with it, after the same checks as for that."""
    found = belonging.documents_of(
        call.db, belonging.descendants(call.db, [version.id for version in versions])
    )
    for document in found:
        lock(call.db, document)
        in_scope = readable(call, document, held.seen)
        one = replace(held, document=document, in_scope=in_scope)
        whole = one.whole(versions_of(call.db, document.id))
        call.require(whole, Action.DOCUMENT_MOVE)
        _require_there(call, whole, there)
        still = readable(call, document, there)
        if still and not in_scope:
            raise Denied("Only who may read a document changes who may.", rule="document:scope")
        if in_scope and not still and not leaving:
            raise _no_longer_seen()
    return found


def _no_longer_seen() -> Invalid:
    return Invalid(
        "With that client you will no longer see the document. Move it all the same?",
        fields={"leave": "confirm"},
    )


def _fetch_keys(call: Call, document_id: str, to: str) -> None:
    """Fetch both customers' keys before the write transaction begins."""
    with call.look() as db:
        here = db.scalars(select(Document.customer).where(Document.id == document_id)).first()
    call.ring.prefetch(customers=[c for c in (here, to) if c])


def _seal_anew(call: Call, document: Document, versions: Iterable[Version], to: str) -> None:
    """Seal what is sealed under the key of one customer under that of another."""
    old, new = (call.ring.field(c, SEALED_AS) for c in (document.customer, to))
    rows: list[tuple[Document | Version, str]] = [(document, name) for name in _OF_DOCUMENT]
    rows += [(version, name) for version in versions for name in _OF_VERSION]
    for row, name in rows:
        if sealed := getattr(row, f"{name}_ct"):
            column = _SEALED_FOR.get(name, name)
            plain = unseal_value(old, sealed, Place(row.id, document.customer, column))
            setattr(row, f"{name}_ct", seal_value(new, plain, Place(row.id, to, column)))
