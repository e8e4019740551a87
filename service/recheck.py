"""What the database says of documents that the search engine found: it has the last word."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple, cast

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.orm import Session

from service import texts
from service.codes import HIDDEN_STATUSES, Category, Grade, Status
from service.models import Customer, CustomerPerson, CustomerView, Document, Person, Version
from service.permissions import Scopes
from service.revisions import PART
from service.search import highlight
from service.search.port import Hit

_DOCUMENT, _VERSION = cast("Table", Document.__table__), cast("Table", Version.__table__)
_CUSTOMER, _VIEW = cast("Table", Customer.__table__), cast("Table", CustomerView.__table__)
_PERSON = cast("Table", Person.__table__)
_RELATED = cast("Table", CustomerPerson.__table__)
#: The owner and co-workers of a row's customer, as one line.
_PEOPLE = (
    select(func.aggregate_strings(_RELATED.c.person, ","))
    .where(_RELATED.c.customer == _CUSTOMER.c.id)
    .correlate(_CUSTOMER)
    .scalar_subquery()
)


class Row(NamedTuple):
    """What the database says of one document found."""

    document: str
    kind: str
    grade: str
    title_ct: bytes
    dated: date | None
    created: datetime
    creator: str | None
    version: str
    filing: str
    customer: str
    number: str | None
    category: str
    status: str
    coop_type: str | None
    name: str
    people: str | None
    text: texts.Stored | None = None


_ROWS = (
    select(
        *(_DOCUMENT.c.id, _DOCUMENT.c.kind, _DOCUMENT.c.grade, _DOCUMENT.c.title_ct),
        *(_DOCUMENT.c.dated, _DOCUMENT.c.created, _PERSON.c.name),
        *(_VERSION.c.id, _VERSION.c.filing),
        *(_CUSTOMER.c.id, _CUSTOMER.c.number, _CUSTOMER.c.category, _CUSTOMER.c.status),
        *(_CUSTOMER.c.coop_type, _VIEW.c.name, _PEOPLE),
    )
    .select_from(_DOCUMENT)
    .join(_VERSION, _VERSION.c.id == _DOCUMENT.c.shown)
    .join(_CUSTOMER, _CUSTOMER.c.id == _DOCUMENT.c.customer)
    .join(_VIEW, _VIEW.c.customer == _CUSTOMER.c.id)
    .outerjoin(_PERSON, _PERSON.c.id == _DOCUMENT.c.created_by)
    .where(_DOCUMENT.c.id.in_(bindparam("documents", expanding=True)))
)


_ROWS_AND_TEXTS = texts.beside(_ROWS, _VERSION.c.id)
_OF_ROW = len(_ROWS.selected_columns)


def rows(db: Session, documents: Sequence[str], *, texts_too: bool) -> dict[str, Row]:
    """Return what is known of documents in one statement, so of one moment."""
    if not documents:
        return {}
    if not texts_too:
        return {row[0]: Row(*row) for row in db.execute(_ROWS, {"documents": documents})}
    asked = {"documents": documents, "below": highlight.MAX_PARTS * 2 * PART}
    known = {}
    for found in db.execute(_ROWS_AND_TEXTS, asked):
        row = Row(*found[:_OF_ROW])
        known[row.document] = row._replace(text=texts.of_row(row.version, *found[_OF_ROW:]))
    return known


def confirms(row: Row, hit: Hit, scopes: Scopes) -> bool:
    """Say whether the database agrees that this hit may be shown to this person."""
    return (
        row.category == hit.category
        and Status(row.status) not in HIDDEN_STATUSES
        and scopes.covers(
            row.document,
            Category(row.category),
            row.kind,
            Grade(row.grade),
            frozenset(row.people.split(",")) if row.people else frozenset(),
        )
    )
