"""Taking in what a ZIP, a message or a PDF holds: each file a document beside its parent.

The archive's own worker does it, for whoever uploaded the parent: same customer, kind and
grade. It may be interrupted anywhere and asked again: what is there already is not taken twice.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import belonging, customers, intake
from service.archive import Call
from service.belonging import DEEPEST, MOST, Unpacked
from service.crypto import Place, seal_value, unseal_value
from service.documents import SEALED_AS, lock, reshow
from service.errors import NotFound
from service.ids import new_id
from service.intake import Arrived, Upload, clean_file_name, title_of
from service.jobs import Lane
from service.models import Document, Version

#: How many bytes may come out of one upload, with what comes out of that.
MOST_BYTES = 4 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parent:
    """A version to take files out of: what is there already, and how much more may come.

    `taken` are places in it; `room` counts files, `bytes_left` their bytes.
    """

    version: str
    document: str
    customer: str
    taken: frozenset[int]
    room: int
    bytes_left: int
    too_deep: bool
    done: bool


def parent(db: Session, version_id: str) -> Parent | None:
    """Return what must be known before files are taken out of a version; None if it is gone."""
    version = db.get(Version, version_id)
    if version is None:
        return None
    document = db.get_one(Document, version.document)
    above = belonging.parents_of(db, version)
    root = above[-1] if above else version
    family = belonging.descendants(db, [root.id])
    taken = frozenset(v.ordinal for v in family if v.parent_version == version.id and v.ordinal)
    return Parent(
        version.id,
        document.id,
        document.customer,
        taken,
        MOST - len(family),
        MOST_BYTES - sum(v.size for v in family),
        too_deep=len(above) >= DEEPEST,
        done=version.unpacked_ct is not None,
    )


def add(call: Call, parent_version: str, ordinal: int, upload: Upload) -> str:
    """Store one file of a version as a document; return its id.

    `ordinal` counts from 1. Refuses, as uploads are, what is empty or of a kind not taken.
    """
    with call.look() as db:
        above = db.get(Version, parent_version)
        if above is None:
            raise NotFound
        customer_id = db.get_one(Document, above.document).customer
    call.require(None)
    file_name = clean_file_name(upload.file_name)
    media_type = intake.examine(upload, file_name)
    state = intake.screened(call, upload)
    document_id, version_id = new_id(), new_id()
    intake.store(call, customer_id, document_id, version_id, upload)
    db = call.db
    above = db.get_one(Version, parent_version)
    beside = db.get_one(Document, above.document)
    lock(db, beside)
    if beside.customer != customer_id or _there(db, parent_version, ordinal):
        raise NotFound  # it moved meanwhile, or another worker was here: asked again, all is well
    db.refresh(above)
    document = _document(call, db, beside, document_id, title_of(file_name))
    who = document.created_by
    arrived = Arrived(
        version_id, 1, upload.spool, file_name, media_type, Lane.BULK, who, processing=state
    )
    version = intake.write_version(call, db, document, arrived)
    version.parent_version, version.ordinal = parent_version, ordinal
    _stand_as(call, version, above, customer_id)
    db.flush()
    reshow(db, [document])
    seen = customers.load(db, customer_id)
    call.about(
        type="document",
        id=document_id,
        version=version_id,
        customer=customer_id,
        categories=(seen.row.category,),
        modules=(str(call.policy.kinds.by_code[document.kind].module),),
        grade=document.grade,
    )
    call.say(after={"filing": version.filing})
    call.note(parent=parent_version)
    return document_id


def settle(db: Session, key: bytes, version_id: str, customer: str, unpacked: Unpacked) -> bool:
    """Write down what became of a version's files; False if its customer is another now."""
    version = db.get_one(Version, version_id)
    document = db.get_one(Document, version.document)
    lock(db, document)
    if document.customer != customer:
        return False
    version.unpacked_ct = belonging.seal(key, version, customer, unpacked)
    db.flush()
    return True


def _there(db: Session, parent_version: str, ordinal: int) -> bool:
    found = select(Version.id).where(
        Version.parent_version == parent_version, Version.ordinal == ordinal
    )
    return db.scalars(found).first() is not None


def _document(call: Call, db: Session, beside: Document, new: str, title: str) -> Document:
    key = call.ring.field(beside.customer, SEALED_AS)
    document = Document(
        id=new,
        serial=customers.count(db, "document"),
        customer=beside.customer,
        kind=beside.kind,
        grade=beside.grade,
        dated=beside.dated,
        title_ct=seal_value(key, title, Place(new, beside.customer, "title")),
        created=datetime.now(UTC),
        created_by=beside.created_by,
        rev=1,
    )
    db.add(document)
    db.flush()
    return document


def _stand_as(call: Call, version: Version, above: Version, customer: str) -> None:
    """Let a file stand where its parent does by now: filed, returned or withdrawn with it."""
    version.created_by = above.created_by
    version.filing, version.filed, version.filed_by = above.filing, above.filed, above.filed_by
    version.withdrawn_by, version.withdrawn_from = above.withdrawn_by, above.withdrawn_from
    key = call.ring.field(customer, SEALED_AS)
    for column in ("reason_ct", "returned_for_ct"):
        sealed = getattr(above, column)
        if sealed:
            plain = unseal_value(key, sealed, Place(above.id, customer, "reason"))
            setattr(version, column, seal_value(key, plain, Place(version.id, customer, "reason")))
