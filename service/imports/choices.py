"""What people decide of single files: try again, leave out, make a version of another document."""

from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import func, select

from service import documents, filing, intake, properties
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.codes import Processing
from service.documents import TAKEN_BACK
from service.errors import Conflict, Denied, NotFound, changed_meanwhile
from service.imports import batches, bringing
from service.imports.batches import State
from service.imports.items import ItemState
from service.models import ImportItem, Version
from service.permissions import Action, Actor
from service.properties import Properties

#: The refusals after which a file that could not be read may be read again by itself.
_LOCKED = "password"

#: How many documents of a batch are read again at one request.
AT_ONCE = 50


def retry(call: Call, batch_id: str, ordinals: Collection[int] = ()) -> int:
    """Expect failed files of a batch again, these or all; return how many."""
    row = batches.held(call, batch_id)
    if row.state == State.PREPARING:
        raise Conflict("This import has not begun.", rule="import:state")
    wanted = select(ImportItem).where(
        ImportItem.batch == batch_id, ImportItem.state == str(ItemState.FAILED)
    )
    if ordinals:
        wanted = wanted.where(ImportItem.ordinal.in_(list(ordinals)))
    found = list(call.db.scalars(wanted.with_for_update()))
    for item in found:
        _to(item, ItemState.EXPECTED)
    call.db.flush()
    call.note(files=len(found))
    if found:
        batches.go_on(call, row)
    return len(found)


def read_again(archive: Archive, actor: Actor, batch_id: str, most: int = AT_ONCE) -> int:
    """Read again what came with an own batch and could not be read; return how much was tried.

    At most `most` documents, the first of the batch: asked again, it goes on behind them. Each is
    a call of its own, like the button on the document's page. What needs a password is left:
    nobody gives one here. Raises `NotFound` and `Denied` for who did not make the batch.
    """
    with archive.call(actor, Action.IMPORT_RUN, Subject("import", batch_id)) as call:
        _own(call, batch_id)
        unread = (
            select(Version.document, Version.no)
            .join(ImportItem, ImportItem.version == Version.id)
            .where(
                ImportItem.batch == batch_id,
                Version.processing == str(Processing.FAILED),
                Version.filing.not_in([str(filing) for filing in TAKEN_BACK]),
                func.coalesce(Version.error, "") != _LOCKED,
            )
            .order_by(ImportItem.ordinal)
        )
        found = list(call.db.execute(unread.limit(most)).tuples())
    for document, no in found:
        # whoever read it meanwhile, took it away or changed its kind says so there
        with (
            suppress(Conflict, Denied, NotFound),
            archive.call(actor, Action.DOCUMENT_RETRY, Subject("document", document)) as call,
        ):
            filing.retry(call, document, version_no=no)
    return len(found)


def skip(archive: Archive, actor: Actor, batch_id: str, ordinal: int, reason: str) -> None:
    """Leave a file out; what it became already is withdrawn, with `reason`, unless it is filed.

    Raises `Conflict` for what cannot be left out any more.
    """
    became = _became(archive, actor, batch_id, ordinal)
    if became is None:
        subject = Subject("import", batch_id)
        with archive.call(actor, Action.IMPORT_RUN, subject, writes=True) as call:
            batches.held(call, batch_id)
            _leave_out(call, batch_id, ordinal, None)
        return
    document, no = became
    subject = Subject("document", document)
    with archive.call(actor, Action.DOCUMENT_WITHDRAW, subject) as call:
        filing.withdraw(call, document, reason, version_no=no)
        batches.held(call, batch_id)
        _leave_out(call, batch_id, ordinal, document)
        call.about(type="document", id=document)


def _leave_out(call: Call, batch_id: str, ordinal: int, document: str | None) -> None:
    row = bringing.claim(call.db, batch_id, ordinal)
    there = row.document if row.state == ItemState.RECEIVED else None
    if row.state == ItemState.SKIPPED or there != document:
        raise Conflict("This file is here already.", rule="import:settled")
    call.note(n=ordinal)
    _to(row, ItemState.SKIPPED)
    call.db.flush()
    batches.settle_state(call.db, batches.lock(call.db, batch_id))


def as_version(
    archive: Archive, actor: Actor, batch_id: str, ordinal: int, other: str, reason: str
) -> None:
    """Make a file a newer version of another document with the same content.

    The upload itself is withdrawn afterwards, with `reason`: if that does not happen, it is
    still there to be withdrawn.
    """
    became = _became(archive, actor, batch_id, ordinal)
    if became is None:
        raise NotFound
    document, no = became
    with archive.call(actor, Action.DOCUMENT_ADD_VERSION, Subject("document", other)) as call:
        made = intake.take_over(call, other, document)
        row = bringing.claim(call.db, batch_id, ordinal)
        row.document, row.version = other, made.version.id
        row.changed = datetime.now(UTC)
    with archive.call(actor, Action.DOCUMENT_WITHDRAW, Subject("document", document)) as call:
        filing.withdraw(call, document, reason, version_no=no)


def set_kind(call: Call, batch_id: str, ordinal: int, kind: str, *, was: str) -> None:
    """Change the kind of what a file became; `was` is the kind that the person saw.

    Raises `Stale` if it has another kind by now.
    """
    batches.find(call, call.db, batch_id)
    item = call.db.get(ImportItem, (batch_id, ordinal))
    if item is None or item.document is None:
        raise NotFound
    held = documents.hold(call, call.db, item.document, by=Action.DOCUMENT_EDIT)
    if held.document.kind != was:
        raise changed_meanwhile()
    rev = held.document.rev
    properties.edit(call, item.document, Properties(kind=kind), if_match=rev, leaving=False)


def _became(archive: Archive, actor: Actor, batch_id: str, ordinal: int) -> tuple[str, int] | None:
    """Return the document that a file of a person's own batch became, and the version's number.

    A newer version may have come since: that is not the file's. Raises `NotFound` and `Denied`
    for other people's batches.
    """
    with archive.call(actor, Action.IMPORT_RUN, Subject("import", batch_id)) as call:
        _own(call, batch_id)
        item = call.db.get(ImportItem, (batch_id, ordinal))
        if item is None:
            raise NotFound
        version = call.db.get(Version, item.version) if item.version else None
        if item.state != ItemState.RECEIVED or version is None:
            return None
        return version.document, version.no


def _own(call: Call, batch_id: str) -> None:
    """Refuse for everybody but who made a batch."""
    if batches.find(call, call.db, batch_id).created_by != call.actor.person:
        raise Denied("Only who began an import changes it.", rule="import:maker")


def _to(item: ImportItem, state: ItemState) -> None:
    item.state, item.changed = str(state), datetime.now(UTC)
    if state is ItemState.EXPECTED:
        item.error = None
