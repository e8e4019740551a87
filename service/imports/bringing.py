"""One file of a batch becomes a document: once, whoever sends it how often.

The file's row is settled in the transaction that writes the document. Killed before it, the
file is still expected and what was stored of it belongs to nobody; killed after it, the file is
there, and sending it again says so.
"""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from service import intake, viruses
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.documents import DocumentView
from service.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    Refusal,
    TooLarge,
)
from service.imports import batches, items, presence
from service.imports.batches import State
from service.imports.items import Item, ItemState
from service.imports.presence import Brought, Present
from service.intake import Upload
from service.jobs import Lane
from service.keystore import Ring
from service.models import ImportBatch, ImportItem
from service.permissions import Action, Actor

#: Gives the file that is being brought, once it is known that it may come.
Take = Callable[[Call], Upload]

#: Told of a file and the document it became, inside of the call that writes it.
Done = Callable[[Call, Item, DocumentView], None]

#: What a file may still become.
_OPEN = (ItemState.EXPECTED, ItemState.FAILED)


class Settled(Conflict):
    """The file is not expected any more; `item` says what became of it."""

    def __init__(self, item: Item) -> None:
        """Keep what became of it."""
        super().__init__("This file is here already.", rule="import:settled")
        self.item = item


def bring(
    archive: Archive,
    actor: Actor,
    batch_id: str,
    ordinal: int,
    take: Take,
    done: Done | None = None,
) -> Item:
    """Bring a file of a batch in with the rights of `actor`; return what became of it.

    Takes and raises the same as `tried`.
    """
    return tried(archive, actor, batch_id, ordinal, take, done)[0]


def tried(
    archive: Archive,
    actor: Actor,
    batch_id: str,
    ordinal: int,
    take: Take,
    done: Done | None = None,
) -> tuple[Item, Refusal | None]:
    """Bring a file of a batch in; return what became of it, and the refusal it failed by.

    A file that is refused is failed, with its reason in `error`; nothing of it is stored. Raises
    `NotFound` for what this person may not see, `Conflict` where the batch is stopped, and
    `Unavailable` when a part is away: then the file is still expected.
    """
    item: Item | None = None
    upload: Upload | None = None
    try:
        with archive.call(actor, Action.DOCUMENT_ADD, Subject("import", batch_id)) as call:
            item = expect(call, batch_id, ordinal)
            call.note(batch=batch_id, n=ordinal)
            upload = take(call)
            item, view = _added(call, item, upload)
            if done:
                done(call, item, view)
            return item, None
    except Settled as settled:
        return settled.item, None
    except Present as present:
        if upload is None:
            raise
        return _present(archive, batch_id, ordinal, upload, present.document), None
    except Refusal as refusal:
        # what is wrong with how it was sent says nothing of the file, unless it was too large
        fault = isinstance(refusal, TooLarge) if upload is None else _at_fault(refusal)
        if item is None or not fault:
            raise
        return fail(archive, batch_id, ordinal, code_of(refusal)), refusal


def expect(call: Call, batch_id: str, ordinal: int) -> Item:
    """Return a file that may come now, before its body is read.

    Raises `Settled` for what is here already, `Conflict` where the batch is stopped.
    """
    with call.look() as db:
        row = batches.find(call, db, batch_id)
        if row.created_by != call.actor.person:
            raise Denied("Only who began an import changes it.", rule="import:maker")
        found = db.get(ImportItem, (batch_id, ordinal))
        if found is None:
            raise NotFound
        item = items.read(call.ring, found)
        if item.state not in _OPEN:
            raise Settled(item)
        if row.state in (State.STOPPED, State.PREPARING):
            raise Conflict("This import is stopped. Go on with it first.", rule="import:state")
    return item


def _added(call: Call, item: Item, upload: Upload) -> tuple[Item, DocumentView]:
    """Store a file and settle its row in one transaction."""
    if item.customer is None:
        raise NotFound  # of an item that was refused before it came
    upload.spool.seal()
    _as_announced(item, upload)
    file = Brought(item.customer, call.actor.person, upload.spool.sha256, item.name)
    with call.look() as db:
        found = presence.earlier(db, call.ring, file)
    if found:
        raise Present(found)
    named = Upload(upload.spool, item.name)
    view = intake.add(call, item.customer, named, item.properties, lane=Lane.BULK)
    presence.require_once(call, file, view.id)
    row = claim(call.db, item.batch, item.ordinal)
    if row.state not in _OPEN:
        raise Settled(items.read(call.ring, row))
    row.document, row.version = view.id, view.version.id
    _received(call.ring, row, upload)
    return _settle(call.db, call.ring, row, ItemState.RECEIVED), view


def _as_announced(item: Item, upload: Upload) -> None:
    """Refuse a file that is not the one that was announced."""
    if upload.spool.plain_size != item.size:
        raise Invalid(
            "The file has other bytes than were announced.", fields={"file": "other_size"}
        )
    expected, found = item.expected_sha256, upload.spool.sha256.hex()
    if expected and not hmac.compare_digest(expected.lower(), found):
        raise Invalid(
            "The file has other bytes than were announced.", fields={"file": "other_digest"}
        )


def claim(db: Session, batch_id: str, ordinal: int) -> ImportItem:
    """Return a file's row, and hold it and its batch until this transaction ends."""
    batches.lock(db, batch_id)
    return db.get_one(ImportItem, (batch_id, ordinal), with_for_update=True, populate_existing=True)


def _present(archive: Archive, batch_id: str, ordinal: int, upload: Upload, document: str) -> Item:
    """Settle a file that its person brought before: nothing is stored anew."""
    with archive.ring() as ring, archive.db.write() as db:
        row = claim(db, batch_id, ordinal)
        if row.state not in _OPEN:
            return items.read(ring, row)
        row.document = document
        _received(ring, row, upload)
        return _settle(db, ring, row, ItemState.DUPLICATE)


def fail(archive: Archive, batch_id: str, ordinal: int, error: str) -> Item:
    """Settle a file as failed, with a code that says why; what is here already stays so."""
    with archive.ring() as ring, archive.db.write() as db:
        row = claim(db, batch_id, ordinal)
        if row.state not in _OPEN:
            return items.read(ring, row)
        return _settle(db, ring, row, ItemState.FAILED, error)


def _received(ring: Ring, row: ImportItem, upload: Upload) -> None:
    row.received_size = upload.spool.plain_size
    digest = upload.spool.sha256.hex()
    row.sha256_ct = items.sealed(ring, row.batch, row.ordinal, "sha256", digest)


def _settle(
    db: Session, ring: Ring, row: ImportItem, state: ItemState, error: str | None = None
) -> Item:
    row.state, row.error, row.changed = str(state), error and error[:60], datetime.now(UTC)
    row.tries += 1
    db.flush()
    batches.settle_state(db, db.get_one(ImportBatch, row.batch))
    return items.read(ring, row)


def _at_fault(refusal: Refusal) -> bool:
    """Say whether a refusal is about the file, or what was said of it, and will not pass."""
    return isinstance(refusal, Invalid | Denied | NotFound)


def code_of(refusal: Refusal) -> str:
    """Return the code under which a batch keeps why a file was refused."""
    if refusal.rule == viruses.RULE:
        return "virus"
    if isinstance(refusal, TooLarge):
        return "too_large"
    if isinstance(refusal, Denied):
        return "denied"
    if isinstance(refusal, NotFound):
        return "no_customer"
    if isinstance(refusal, Invalid):
        return refusal.fields.get("file") or f"invalid.{min(refusal.fields, default='file')}"
    return "refused"
