"""What the database says of documents that go into an export: only of those one may read, now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from service import inside, masking
from service.archive import Call
from service.crypto import Place, unseal_value
from service.documents import SEALED_AS, apparent
from service.models import Customer, CustomerView, Document, Person, Version
from service.permissions import Scopes

#: How many documents are looked up at once.
STEP = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One document as its maker may see it; the title is masked as on pages."""

    document: str
    version: str
    title: str
    kind: str
    module: str
    grade: str
    filing: str
    processing: str
    day: date
    size: int
    customer: str
    customer_name: str
    number: str
    category: str
    by: str


def readable(db: Session, scopes: Scopes, documents: Sequence[str]) -> frozenset[str]:
    """Return which of these documents may be read inside scopes."""
    found: set[str] = set()
    for some in _steps(documents):
        wanted = select(Document.id).join(Customer, Customer.id == Document.customer)
        found.update(db.scalars(wanted.where(Document.id.in_(some), inside.documents(scopes))))
    return frozenset(found)


def _steps(documents: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(documents), STEP):
        yield documents[start : start + STEP]


def _newest() -> ColumnElement[str]:
    return (
        select(Version.id)
        .where(Version.document == Document.id)
        .order_by(Version.no.desc())
        .limit(1)
        .correlate(Document)
        .scalar_subquery()
    )


def of(call: Call, documents: Sequence[str], *, newest: bool) -> Iterator[Row]:
    """Give what may be read of these documents, in their order; the others are not given.

    `newest`: at their newest version, as a client's page has them; else at the one that shows, as
    a search has them.
    """
    version = _newest() if newest else func.coalesce(Document.shown, _newest())
    wanted = (
        select(Document, Version, Customer, CustomerView.name, Person.name)
        .join(Version, Version.id == version)
        .join(Customer, Customer.id == Document.customer)
        .join(CustomerView, CustomerView.customer == Customer.id)
        .outerjoin(Person, Person.id == Version.created_by)
    )
    for some in _steps(documents):
        found = call.db.execute(
            wanted.where(Document.id.in_(some), inside.documents(call.scopes))
        ).all()
        call.ring.prefetch(customers=[row[2].id for row in found])
        rows = {row[0].id: _row(call, *row) for row in found}
        yield from (rows[one] for one in some if one in rows)
        call.db.expunge_all()


def _row(
    call: Call,
    document: Document,
    version: Version,
    customer: Customer,
    client: str,
    by: str | None,
) -> Row:
    key = call.ring.field(customer.id, SEALED_AS)
    title = unseal_value(key, document.title_ct, Place(document.id, customer.id, "title"))
    zone = ZoneInfo(call.archive.settings.timezone)
    return Row(
        document=document.id,
        version=version.id,
        title=masking.text(title),
        kind=document.kind,
        module=str(call.policy.kinds.by_code[document.kind].module),
        grade=document.grade,
        filing=version.filing,
        processing=str(apparent(version)),
        day=document.dated or document.created.astimezone(zone).date(),
        size=version.size,
        customer=customer.id,
        customer_name=client,
        number=customer.number or "",
        category=customer.category,
        by=by or "",
    )
