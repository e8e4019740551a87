"""The list of customers: filtered, searched by name, number and pinyin, page by page."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from service import accounts, inside, names
from service.archive import Call
from service.codes import Category, Status
from service.errors import Invalid
from service.models import Customer, CustomerPerson, CustomerView, Document
from service.profiles import PersonRef

_SORTS = {
    "name": (CustomerView.name, Customer.id),
    "newest": (Customer.created.desc(), Customer.id),
    "oldest": (Customer.created, Customer.id),
    "number": (func.coalesce(Customer.number, "~"), Customer.id),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list. Inside a group: or; between groups: and."""

    q: str = ""
    category: frozenset[str] = frozenset()
    status: frozenset[str] = frozenset()
    owner: frozenset[str] = frozenset()
    region: frozenset[str] = frozenset()
    industry: frozenset[str] = frozenset()
    sort: str = "newest"
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer as a list shows it."""

    id: str
    number: str | None
    name: str
    short_name: str
    category: Category
    coop_type: str | None
    status: Status
    region: str
    industry: str
    owner: PersonRef | None
    created: datetime
    filed: datetime | None
    documents: int
    rev: int


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of customers and how many there are in all."""

    items: tuple[CustomerRow, ...]
    total: int
    next_cursor: str | None


def listing(call: Call, wanted: Wanted) -> Listing:
    """List the customers this person may see."""
    if wanted.sort not in _SORTS:
        raise Invalid("There is no such order.", fields={"sort": "unknown"})
    offset = offset_of(wanted.cursor)
    where = and_(inside.customers(call.customer_scopes), *_filters(wanted))
    joined = select(Customer, CustomerView).join(CustomerView, CustomerView.customer == Customer.id)
    db = call.db
    total = db.scalar(
        select(func.count())
        .select_from(Customer)
        .join(CustomerView, CustomerView.customer == Customer.id)
        .where(where)
    )
    rows = db.execute(
        joined.where(where).order_by(*_SORTS[wanted.sort]).offset(offset).limit(wanted.limit)
    ).all()
    items = _rows(call, [(c, v) for c, v in rows])
    call.returned(row.id for row in items)
    more = offset + len(items) < (total or 0)
    return Listing(items, total or 0, cursor_of(offset + len(items)) if more else None)


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for column, values in (
        (Customer.category, wanted.category),
        (Customer.status, wanted.status),
        (CustomerView.region, wanted.region),
        (CustomerView.industry, wanted.industry),
    ):
        if values:
            conditions.append(column.in_(sorted(values)))
    if wanted.owner:
        conditions.append(
            exists().where(
                CustomerPerson.customer == Customer.id,
                CustomerPerson.relation == "owner",
                CustomerPerson.person.in_(sorted(wanted.owner)),
            )
        )
    conditions.extend(_word(word) for word in wanted.q.split()[:20])
    return conditions


def _word(word: str) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        Customer.number.startswith(word.upper(), autoescape=True)
    ]
    if phrase := names.phrase(word):
        conditions.append(CustomerView.tokens.contains(f" {phrase} ", autoescape=True))
    if word.isascii() and word.isalpha():
        conditions.append(CustomerView.pinyin.contains(word.lower(), autoescape=True))
    return or_(*conditions)


def _rows(call: Call, rows: Sequence[tuple[Customer, CustomerView]]) -> tuple[CustomerRow, ...]:
    db = call.db
    ids = [c.id for c, _ in rows]
    owned = db.execute(
        select(CustomerPerson.customer, CustomerPerson.person).where(
            CustomerPerson.customer.in_(ids), CustomerPerson.relation == "owner"
        )
    )
    owners = dict(owned.tuples().all())
    people = accounts.names(db, set(owners.values()))
    counts = _documents(call, ids)
    return tuple(
        CustomerRow(
            id=c.id,
            number=c.number,
            name=v.name,
            short_name=v.short_name,
            category=Category(c.category),
            coop_type=c.coop_type,
            status=Status(c.status),
            region=v.region,
            industry=v.industry,
            owner=PersonRef(owners[c.id], people.get(owners[c.id], "")) if c.id in owners else None,
            created=c.created,
            filed=c.filed,
            documents=counts.get(c.id, 0),
            rev=c.rev,
        )
        for c, v in rows
    )


def _documents(call: Call, customers: list[str]) -> dict[str, int]:
    """Count the documents this person may read, per customer."""
    if not customers:
        return {}
    rows = call.db.execute(
        select(Document.customer, func.count())
        .join(Customer, Customer.id == Document.customer)
        .where(Document.customer.in_(customers), inside.documents(call.scopes))
        .group_by(Document.customer)
    )
    return dict(rows.tuples().all())


def cursor_of(offset: int) -> str:
    """Return the opaque form of a position in a list."""
    return base64.urlsafe_b64encode(json.dumps({"o": offset}).encode()).decode().rstrip("=")


def offset_of(cursor: str | None) -> int:
    """Return the position a cursor stands for; raises `Invalid` for anything else."""
    if not cursor:
        return 0
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        offset = json.loads(base64.urlsafe_b64decode(padded))["o"]
    except (ValueError, KeyError, TypeError, RecursionError):
        offset = None
    if not isinstance(offset, int) or not 0 <= offset < 2**31:
        raise Invalid("This cursor is not one of ours.", fields={"cursor": "invalid"})
    return offset


def mine(call: Call, limit: int = 3) -> tuple[CustomerRow, ...]:
    """Return customers this person owns or works on, latest change first."""
    own = exists().where(
        CustomerPerson.customer == Customer.id, CustomerPerson.person == call.actor.person
    )
    rows = call.db.execute(
        select(Customer, CustomerView)
        .join(CustomerView, CustomerView.customer == Customer.id)
        .where(inside.customers(call.customer_scopes), own)
        .order_by(CustomerView.updated.desc())
        .limit(limit)
    ).all()
    return _rows(call, [(c, v) for c, v in rows])


def count(call: Call) -> int:
    """Return how many customers this person may see."""
    return (
        call.db.scalar(
            select(func.count()).select_from(Customer).where(inside.customers(call.customer_scopes))
        )
        or 0
    )
