"""Whether a person brought the same file before: same content, name and customer."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import intake
from service.archive import Call
from service.crypto import Place, content_token, unseal_value
from service.documents import SEALED_AS, TAKEN_BACK
from service.errors import Conflict
from service.keystore import Ring
from service.models import Document, Version


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that a person brings to a customer; `digest` is its SHA-256."""

    customer: str
    person: str
    digest: bytes
    name: str


class Present(Conflict):
    """The file is there already: this person brought it as `document`."""

    def __init__(self, document: str) -> None:
        """Keep which document it is."""
        super().__init__("You brought this file before.", rule="import:present")
        self.document = document


def require_once(call: Call, file: Brought, document_id: str) -> None:
    """Raise `Present` if the file came meanwhile; nothing of this upload is then kept.

    What adds documents takes its turn at the counter of their serials, until it has committed:
    whoever is second sees here what the first has brought.
    """
    found = earlier(call.db, call.ring, file, but=document_id)
    if found:
        raise Present(found)


def earlier(db: Session, ring: Ring, file: Brought, *, but: str = "") -> str | None:
    """Return the document, other than `but`, as which this person brought this file before.

    Only own uploads count: what others brought is theirs to be known. What came with another
    document goes away with that, and is not counted either; nor is what was withdrawn or
    returned, which is found by nobody.
    """
    wanted = intake.clean_file_name(file.name)
    rows = db.execute(
        select(Version.id, Version.file_name_ct, Version.document)
        .join(Document, Document.id == Version.document)
        .where(
            Document.customer == file.customer,
            Document.id != but,
            Version.content_token == content_token(ring.content(), file.digest),
            Version.created_by == file.person,
            Version.parent_version.is_(None),
            Version.filing.not_in([str(filing) for filing in TAKEN_BACK]),
        )
    ).all()
    for version, sealed, document in rows:
        key = ring.field(file.customer, SEALED_AS)
        if unseal_value(key, sealed, Place(version, file.customer, "file_name")) == wanted:
            return str(document)
    return None
