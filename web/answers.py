"""The results page's view of an answer: facet groups, filter chips, page links."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from flask import request, url_for
from flask_babel import gettext

from service.finding import WINDOW, Answer, FacetValue
from web import forms, labels, paging

#: values of a group shown before the rest is folded away
SHOWN = 5

GROUPS = ("category", "module", "kind", "year", "owner", "grade")
#: what of an address is no filter
_ASKED = frozenset({"q", "sort"})
_WORDED = frozenset({"category", "module", "kind", "grade"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet group."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A facet group: what is shown at once, and the rest."""

    name: str
    label: str
    first: tuple[Choice, ...]
    rest: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it."""

    group: str
    value: str
    href: str


def groups(answer: Answer) -> tuple[Group, ...]:
    """Return the facet groups that have something to choose."""
    found = []
    for name in GROUPS:
        values = answer.facets.get(name, ())
        choices = _sorted(name, [_choice(name, v, answer.owners) for v in values])
        if choices:
            shown = max(SHOWN, sum(c.selected for c in choices))
            head, rest = tuple(choices[:shown]), tuple(choices[shown:])
            found.append(Group(name, labels.label("facet", name), head, rest))
    return tuple(found)


def _choice(group: str, value: FacetValue, owners: Mapping[str, str]) -> Choice:
    return Choice(value.value, _word(group, value.value, owners), value.count, value.selected)


def _word(group: str, value: str, owners: Mapping[str, str]) -> str:
    if group in _WORDED:
        return labels.label(group, value)
    return owners.get(value, value) if group == "owner" else value


def _sorted(group: str, choices: list[Choice]) -> list[Choice]:
    """Return the selected values first, then years from the newest, others by count."""
    if group == "year":
        return sorted(choices, key=lambda c: (not c.selected, -int(c.value)))
    return sorted(choices, key=lambda c: (not c.selected, -c.count, c.value))


def chips(owners: Mapping[str, str]) -> tuple[Chip, ...]:
    """Return the filters that the address holds."""
    found = [
        Chip(labels.label("facet", name), _word(name, value, owners), without(name, value))
        for name in GROUPS
        for value in dict.fromkeys(request.args.getlist(name)[: paging.SEVERAL])
        if value
    ]
    for name, text in (("from", gettext("From")), ("to", gettext("Until"))):
        if value := request.args.get(name):
            found.append(Chip(text, value, without(name, value)))
    if request.args.get("customer"):
        href = without("customer", request.args["customer"])
        found.append(Chip(gettext("Client"), gettext("this one"), href))
    return tuple(found)


def without(name: str, value: str) -> str:
    """Return this search's address without one filter, from its first page."""
    kept = [(n, v) for n, v in request.args.items(multi=True) if (n, v) != (name, value)]
    return paging.address(kept)


def unfiltered() -> str:
    """Return this search's address without any filter."""
    return paging.address([(n, v) for n, v in request.args.items(multi=True) if n in _ASKED])


def exported() -> str:
    """Return where this search is exported: all of it, not the page alone."""
    given: dict[str, Any] = dict(forms.export_conditions())
    return url_for("exports.ask", **given)


def at_page(number: int) -> str:
    """Return the address of a page of this search."""
    return paging.address(request.args.items(multi=True), page=number)


@dataclass(frozen=True, slots=True)
class Pager:
    """Links to the pages around this one."""

    first: int
    last: int
    links: tuple[tuple[str, str, bool], ...]
    ways: paging.Ways


def pager(answer: Answer) -> Pager:
    """Return the page links: numbers by relevance, onwards and back by date."""
    shown = len(answer.items)
    if "cursor" in request.args or request.args.get("sort") in ("newest", "oldest"):
        return Pager(0, 0, (), paging.ways(answer.next_cursor))
    here = forms.page()
    pages = ceil(min(answer.total, WINDOW) / forms.PAGE)
    numbers = list(range(max(1, here - 3), min(pages, here + 3) + 1))
    return Pager(
        answer.offset + 1,
        answer.offset + shown,
        tuple((str(n), at_page(n), n == here) for n in numbers) if pages > 1 else (),
        paging.Ways(
            None,
            at_page(here - 1) if here > 1 else None,
            at_page(here + 1) if here < pages else None,
        ),
    )
