"""What was sent for an import: a ZIP each file of which becomes a document, or a list of files.

A list may come beside a ZIP, and beside a folder of the server, too. Each is stored encrypted under
a key of its own, which lies sealed in the batch. Once nothing of it is wanted any more the key is
erased first, then the object.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from service import intake, jobs, stored_files
from service.archive import Archive, Call
from service.blobs.names import object_name
from service.crypto import seal, unseal
from service.errors import Invalid, TooMany, Unsupported
from service.imports import batches, items
from service.imports.batches import New, Source, State
from service.imports.items import ItemState
from service.intake import Upload
from service.keystore import Ring
from service.models import ImportBatch, ImportItem
from service.rows import in_turn
from service.streams import DecryptingReader

ZIP = "application/zip"

#: How long a ZIP is kept for files of it that failed, and for an import that nobody began.
KEPT = timedelta(days=7)

#: How many imports one person may leave unfinished with a ZIP each.
_MOST = 20


def receive(call: Call, upload: Upload, new: New, listed: Upload | None = None) -> ImportBatch:
    """Store a ZIP and make the batch that its files come from; the worker looks into it.

    `listed`: a list that came beside it, and counts instead of one that lies in it. Raises
    `Unsupported` for a file that is no ZIP or holds a virus, `TooMany` for who left many behind,
    and what `batches.create` raises.
    """
    _check_first(call, new)
    name = intake.clean_file_name(upload.file_name)
    if intake.examine(upload, name) != ZIP:
        raise Unsupported("This is no ZIP.", fields={"file": "unsupported"})
    new = _beside(call, listed, replace(new, source=Source.ZIP, folder=name))
    return _keep(call, new, upload=upload, listed=listed)


def receive_beside(call: Call, listed: Upload, new: New) -> ImportBatch:
    """Store the list that came beside a folder of the server, and make the batch of its files.

    Raises like `receive`.
    """
    _check_first(call, new)
    return _keep(call, _beside(call, listed, new), listed=listed)


def receive_list(
    call: Call, upload: Upload, new: New, files: Sequence[tuple[str, int]]
) -> ImportBatch:
    """Store a list of files that somebody is about to send, and make the batch that takes them.

    `files` are the paths and bytes of what will be sent. The worker reads the list, and what it
    means is shown, before anything is sent. Raises like `receive`.
    """
    _check_first(call, new)
    if len(files) > batches.MOST:
        raise Invalid(
            "An import has at most %(most)s files.",
            fields={"files": "too_many"},
            most=batches.MOST,
        )
    name = intake.clean_file_name(upload.file_name)
    intake.examine(upload, name)
    options = {"files": [[items.clean_path(file), size] for file, size in files]}
    return _keep(call, replace(new, folder=name, options=options), upload=upload)


def announced(ring: Ring, row: ImportBatch) -> list[tuple[str, int]]:
    """Return the paths and bytes of what somebody is about to send beside a list."""
    return [(file, size) for file, size in batches.options(ring, row).get("files", ())]


def name_beside(ring: Ring, row: ImportBatch) -> str:
    """Return the name of the list that came beside what a batch is brought from."""
    return str(batches.options(ring, row).get("list", ""))


def _check_first(call: Call, new: New) -> None:
    """Refuse what would be refused anyway, before anything is stored."""
    with call.look() as db:
        batches.require(call, (), new.customer)
        batches.require_known(call, new)
        _check_room(call, db)


def _check_room(call: Call, db: Session) -> None:
    mine = ImportBatch.created_by == call.actor.person
    waiting = select(ImportBatch.id).where(mine, _kept())
    if len(db.scalars(waiting.limit(_MOST)).all()) >= _MOST:
        raise TooMany("Finish or give up one of your imports first.", retry_after=60, most=_MOST)


def _kept() -> ColumnElement[bool]:
    """Say whether anything that was sent for a batch is still there."""
    return or_(ImportBatch.blob.is_not(None), ImportBatch.list_blob.is_not(None))


def _beside(call: Call, listed: Upload | None, new: New) -> New:
    """Return the batch to make with the name of the list that came beside it, if one did."""
    if listed is None:
        return new
    name = intake.clean_file_name(listed.file_name)
    try:
        intake.examine(listed, name)
        intake.screened(call, listed)
    except Invalid as refused:  # a form has two files: it is this one
        refused.fields = {"list": next(iter(refused.fields.values()), "unsupported")}
        raise
    return replace(new, options={**new.options, "list": name})


def _keep(
    call: Call, new: New, *, upload: Upload | None = None, listed: Upload | None = None
) -> ImportBatch:
    if upload:
        intake.screened(call, upload)  # what cannot be screened now is, file by file
    for spool in [sent.spool for sent in (upload, listed) if sent]:
        call.archive.blobs.put(object_name(spool.blob_id), spool.encrypted(), spool.stored_size)
    # others of this person's may have come in meanwhile
    in_turn(call.db, call.actor.person)
    _check_room(call, call.db)
    row = batches.create(call, replace(new, state=State.PREPARING, files=()))
    if upload:
        spool = upload.spool
        row.blob, row.size, row.stored_size = spool.blob_id, spool.plain_size, spool.stored_size
        row.key_ct = seal(call.ring.blind("import"), spool.key, _aad(row.id))
    if listed:
        spool = listed.spool
        row.list_blob, row.list_size = spool.blob_id, spool.plain_size
        row.list_stored_size = spool.stored_size
        row.list_key_ct = seal(call.ring.blind("import"), spool.key, _aad_beside(row.id))
    call.db.flush()
    call.enqueue("import", row.id, lane=jobs.Lane.INTERACTIVE)
    return row


def opened(archive: Archive, ring: Ring, row: ImportBatch) -> DecryptingReader | None:
    """Return what reads the ZIP of a batch, or None where it is there no more."""
    if row.blob is None or row.key_ct is None or row.stored_size is None:
        return None
    key = unseal(ring.blind("import"), row.key_ct, _aad(row.id))
    return stored_files.opened(archive.blobs, key, row.blob, row.stored_size)


def opened_beside(archive: Archive, ring: Ring, row: ImportBatch) -> DecryptingReader | None:
    """Return what reads the list that came beside a batch's files; None where none did."""
    if row.list_blob is None or row.list_key_ct is None or row.list_stored_size is None:
        return None
    key = unseal(ring.blind("import"), row.list_key_ct, _aad_beside(row.id))
    return stored_files.opened(archive.blobs, key, row.list_blob, row.list_stored_size)


def clear(archive: Archive) -> int:
    """Take away what was sent for batches that want nothing of it any more; return how many.

    What nobody began within `KEPT` is given up. Killed in between, it goes on from here again.
    """
    before = datetime.now(UTC) - KEPT
    with archive.db.read() as db:
        forgotten, over, listed = _forgotten(db, before), _over(db, before), _listed(db)
    for batch in forgotten:
        with archive.db.write() as db:
            if _give_up(db, batch):
                over, listed = [*over, batch], [*listed, batch]
    for batch in over:
        _take_away(archive, batch, blob="blob", key="key_ct")
    for batch in listed:
        _take_away(archive, batch, blob="list_blob", key="list_key_ct")
    return len({*over, *listed})


def _take_away(archive: Archive, batch: str, *, blob: str, key: str) -> None:
    """Erase the key in one column of a batch, then the object that another names."""
    with archive.db.write() as db:
        row = batches.lock(db, batch)
        there = getattr(row, blob)
        setattr(row, key, None)
    if there:
        archive.blobs.delete(object_name(there))
    with archive.db.write() as db:
        setattr(batches.lock(db, batch), blob, None)


def _forgotten(db: Session, before: datetime) -> list[str]:
    old = (ImportBatch.state == str(State.PREPARING)) & (ImportBatch.created < before)
    return list(db.scalars(select(ImportBatch.id).where(_kept(), old).limit(100)))


def _over(db: Session, before: datetime) -> list[str]:
    failed = exists().where(
        and_(ImportItem.batch == ImportBatch.id, ImportItem.state == str(ItemState.FAILED))
    )
    done = ImportBatch.state == str(State.DONE)
    wanted = ImportBatch.blob.is_not(None) & done & or_(~failed, ImportBatch.finished < before)
    return list(db.scalars(select(ImportBatch.id).where(wanted).limit(100)))


def _listed(db: Session) -> list[str]:
    """Return batches that have begun: what their list said stands in their rows."""
    began = ImportBatch.state != str(State.PREPARING)
    wanted = ImportBatch.list_blob.is_not(None) & began
    return list(db.scalars(select(ImportBatch.id).where(wanted).limit(100)))


def _give_up(db: Session, batch: str) -> bool:
    row = batches.lock(db, batch)
    if row.state != State.PREPARING:
        return False
    batches.give_up(db, row, "forgotten")
    return True


def _aad(batch: str) -> str:
    return f"guidang.import.key.v1|{batch}"


def _aad_beside(batch: str) -> str:
    return f"guidang.import.list_key.v1|{batch}"
