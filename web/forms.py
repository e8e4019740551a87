"""Reading forms and addresses into what the service asks for. Only named fields are taken."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from flask import request

from service.accounts import NewPerson, PersonChange
from service.codes import Department, Role, Sort
from service.directory import Wanted as CustomersWanted
from service.errors import Invalid, NotFound
from service.exporting.asked import Conditions
from service.finding import WINDOW, Question, cursor
from service.log_questions import Sought
from service.log_questions import Wanted as EventsWanted
from service.profiles import NewValue
from service.properties import Properties
from service.search.port import Filters
from web import paging

#: how many results a page shows
PAGE = 20

#: fields every form may have: the token, which dialog it was typed into, where to go on
_ALWAYS = frozenset({"csrf_token", "dialog", "next"})

#: The conditions that an address of the log holds, in the order of its form.
LOG_CONDITIONS = (
    *("from", "to", "actor", "dept", "customer", "document", "seq"),
    *("action", "verb", "decision", "grade", "category"),
)

#: The conditions of a search that an export can have, and the client whose documents it lists.
EXPORT_CONDITIONS = (
    *("of", "q", "from", "to", "sort"),
    *("category", "module", "kind", "customer", "owner", "grade", "year"),
)

#: in the form that asks the password again: that another form waits for it, and its fields
WAITS, CARRIED = "waits", "carried."


def only(*names: str) -> None:
    """Refuse a form with fields that nobody asked for."""
    unknown = set(request.form) - _ALWAYS - set(names)
    if unknown:
        raise Invalid("This form has a field that is not taken.", fields={min(unknown): "unknown"})


def carries(name: str) -> bool:
    """Say whether a field belongs to the form that waits for the password."""
    return name == WAITS or name.startswith(CARRIED)


def waiting() -> list[tuple[str, str]] | None:
    """Return the fields of the form that waited for the password; None where none did."""
    if WAITS not in request.form:
        return None
    fields = request.form.items(multi=True)
    return [(n.removeprefix(CARRIED), v) for n, v in fields if n.startswith(CARRIED)]


def text(name: str) -> str:
    """Return one line or paragraph of a form."""
    return request.form.get(name, "").strip()


def seen() -> int | None:
    """Return the revision a form was made from."""
    value = request.form.get("seen", "")
    if len(value) > 9:  # noqa: PLR2004 - revisions are counted from 1
        raise Invalid("Some values cannot be taken as they are.", fields={"seen": "range"})
    return int(value) if value.isascii() and value.isdigit() else None


def day(name: str, source: str | None = None) -> date | None:
    """Return a calendar day of a form."""
    value = (request.form.get(name, "") if source is None else source).strip()
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Invalid("Some values cannot be taken as they are.", fields={name: "date"}) from None


def version() -> int | None:
    """Return which version an address names; a word that is none names nothing."""
    value = request.args.get("version", "")
    if not value:
        return None
    if not (value.isascii() and value.isdigit()) or len(value) > 6:  # noqa: PLR2004
        raise NotFound
    return int(value)


def as_sent() -> Mapping[str, Any]:
    """Return the query string for the sealed part of the log, before anybody judged it."""
    pairs = {name: [v[:2000] for v in request.args.getlist(name)[:100]] for name in request.args}
    return {name: v[0] if len(v) == 1 else v for name, v in pairs.items()}


def question() -> Question:
    """Return the search an address asks for: it holds the whole state."""
    order = _order()
    return Question(
        q=request.args.get("q", ""),
        filters=_filters(),
        sort=order,
        limit=PAGE,
        cursor=_position(order),
    )


def _order() -> Sort:
    sort = request.values.get("sort", Sort.RELEVANCE)
    return Sort(sort) if sort in list(Sort) else Sort.RELEVANCE


def _filters() -> Filters:
    return Filters(
        **{name: _several(name) for name in ("category", "module", "kind", "customer")},
        **{name: _several(name) for name in ("owner", "grade")},
        year=_years(),
        day_from=asked_day(request.values.get("from", "")),
        day_to=asked_day(request.values.get("to", "")),
    )


def exporting() -> Conditions:
    """Return what is exported by an address, or the form that carries its conditions on."""
    of = request.values.get("of", "")[:40]
    return Conditions(request.values.get("q", ""), _filters(), str(_order()), of)


def export_conditions() -> dict[str, list[str]]:
    """Return the conditions of a search, or of an export, as they were sent."""
    said = {name: request.values.getlist(name)[: paging.SEVERAL] for name in EXPORT_CONDITIONS}
    return {name: [v for v in values if v] for name, values in said.items() if any(values)}


def page() -> int:
    """Return the number of the page an address asks for, inside what can be paged through."""
    value = request.args.get("page", "")
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 1  # noqa: PLR2004
    return min(max(1, number), WINDOW // PAGE)


def _position(order: Sort) -> str | None:
    if order is not Sort.RELEVANCE:
        return paging.cursor()
    return cursor(order, (page() - 1) * PAGE) if page() > 1 else None


def _several(name: str) -> frozenset[str]:
    return frozenset(v for v in request.values.getlist(name)[: paging.SEVERAL] if v)


def _years() -> frozenset[int]:
    """Return the years asked for; what is none narrows nothing, like any other odd filter."""
    asked = (y for y in _several("year") if y.isascii() and y.isdigit())
    return frozenset(int(y) for y in asked if len(y) <= 4)  # noqa: PLR2004


def customers() -> CustomersWanted:
    """Return which customers an address asks for."""
    return CustomersWanted(
        q=request.args.get("q", "").strip()[:200],
        category=_several("category"),
        status=_several("status"),
        owner=_several("owner"),
        sort=request.args.get("sort") or "newest",
        cursor=paging.cursor(),
    )


def values(author: str) -> dict[str, NewValue]:
    """Return the customer fields of a form, entered by hand."""
    found = {
        name.removeprefix("field."): text(name)
        for name in request.form
        if name.startswith("field.")
    }
    return {k: NewValue(v, channel="entry", person=author) for k, v in found.items()}


def changed(author: str) -> dict[str, NewValue]:
    """Return the customer fields that a form changes: `was.` holds what it started from."""
    return {
        key: value
        for key, value in values(author).items()
        if value.value != request.form.get(f"was.{key}", "").strip()
    }


def properties(*, every: bool = False) -> Properties:
    """Return what a form says of a document. `every`: a field left empty is emptied."""

    def said(name: str) -> str | None:
        return text(name) if every and name in request.form else text(name) or None

    return Properties(
        kind=text("kind") or None,
        title=said("title"),
        grade=text("grade") or None,
        dated=day("dated"),
        number=said("number"),
        note=said("note"),
    )


def new_person() -> NewPerson:
    """Return the account a form asks for."""
    return NewPerson(
        login=text("login"),
        name=text("name"),
        department=_department(),
        roles=_roles(),
        password=request.form.get("password") or None,
        head="head" in request.form,
    )


def person_change() -> PersonChange:
    """Return what a form changes of an account."""
    return PersonChange(
        name=text("name") or None,
        department=_department(),
        roles=_roles(),
        head="head" in request.form,
        password=request.form.get("password") or None,
    )


def _department() -> Department:
    try:
        return Department(text("department"))
    except ValueError:
        raise Invalid(
            "Some values cannot be taken as they are.", fields={"department": "unknown"}
        ) from None


def _roles() -> frozenset[Role]:
    try:
        return frozenset(Role(r) for r in request.form.getlist("roles"))
    except ValueError:
        raise Invalid(
            "Some values cannot be taken as they are.", fields={"roles": "unknown"}
        ) from None


def days(name: str) -> int | None:
    """Return a number of days of a form."""
    value = text(name)
    if not value:
        return None
    if not (value.isascii() and value.isdigit()) or len(value) > 5:  # noqa: PLR2004
        raise Invalid("Some values cannot be taken as they are.", fields={name: "format"})
    return int(value)


def log_conditions() -> dict[str, str]:
    """Return the conditions of the log that an address says, or the form that carries them on."""
    said = {name: request.values.get(name, "").strip()[:100] for name in LOG_CONDITIONS}
    return {name: value for name, value in said.items() if value}


def sought() -> Sought:
    """Return which entries of the log are asked for by these conditions."""
    said = log_conditions()
    first, last = (asked_day(said.pop(name, "")) for name in ("from", "to"))
    said.pop("seq", None)
    return Sought(day_from=first, day_to=last, **said)


def events() -> EventsWanted:
    """Return which entries of the log a list shows: by these conditions, and from where on.

    A document counts where entries are about it, and where they showed it.
    """
    found = asdict(sought())
    return EventsWanted(
        **{**found, "document": ""},
        about=found["document"],
        seq=whole(log_conditions().get("seq", "")),
        cursor=paging.cursor(),
        newer=whole(request.args.get("newer", "")),
    )


def asked_day(value: str) -> date | None:
    """Return a day that an address names; a word that is none narrows nothing."""
    try:
        return day("day", value)
    except Invalid:
        return None


def whole(value: str) -> int | None:
    """Return a number that an address names; a word that is none narrows nothing."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None  # noqa: PLR2004
