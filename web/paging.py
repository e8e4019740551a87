"""Ways through a list that goes on by cursor: onwards, back, and to its first page.

An address holds every cursor on the way to its page, the latest last (`cursor=a&cursor=b`). So a
page has a way back that needs no script, and a link to it can be shared.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import request, url_for

#: Values of one name that an address may hold; more are left out.
SEVERAL = 50

#: cursors an address keeps, or it would grow too long to be sent
KEPT = 30

_NAME = "cursor"
#: what of an address says which page of a list it is
_PLACES = frozenset({_NAME, "page"})
#: stands before the kept cursors when earlier ones were left out
_CUT = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """The addresses of a list's first page and of those beside the one shown, if there are any."""

    first: str | None
    newer: str | None
    older: str | None


def cursor() -> str | None:
    """Return the cursor of the page that an address asks for; None for the first page."""
    return (_trail() or [_CUT])[-1] or None


def ways(next_cursor: str | None) -> Ways:
    """Return the ways from the page of this request; `next_cursor` is where the list goes on."""
    trail = _trail()
    older = _at([*trail, next_cursor]) if next_cursor else None
    if not cursor():
        return Ways(None, None, older)
    before = trail[:-1]
    return Ways(_at([]), None if before == [_CUT] else _at(before), older)


def _trail() -> list[str]:
    return request.args.getlist(_NAME)


def _at(trail: list[str]) -> str:
    """Return the address of this list at the end of a trail."""
    kept = trail if len(trail) <= KEPT else [_CUT, *trail[-KEPT + 1 :]]
    return address(request.args.items(multi=True), cursor=kept)


def address(
    conditions: Iterable[tuple[str, str]], *, cursor: Iterable[str] = (), page: int | None = None
) -> str:
    """Return the address of this list under these conditions; its first page, or that one."""
    args: dict[str, list[str]] = {}
    for name, value in conditions:
        if name not in _PLACES and value and len(args.get(name, ())) < SEVERAL:
            args.setdefault(name, []).append(value)
    place = {**(request.view_args or {}), **args}
    return url_for(str(request.endpoint), **place, cursor=list(cursor), page=page)
