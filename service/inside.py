"""What lies inside scopes, as SQL conditions on customers and on documents with their customers.

A list that is cut to a length must be cut after them: else what is hidden takes the places of
what is not, and its absence tells.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, exists, false, or_

from service.codes import HIDDEN_STATUSES
from service.models import Customer, CustomerPerson, Document
from service.permissions import CustomerScopes, Scope, Scopes

_SHOWN = Customer.status.not_in(sorted(HIDDEN_STATUSES))


def customers(scopes: CustomerScopes) -> ColumnElement[bool]:
    """Return the condition for customers inside scopes; empty scopes match nothing."""
    conditions: list[ColumnElement[bool]] = []
    if scopes.every:
        conditions.append(Customer.category.in_(sorted(scopes.every)))
    if scopes.own and scopes.people:
        of_them = _of(scopes.people)
        conditions.append(and_(Customer.category.in_(sorted(scopes.own)), of_them))
    return and_(_SHOWN, or_(*conditions)) if conditions else false()


def documents(scopes: Scopes) -> ColumnElement[bool]:
    """Return the condition for documents inside scopes; empty scopes match nothing."""
    conditions = [_block(block) for block in scopes.blocks]
    if scopes.documents:
        conditions.append(Document.id.in_(sorted(scopes.documents)))
    return and_(_SHOWN, or_(*conditions)) if conditions else false()


def _block(block: Scope) -> ColumnElement[bool]:
    within = and_(
        Customer.category == block.category,
        Document.kind.in_(sorted(block.kinds)),
        Document.grade.in_(sorted(block.grades)),
    )
    return and_(within, _of(block.people)) if block.own else within


def _of(people: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition for customers that one of these people owns or works on."""
    return exists().where(
        CustomerPerson.customer == Customer.id, CustomerPerson.person.in_(sorted(people))
    )
