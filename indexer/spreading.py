"""Finds how a text spreads over the pages of its rendition, and where its lines stand on them.

The text goes from page to page in order: where a page's part begins is where the part of the page
before it ends. A long one goes on later, so that nobody waits for it meanwhile. Slides have pages
in the text already, and keep them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from indexer.extract.result import Failed
from service import layouts, renditions, texts
from service.archive import Archive
from service.keystore import Ring
from service.layouts import Line
from service.renditions import Leaf

#: So many pages are looked at in one go; until it goes on, the rest of the text counts as that of
#: the page after them.
AT_ONCE = 100
#: Code points within which a page's part of the text is looked for: ten full pages.
_WINDOW: Final = 30_000

#: Says where a text stands on a page, as `indexer.extract.page_spread` answers.
Ask = Callable[[int, str], Mapping[str, Any] | Failed]


@dataclass(frozen=True, slots=True)
class _Part:
    """A page of the rendition: its own part of the text, and the lines in it."""

    leaf: Leaf
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out of some pages, as sealed rows: where each page's part begins, its lines.

    `following` is the page to go on from, if there are more.
    """

    over: dict[str, object]
    lines: list[dict[str, object]]
    following: int | None


def found(
    archive: Archive, ring: Ring, version_id: str, count: int, ask: Ask, first: int = 1
) -> Found | None:
    """Return how the version's text stands on the pages from `first` on, of `count` in all.

    None where that is known, or nobody began: a text that was read anew begins anew.
    """
    with archive.db.read() as db:
        text = texts.shown(db, version_id)
        known = renditions.leaves(db, ring, version_id, text.id) if text else ()
        if text is None or (first == 1) == bool(known):
            return None
        own = list(texts.pages_of(db, ring, text).values())
    following = first + AT_ONCE if first + AT_ONCE <= count else None
    if len(own) == count:
        parts = list(_by_page(own, ask, first, known))
    else:
        whole = "\n".join(own)
        if known and following and known[following - 1].start < len(whole):
            return None
        parts = list(_flowing(whole, count, ask, first, known))
    lines = {no: part.lines for no, part in enumerate(parts, 1) if part.lines}
    over = renditions.sealed(ring, version_id, text.id, [part.leaf for part in parts])
    return Found(over, layouts.seal_rows(ring, version_id, text.id, lines), following)


def _by_page(pages: Sequence[str], ask: Ask, first: int, known: Sequence[Leaf]) -> Iterator[_Part]:
    """Yield the parts of pages that the text has itself."""
    start, size = 0, (0.0, 0.0)
    for no, page in enumerate(pages, 1):
        if first <= no < first + AT_ONCE:
            lines, size = _told(ask(no, page), page, size)
            yield _Part(Leaf(start, *size), lines)
        else:
            yield _Part(known[no - 1] if known else Leaf(start, *size), ())
        start += len(page) + 1


def _flowing(text: str, count: int, ask: Ask, first: int, known: Sequence[Leaf]) -> Iterator[_Part]:
    yield from (_Part(leaf, ()) for leaf in known[: first - 1])
    at, size = (known[first - 1].start, _size(known[first - 2])) if known else (0, (0.0, 0.0))
    for no in range(first, count + 1):
        if no >= first + AT_ONCE:
            yield _Part(Leaf(at, *size), ())
            at = len(text)
            continue
        window = text[at : at + _WINDOW]
        lines, size = _told(ask(no, window), window, size)
        if not lines:
            yield _Part(Leaf(at if no > 1 else 0, *size), ())
            continue
        begins, ends = min(line.start for line in lines), max(line.end for line in lines)
        begin = _begin(window, begins) if no > 1 else 0
        moved = [replace(line, start=line.start - begin, end=line.end - begin) for line in lines]
        yield _Part(Leaf(at + begin, *size), moved)
        at += ends


def _size(leaf: Leaf) -> tuple[float, float]:
    return leaf.width, leaf.height


def _begin(window: str, first: int) -> int:
    """Return where the part of a page begins: with the row that its first character stands in."""
    return window.rfind("\n", 0, first) + 1 or first


def _told(
    answer: Mapping[str, Any] | Failed, text: str, size: tuple[float, float]
) -> tuple[Sequence[Line], tuple[float, float]]:
    """Return what was said of a page; a page of which nothing sound is said has no boxes."""
    if not isinstance(answer, Failed):
        with suppress(ValueError):
            size = renditions.sized(answer.get("size"))
            return layouts.checked(answer.get("lines"), len(text)), size
    return (), size
