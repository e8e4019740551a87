"""What limits a search besides its words, once for both engines: scopes, marks, filters.

An engine only translates these five shapes. The empty `Either` matches nothing and an empty
`Terms` matches nothing, so a scope that was forgotten finds nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from service.codes import HIDDEN_STATUSES, Category
from service.permissions import Scope, Scopes
from service.search.port import FACETS, Filters, Search
from service.search.query import And, BlindToken, Code, CodePrefix, Node, Not, Nothing, Prefix


@dataclass(frozen=True, slots=True)
class Terms:
    """The field has one of these values."""

    field: str
    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The number is at least `low` and below `high`; None is no limit."""

    field: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Every:
    """All conditions hold; none given: always."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one condition holds; none given: never."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Without:
    """The condition does not hold."""

    condition: "Condition"


Condition = Terms | Range | Every | Either | Without


def fixed(search: Search) -> Condition:
    """Return what every part of an answer, facets included, must keep to."""
    conditions: list[Condition] = [
        _readable(search.scopes),
        Without(terms("status", HIDDEN_STATUSES)),
    ]
    if search.dirty_documents:
        conditions.append(Without(terms("uid", search.dirty_documents)))
    if search.dirty_customers:
        conditions.append(Without(terms("customer_id", search.dirty_customers)))
    return Every((*conditions, *_narrowed(search.filters)))


def groups(filters: Filters) -> dict[str, Condition]:
    """Return the chosen values of each facet group that has any."""
    chosen = {name: getattr(filters, name) for name in FACETS}
    return {name: terms(name, values) for name, values in chosen.items() if values}


def terms(field: str, values: Iterable[str | int]) -> Terms:
    """Return a condition with its values in a fixed order."""
    return Terms(field, tuple(sorted(values, key=str)))


def first_key(day: date) -> int:
    """Return the sort key before all documents of a day."""
    return day.toordinal() << 32


def same_score(node: Node | None) -> bool:
    """Say whether all hits of a tree score alike, so that their order is by date alone."""
    match node:
        case None | Nothing() | Prefix() | Code() | CodePrefix() | BlindToken() | Not():
            return True
        case And(nodes):
            return all(same_score(inner) for inner in nodes)
        case _:
            return False


def _readable(scopes: Scopes) -> Condition:
    readable = [_blocks(alike) for alike in _alike(scopes)]
    if scopes.documents and scopes.granted_categories:
        granted = terms("category", scopes.granted_categories)
        readable.append(Every((terms("uid", scopes.documents), granted)))
    return Either(tuple(readable))


def _alike(scopes: Scopes) -> Iterable[list[Scope]]:
    """Put together the blocks that differ in nothing but their category: fewer clauses."""
    groups: dict[Scope, list[Scope]] = {}
    for block in scopes.blocks:
        if not block.empty:
            groups.setdefault(replace(block, category=Category.ACTIVE), []).append(block)
    return groups.values()


def _blocks(alike: list[Scope]) -> Condition:
    block = alike[0]
    conditions = [
        terms("category", {each.category for each in alike}),
        terms("kind", block.kinds),
        terms("grade", block.grades),
    ]
    if block.own:
        conditions.append(terms("people", block.people))
    return Every(tuple(conditions))


def _narrowed(filters: Filters) -> list[Condition]:
    conditions: list[Condition] = []
    if filters.customer:
        conditions.append(terms("customer_id", filters.customer))
    low = first_key(filters.day_from) if filters.day_from else None
    high = first_key(filters.day_to) + (1 << 32) if filters.day_to else None
    if low is not None or high is not None:
        conditions.append(Range("sort_key", low, high))
    return conditions
