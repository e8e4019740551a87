"""Documents of the same content: told to who may read them, never hinted at to others.

One statement asks for those inside the person's scopes, whatever else there is: neither answers
nor the work differ by what is hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import inside
from service.archive import Call
from service.codes import Filing
from service.crypto import Place, unseal_value
from service.documents import SEALED_AS, TAKEN_BACK
from service.models import Customer, CustomerView, Document, Version

#: How many documents of one content are looked at, and how many of them are named.
_MOST = 500
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Twin:
    """Another document of the same content, as it is named to who may read it."""

    document: str
    title: str
    customer: str
    customer_name: str


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a document, for asking where else it is."""

    document: str
    token: str


def ids(call: Call, db: Session, content: Content) -> tuple[str, ...]:
    """Return the documents this person may read that have the same content."""
    rows = _others(call, db, [content])
    return tuple(dict.fromkeys(row.id for _, row, _ in rows if row.id != content.document))


def among(call: Call, documents: Sequence[str]) -> dict[str, tuple[Twin, ...]]:
    """Return, by document, a few others of the same content that this person may read.

    Only of documents that have one version and are not filed yet: until then one can choose.
    """
    db = call.db
    one = select(Version.document).group_by(Version.document).having(func.count() == 1)
    contents = [
        Content(document, token)
        for document, token in db.execute(
            select(Version.document, Version.content_token).where(
                Version.document.in_(documents),
                Version.document.in_(one.where(Version.document.in_(documents))),
                Version.filing == str(Filing.SUBMITTED),
            )
        )
    ]
    rows = _others(call, db, contents)
    found = {content.document: _named(call, content, rows) for content in contents}
    return {document: named for document, named in found.items() if named}


def _named(
    call: Call, content: Content, rows: Sequence[tuple[str, Document, str]]
) -> tuple[Twin, ...]:
    named: dict[str, Twin] = {}
    for token, row, name in rows:
        if token == content.token and row.id != content.document and len(named) < _NAMED:
            named[row.id] = Twin(row.id, _title(call, row), row.customer, name)
            call.touched(row.id, "listed")
    return tuple(named.values())


def _others(
    call: Call, db: Session, contents: Sequence[Content]
) -> list[tuple[str, Document, str]]:
    """Return (content, document, name of its customer), newest documents first."""
    rows = db.execute(
        select(Version.content_token, Document, CustomerView.name)
        .join(Document, Document.id == Version.document)
        .join(Customer, Customer.id == Document.customer)
        .join(CustomerView, CustomerView.customer == Customer.id)
        .where(
            Version.content_token.in_({content.token for content in contents}),
            Version.filing.not_in([str(filing) for filing in TAKEN_BACK]),
            inside.documents(call.scopes),
        )
        .order_by(Document.serial.desc(), Version.no.desc())
        .limit(_MOST)
    )
    return list(rows.tuples().all())


def _title(call: Call, document: Document) -> str:
    key = call.ring.field(document.customer, SEALED_AS)
    return unseal_value(key, document.title_ct, Place(document.id, document.customer, "title"))
