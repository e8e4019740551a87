"""The client that files are added to, on every page that adds documents: named, or to choose."""

from collections.abc import Sequence

from flask import request

from service import directory
from service.archive import Call
from service.audit.entries import Subject
from service.directory import CustomerRow, Wanted

#: How many clients a page offers at once.
_OFFERED = 20


def subject(customer_id: str) -> Subject:
    """Return what a call about a client's documents is about; without an id, about documents."""
    if not customer_id:
        return Subject("document")
    return Subject("customer", customer_id, customer=customer_id)


def offered(call: Call) -> Sequence[CustomerRow]:
    """Return clients to choose from, by what the address asks for."""
    wanted = Wanted(q=request.args.get("q", "").strip()[:200], limit=_OFFERED)
    return directory.listing(call, wanted).items
