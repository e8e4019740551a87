"""Taking documents in: check, seal, store, and queue them for reading.

Order: keystore, then blob, then rows. A blob without a row is harmless; a row without its
blob or key cannot happen.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import customers, media, stored_files, twins, viruses
from service.archive import Call
from service.blobs.names import object_name
from service.blobs.port import BlobMissing
from service.codes import HIDDEN_STATUSES, Filing, Processing, Status
from service.crypto import Corrupt, Place, content_token, seal_value, unseal_value
from service.customers import Seen
from service.documents import (
    SEALED_AS,
    TAKEN_BACK,
    DocumentView,
    describe,
    hold,
    lock,
    versions_of,
)
from service.errors import Conflict, Hidden, Invalid, NotFound, TooMany, Unavailable, Unsupported
from service.ids import new_id
from service.jobs import Lane
from service.models import Blob, Document, Version
from service.permissions import Action
from service.properties import (
    NOTE_LENGTH,
    NUMBER_LENGTH,
    TITLE_LENGTH,
    Properties,
    checked_grade,
    checked_kind,
    checked_title,
    clean_title,
    limited,
)
from service.spool import Spool, spool
from service.streams import ALGORITHM, DecryptingReader
from service.twins import Content


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to add: its bytes in the spool, and the name it had."""

    spool: Spool
    file_name: str


def clean_file_name(text: str) -> str:
    """Return a file's own name without path, control or direction marks; never empty."""
    name = clean_title(text.replace("\\", "/").rsplit("/", 1)[-1])
    return name[-255:] or "file"


def title_of(file_name: str) -> str:
    """Return the title an upload gets by itself: the file's name without its ending."""
    stem, dot, ending = file_name.rpartition(".")
    return (stem if dot and stem and len(ending) <= 5 else file_name)[:TITLE_LENGTH]  # noqa: PLR2004


def expect(call: Call, customer_id: str) -> Seen:
    """Check, before the body of an upload is read, that something may be added here at all."""
    with call.look() as db:
        seen = _addable(call, db, customer_id)
        db.expunge_all()
    if not customers.addable_kinds(call, seen):
        call.require(customers.target(seen))
    return seen


def _addable(call: Call, db: Session, customer_id: str) -> Seen:
    """Return a customer the person sees, or may add to (what one may add to, one may know)."""
    seen = customers.load(db, customer_id)
    call.about(
        type="customer", id=customer_id, customer=customer_id, categories=(seen.row.category,)
    )
    hidden = Status(seen.row.status) in HIDDEN_STATUSES
    if hidden or not (
        customers.shows(call.customer_scopes, seen) or customers.addable_kinds(call, seen)
    ):
        raise Hidden(rule="customer:scope")
    return seen


def expect_version(call: Call, document_id: str) -> None:
    """Check, before the body of an upload is read, that a newer version may be added."""
    with call.look() as db:
        held = hold(call, db, document_id, by=Action.DOCUMENT_ADD_VERSION)
        call.require(held.target())


def _check_waiting(call: Call, db: Session) -> None:
    """Refuse a person more than so many unread documents: one may not fill everybody's queue.

    What was added longer than a day ago nobody waits for any more, and is not looked at.
    """
    most = call.policy.limits.upload.waiting_per_person
    unread = select(Version.id).where(
        Version.created_by == call.actor.person,
        Version.parent_version.is_(None),
        Version.created > datetime.now(UTC) - timedelta(days=1),
        Version.processing.in_([Processing.STORED, Processing.EXTRACTING]),
    )
    if len(db.scalars(unread.limit(most)).all()) >= most:
        raise TooMany(
            "%(most)s of your documents still wait to be read. Try again in a few minutes.",
            retry_after=60,
            most=most,
        )


def add(
    call: Call,
    customer_id: str,
    upload: Upload,
    properties: Properties,
    *,
    lane: Lane = Lane.INTERACTIVE,
) -> DocumentView:
    """Store a new document: keystore, then blob, then rows; the worker reads it afterwards."""
    with call.look() as db:
        seen = _addable(call, db, customer_id)
        if lane is Lane.INTERACTIVE:
            _check_waiting(call, db)
        kind = checked_kind(call, properties.kind)
        call.require(customers.target(seen, kind=kind))
        db.expunge_all()
    call.about(modules=(str(call.policy.kinds.by_code[kind].module),))
    default = call.policy.kinds.by_code[kind].grade
    grade = checked_grade(call, properties.grade, default)
    file_name = clean_file_name(upload.file_name)
    title = checked_title(properties.title) or title_of(file_name)
    number = limited(properties.number, NUMBER_LENGTH, "number")
    note = limited(properties.note, NOTE_LENGTH, "note")
    media_type = examine(upload, file_name)
    state = screened(call, upload)
    document_id, version_id = new_id(), new_id()
    store(call, customer_id, document_id, version_id, upload)
    db = call.db
    seen = _addable(call, db, customer_id)
    call.require(customers.target(seen, kind=kind))
    key = call.ring.field(customer_id, SEALED_AS)

    def sealed(text: str, column: str) -> bytes | None:
        return seal_value(key, text, Place(document_id, customer_id, column)) if text else None

    document = Document(
        id=document_id,
        serial=customers.count(db, "document"),
        customer=customer_id,
        kind=kind,
        grade=str(grade),
        dated=properties.dated,
        number_ct=sealed(number, "number"),
        title_ct=seal_value(key, title, Place(document_id, customer_id, "title")),
        note_ct=sealed(note, "note"),
        created=datetime.now(UTC),
        created_by=call.actor.person,
        rev=1,
    )
    db.add(document)
    db.flush()
    write_version(
        call,
        db,
        document,
        Arrived(version_id, 1, upload.spool, file_name, media_type, lane, processing=state),
    )
    call.about(type="document", id=document_id, version=version_id, grade=str(grade))
    call.say(after={"filing": str(Filing.SUBMITTED)})
    held = hold(call, db, document_id, by=Action.DOCUMENT_ADD)
    view = describe(call, db, held)
    token = content_token(call.ring.content(), upload.spool.sha256)
    return replace(view, duplicates=twins.ids(call, db, Content(document_id, token)))


def add_version(
    call: Call, document_id: str, upload: Upload, *, instead_of: str | None = None
) -> DocumentView:
    """Store a newer version; the one that is filed keeps showing until this one is read.

    `instead_of`: the version whose content this is, as `take_over` has checked.
    """
    with call.look() as db:
        held = hold(call, db, document_id, by=Action.DOCUMENT_ADD_VERSION)
        call.require(held.target())
        _check_waiting(call, db)
        customer_id = held.document.customer
        db.expunge_all()
    file_name = clean_file_name(upload.file_name)
    media_type = examine(upload, file_name)
    state = screened(call, upload)
    version_id = new_id()
    store(call, customer_id, document_id, version_id, upload)
    db = call.db
    held = hold(call, db, document_id, by=Action.DOCUMENT_ADD_VERSION)
    if held.document.customer != customer_id:
        raise NotFound
    call.require(held.target())
    if instead_of:
        _lock_with(db, held.document, instead_of)
    else:
        lock(db, held.document)
    last = versions_of(db, document_id)[0].no
    write_version(
        call,
        db,
        held.document,
        Arrived(version_id, last + 1, upload.spool, file_name, media_type, processing=state),
    )
    held.document.rev += 1
    db.flush()
    call.about(version=version_id)
    call.say(after={"filing": str(Filing.SUBMITTED)})
    return describe(call, db, held, version_no=last + 1)


def take_over(call: Call, document_id: str, source_id: str) -> DocumentView:
    """Store what this person uploaded as one document as a newer version of another.

    Both have the same content, and the person may read the other; else it looks absent. The
    upload itself is withdrawn by a call of its own afterwards: if that one does not happen, it
    is still there to be withdrawn.
    """
    with call.look() as db:
        source = hold(call, db, source_id, by=Action.DOCUMENT_WITHDRAW)
        version, *more = versions_of(db, source_id)
        token = Content(source_id, version.content_token)
        own = version.created_by == call.actor.id and version.filing == Filing.SUBMITTED
        if more or not own or document_id not in twins.ids(call, db, token):
            raise NotFound
        call.require(source.target(version), Action.DOCUMENT_WITHDRAW)
        blob = db.scalars(
            select(Blob).where(Blob.version == version.id, Blob.role == "original")
        ).one()
        key = call.ring.field(source.document.customer, SEALED_AS)
        place = Place(version.id, source.document.customer, "file_name")
        file_name = unseal_value(key, version.file_name_ct, place)
        reader = stored_files.opened(
            call.archive.blobs, call.ring.version(version.id), blob.id, blob.stored_size
        )
    with reader, _copied(call, reader) as copy:
        call.note(instead_of=source_id)
        return add_version(call, document_id, Upload(copy, file_name), instead_of=version.id)


def _lock_with(db: Session, document: Document, version_id: str) -> None:
    """Lock a document and that of a version which it takes over; refuse what came about already.

    The same may have been asked for twice, and both have looked before one of them wrote.
    """
    version = db.get_one(Version, version_id)
    source = db.get_one(Document, version.document)
    for one in sorted((document, source), key=lambda row: row.id):
        lock(db, one)
    db.refresh(version)
    if version.filing != Filing.SUBMITTED:
        raise NotFound
    taken = select(Version.id).where(
        Version.document == document.id,
        Version.no > 1,
        Version.content_token == version.content_token,
        Version.created_by == version.created_by,
        Version.created > version.created,
        Version.filing.not_in([str(filing) for filing in TAKEN_BACK]),
    )
    if db.scalars(taken.limit(1)).first():
        raise Conflict("Your file is a version of that document already.", rule="document:state")


def _copied(call: Call, reader: DecryptingReader) -> Spool:
    settings = call.archive.settings
    try:
        return spool(settings.data / "spool", settings.upload_limit, cast("BinaryIO", reader))
    except BlobMissing as error:
        raise Unavailable("blobs", "The stored file is missing.") from error
    except Corrupt as error:
        raise Unavailable("blobs", "The stored file is damaged.") from error


def examine(upload: Upload, file_name: str) -> str:
    """Return the media type of an upload; refuses what is empty or of a kind not taken."""
    spool = upload.spool
    spool.seal()
    if spool.plain_size == 0:
        raise Invalid("The file is empty.", fields={"file": "empty"})
    plain = cast("BinaryIO", spool)
    if virus := viruses.known(plain):
        raise _infected(virus)
    media_type = media.sniff(plain, spool.plain_size, file_name)
    refusal = media.refused(media_type, file_name)
    if refusal:
        raise Unsupported(refusal, fields={"file": "unsupported"})
    return media_type


def screened(call: Call, upload: Upload) -> Processing:
    """Show a file to the virus scanner, if there is one; refuses what it names.

    What it could not look at is taken in, and neither read nor handed out until it has.
    """
    address = call.archive.settings.clamd
    if not address:
        return Processing.STORED
    upload.spool.seek(0)
    try:
        virus = viruses.scan(address, cast("BinaryIO", upload.spool))
    except Unavailable:
        return Processing.QUARANTINED
    if virus:
        raise _infected(virus)
    return Processing.STORED


def _infected(virus: str) -> Unsupported:
    return Unsupported(
        "The file is not taken: it holds a virus (%(virus)s).",
        rule=viruses.RULE,
        fields={"file": "unsupported"},
        virus=virus,
    )


def store(call: Call, customer_id: str, document_id: str, version_id: str, upload: Upload) -> None:
    """Store the key of a version, then its file."""
    spool = upload.spool
    call.ring.create_version(version_id, customer_id, document_id, spool.key)
    call.archive.blobs.put(object_name(spool.blob_id), spool.encrypted(), spool.stored_size)


@dataclass(frozen=True, slots=True)
class Arrived:
    """An upload that was examined and stored: what its version row needs."""

    version_id: str
    no: int
    spool: Spool
    file_name: str
    media_type: str
    lane: Lane = Lane.INTERACTIVE
    created_by: str = ""
    processing: Processing = Processing.STORED


def write_version(call: Call, db: Session, document: Document, new: Arrived) -> Version:
    """Write the rows of a version that is stored, and queue it for reading."""
    spool, version_id = new.spool, new.version_id
    key = call.ring.field(document.customer, SEALED_AS)
    version = Version(
        id=version_id,
        document=document.id,
        no=new.no,
        media_type=new.media_type,
        file_name_ct=seal_value(
            key, new.file_name, Place(version_id, document.customer, "file_name")
        ),
        size=spool.plain_size,
        sha256_ct=seal_value(
            key, spool.sha256.hex(), Place(version_id, document.customer, "sha256")
        ),
        content_token=content_token(call.ring.content(), spool.sha256),
        filing=str(Filing.SUBMITTED),
        processing=str(new.processing),
        created=datetime.now(UTC),
        created_by=new.created_by or call.actor.person,
        left_out=0,
    )
    db.add(version)
    db.flush()
    db.add(
        Blob(
            id=spool.blob_id,
            version=version_id,
            role="original",
            n=0,
            size=spool.plain_size,
            stored_size=spool.stored_size,
            alg=ALGORITHM,
            state="stored",
        )
    )
    db.flush()
    unseen = new.processing is Processing.QUARANTINED
    call.enqueue("scan" if unseen else "extract", version_id, lane=new.lane)
    return version
