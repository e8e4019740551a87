"""Finds how a text spreads over the pages of its rendition, and where its lines stand on them.

The text goes from page to page in one go: where a page's part begins is where the part of the
page before it ends. Slides have pages in the text already, and keep them.
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

#: On so many pages boxes stand; the rest of the text counts as that of the last of them.
MOST: Final = 300
#: Code points within which a page's part of the text is looked for: ten full pages.
_WINDOW: Final = 30_000

#: Says where a text stands on a page, as `indexer.extract.page_spread` answers.
Ask = Callable[[int, str], Mapping[str, Any] | Failed]


@dataclass(frozen=True, slots=True)
class _Part:
    """A page of the rendition: its own part of the text, and the lines in it."""

    leaf: Leaf
    lines: Sequence[Line]


def rows(
    archive: Archive, ring: Ring, version_id: str, count: int, ask: Ask
) -> list[dict[str, object]]:
    """Return layouts of the version's text on `count` pages, sealed; none where they are known."""
    with archive.db.read() as db:
        text = texts.shown(db, version_id)
        if text is None or renditions.leaves(db, ring, version_id, text.id):
            return []
        pages = texts.pages_of(db, ring, text)
    own = list(pages.values())
    found = _by_page(own, ask) if len(own) == count else _flowing("\n".join(own), count, ask)
    parts = list(found)
    lines = {no: part.lines for no, part in enumerate(parts, 1) if part.lines}
    over = renditions.sealed(ring, version_id, text.id, [part.leaf for part in parts])
    return [over, *layouts.seal_rows(ring, version_id, text.id, lines)]


def _by_page(pages: Sequence[str], ask: Ask) -> Iterator[_Part]:
    """Yield the parts of pages that the text has itself."""
    start, size = 0, (0.0, 0.0)
    for no, page in enumerate(pages, 1):
        lines: Sequence[Line] = ()
        if no <= MOST:
            lines, size = _told(ask(no, page), page, size)
        yield _Part(Leaf(start, *size), lines)
        start += len(page) + 1


def _flowing(text: str, count: int, ask: Ask) -> Iterator[_Part]:
    at, size = 0, (0.0, 0.0)
    for no in range(1, count + 1):
        if no > MOST:
            yield _Part(Leaf(len(text), *size), ())
            continue
        window = text[at : at + _WINDOW]
        lines, size = _told(ask(no, window), window, size)
        if not lines:
            yield _Part(Leaf(at if no > 1 else 0, *size), ())
            continue
        first, last = min(line.start for line in lines), max(line.end for line in lines)
        begin = _begin(window, first) if no > 1 else 0
        moved = [replace(line, start=line.start - begin, end=line.end - begin) for line in lines]
        yield _Part(Leaf(at + begin, *size), moved)
        at += last


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
