"""Which customer a word means to somebody: who may not know a customer finds none."""

from dataclasses import dataclass

from sqlalchemy import or_, select

from service import customers
from service.archive import Call
from service.codes import HIDDEN_STATUSES, Status
from service.models import Customer, CustomerView


@dataclass(frozen=True, slots=True)
class Target:
    """A customer to import to, with the kinds that may be added, or a code why there is none."""

    customer: str = ""
    kinds: frozenset[str] = frozenset()
    error: str = ""


def find(call: Call, word: str) -> Target:
    """Return the one customer of this id, file number or exact name that this person may know.

    `error`: `unnamed` for no word at all, `no_customer`, `several_customers`.
    """
    if not word:
        return Target(error="unnamed")
    named = (Customer.id, Customer.number, CustomerView.name, CustomerView.short_name)
    found = call.db.scalars(
        select(Customer.id)
        .join(CustomerView, CustomerView.customer == Customer.id)
        .where(or_(*(column == word for column in named)))
    ).all()
    known = []
    for customer in found:
        seen = customers.load(call.db, customer)
        kinds = frozenset(customers.addable_kinds(call, seen))
        hidden = Status(seen.row.status) in HIDDEN_STATUSES
        if not hidden and (kinds or customers.shows(call.customer_scopes, seen)):
            known.append(Target(customer, kinds))
    if len(known) != 1:
        return Target(error="several_customers" if known else "no_customer")
    return known[0]
