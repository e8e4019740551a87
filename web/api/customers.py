"""Customer files: open, list, show, change, file, move to another category."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from service import categories, customers, directory, filing, known
from service.audit.entries import Subject
from service.permissions import Action
from service.profiles import NewValue
from web.api import asking
from web.api.answering import done, shown
from web.api.asking import matched, opened
from web.api.blueprint import api
from web.api.operation import operation
from web.api.schemas import CategoryChange, CustomerChange, CustomerQuery, NewCustomer, Paging
from web.api.shown.customers import CustomerList, CustomerShown
from web.api.shown.documents import DocumentList

_GROUPS = ("category", "status", "owner", "region", "industry")


@api.post("/customers")
@operation(403, body=NewCustomer, answers={201: CustomerShown})
def create_customer() -> Response:
    """Open a customer file as a draft."""
    with opened(Action.CUSTOMER_CREATE, Subject("customer")) as call:
        asked = asking.body(call)
        made = customers.create(
            call,
            name=asked["name"],
            category=asked["category"],
            owner=asked.get("owner"),
            coworkers=asked["coworkers"],
            fields=_values(asked["fields_"]),
            coop_type=asked.get("coop_type"),
        )
        return done(call, CustomerShown, made, 201, at="customers")


@api.get("/customers")
@operation(query=CustomerQuery, answers={200: CustomerList})
def list_customers() -> Response:
    """List the customers one may see."""
    with opened(Action.CUSTOMER_LIST, Subject("customer")) as call:
        asked = asking.query()
        call.note(**{name: asked[name] for name in ("q", *_GROUPS) if asked[name]})
        wanted: dict[str, Any] = {name: frozenset(asked[name]) for name in _GROUPS}
        listing = directory.listing(call, directory.Wanted(**{**asked, **wanted}))
    return shown(CustomerList, listing)


@api.get("/customers/<customer_id>")
@operation(404, answers={200: CustomerShown})
def show_customer(customer_id: str) -> Response:
    """Show a customer file."""
    with opened(Action.CUSTOMER_READ, Subject("customer", customer_id)) as call:
        found = customers.get(call, customer_id)
        asking.query()
    return shown(CustomerShown, found)


@api.patch("/customers/<customer_id>")
@operation(403, body=CustomerChange, answers={200: CustomerShown}, conditional=True)
def change_customer(customer_id: str) -> Response:
    """Add values with their source, or set owner and co-workers."""
    with opened(Action.CUSTOMER_EDIT, Subject("customer", customer_id)) as call:
        rev = known.customer(call, customer_id)
        asked = asking.body(call)
        changed = customers.edit(
            call,
            customer_id,
            if_match=matched(rev),
            fields=_values(asked["fields_"]),
            owner=asked.get("owner"),
            coworkers=asked.get("coworkers"),
        )
        return done(call, CustomerShown, changed)


@api.post("/customers/<customer_id>/file")
@operation(403, answers={200: CustomerShown}, conditional=True)
def file_customer(customer_id: str) -> Response:
    """File a draft: it gets its number. Never by its creator."""
    with opened(Action.CUSTOMER_FILE, Subject("customer", customer_id)) as call:
        rev = known.customer(call, customer_id)
        asking.body(call)
        filed = customers.file(call, customer_id, if_match=matched(rev))
        return done(call, CustomerShown, filed)


@api.post("/customers/<customer_id>/category")
@operation(403, body=CategoryChange, answers={200: CustomerShown}, conditional=True)
def move_customer(customer_id: str) -> Response:
    """Move a customer to another category; its documents follow."""
    with opened(Action.CUSTOMER_MOVE_CATEGORY, Subject("customer", customer_id)) as call:
        rev = known.customer(call, customer_id)
        asked = asking.body(call)
        moved = categories.move(
            call,
            customer_id,
            if_match=matched(rev),
            to=asked["to"],
            reason=asked["reason"],
            evidence=asked["evidence"],
            coop_type=asked.get("coop_type"),
        )
        return done(call, CustomerShown, moved)


@api.get("/customers/<customer_id>/documents")
@operation(404, query=Paging, answers={200: DocumentList})
def list_documents(customer_id: str) -> Response:
    """List the documents of a customer that one may read, newest first."""
    with opened(Action.CUSTOMER_READ, Subject("customer", customer_id)) as call:
        known.customer(call, customer_id)
        asked = asking.query()
        page = filing.page_of_customer(
            call, customer_id, limit=asked["limit"], cursor=asked.get("cursor")
        )
    return shown(DocumentList, page)


def _values(given: Mapping[str, Mapping[str, Any]]) -> dict[str, NewValue]:
    return {key: _value(one["value"], one["source"]) for key, one in given.items()}


def _value(value: str, source: Mapping[str, Any]) -> NewValue:
    return NewValue(
        value,
        document=source.get("document"),
        page=source.get("page"),
        channel=source.get("channel"),
        person=source.get("person"),
        day=source.get("date"),
    )
