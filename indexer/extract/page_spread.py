"""Finds which part of a text stands on a page of its printed form, and where.

Another program has laid the text out: it adds headers, footers and numbers of paragraphs, and
leaves remarks out. What both have they have in the same order, so the visible characters of both
are walked together; where they part, the nearest place is looked for where enough of them agree.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, BinaryIO, Final

import pypdfium2

from indexer.extract import page_lines, pdf
from indexer.extract.page_lines import Character
from indexer.extract.result import Reason, Unreadable

#: How two texts that have parted meet again, tried in turn: characters that must agree, and how
#: many of the page and of the text may be passed over. First what is sure and near, then what is
#: near, then what is sure: a long header, or remarks of many lines.
_MEETINGS: Final = ((12, 200, 200), (4, 40, 40), (12, 1_500, 100_000))


def of_pdf(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Answer with the `lines` of page `page` (from 1) on which some of `text` stands.

    With them come `size`, width and height in points, and how many `pages` there are.
    """
    del send
    text, number = str(arguments["text"]), int(arguments["page"])
    with closing(pdf.opened(source)) as document:
        count = len(document)
        if not 0 < number <= count:
            raise Unreadable(Reason.UNSUPPORTED, "no such page")
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError as error:
            raise Unreadable(Reason.DAMAGED, "page") from error
        with closing(page), closing(page.get_textpage()) as layer:
            placed = _placed(text, list(page_lines.characters(page, layer)))
            size = [round(n, 2) for n in page.get_size()]
    rows = islice(page_lines.rows_of(text, placed), page_lines.MOST_LINES)
    return {"pages": count, "size": size, "lines": [page_lines.line_of(row) for row in rows]}


def _placed(text: str, characters: Sequence[Character]) -> list[tuple[int, Character]]:
    """Return which code point of the text stands where on the page."""
    visible = [at for at, code in enumerate(text) if page_lines.is_visible(code)]
    ours = "".join(text[at] for at in visible)
    theirs = "".join(one.code for one in characters)
    found: list[tuple[int, Character]] = []
    mine, other = 0, 0
    while mine < len(ours) and other < len(theirs):
        if ours[mine] != theirs[other]:
            met = _met(ours, mine, theirs, other)
            if met is None:
                break
            mine, other = met
        found.append((visible[mine], characters[other]))
        mine, other = mine + 1, other + 1
    return found


def _met(ours: str, mine: int, theirs: str, other: int) -> tuple[int, int] | None:
    for agreeing, passing, reach in _MEETINGS:
        met = _nearest(ours[mine : mine + reach + agreeing], theirs[other:], agreeing, passing)
        if met is not None:
            return mine + met[0], other + met[1]
    return None


def _nearest(ours: str, theirs: str, agreeing: int, passing: int) -> tuple[int, int] | None:
    """Return where so many characters agree, passing over as few of both as possible."""
    found: tuple[int, int] | None = None
    least = len(ours) + passing
    for passed in range(min(passing, len(theirs) - agreeing) + 1):
        if passed >= least:
            break
        at = ours.find(theirs[passed : passed + agreeing], 0, least - passed + agreeing)
        if at >= 0 and at + passed < least:
            found, least = (at, passed), at + passed
    return found
