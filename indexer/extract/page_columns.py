"""Puts the columns of a page whose layer is written downwards from right to left.

PDFium gives each column whole, but those that begin at one height from left to right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import pypdfium2
import pypdfium2.raw as pdfium

#: Characters looked at on a page.
_MOST: Final = 200_000
#: How much of what is on the page must stand in columns.
_MOSTLY: Final = 0.9
_BREAKS: Final = "\r\n"


@dataclass(frozen=True, slots=True)
class Column:
    """Characters of the layer that are read downwards, as numbers from `start` to before `end`."""

    start: int
    end: int
    middle: float
    top: float
    width: float


def columns(page: pypdfium2.PdfPage, layer: pypdfium2.PdfTextPage) -> list[Column]:
    """Return the columns of a page in reading order; none where most is written across."""
    count = min(layer.count_chars(), _MOST)
    if page.get_rotation() or not _begins_downwards(layer, count):
        return []
    codes = [chr(pdfium.FPDFText_GetUnicode(layer, at)) for at in range(count)]
    found: list[Column] = []
    inside = 0
    for is_break, run in groupby(range(count), key=lambda at: codes[at] in _BREAKS):
        numbers = [] if is_break else [at for at in run if not codes[at].isspace()]
        if numbers:
            inside += len(numbers)
            found += _column(layer, numbers)
    down = sum(one.end - one.start for one in found)
    return _ordered(found) if down >= _MOSTLY * inside else []


def _begins_downwards(layer: pypdfium2.PdfTextPage, count: int) -> bool:
    """Tell whether the second character stands below the first: of other pages no more is asked."""
    if count < 2:  # noqa: PLR2004 - a line has two ends
        return False
    first, second = _box(layer, 0), _box(layer, 1)
    return bool(first and second and _is_below(first, second))


def _column(layer: pypdfium2.PdfTextPage, numbers: Sequence[int]) -> list[Column]:
    first, last = _box(layer, numbers[0]), _box(layer, numbers[-1])
    if not first or not last or (len(numbers) > 1 and not _is_below(first, last)):
        return []
    left, _, right, top = first
    return [Column(numbers[0], numbers[-1] + 1, (left + right) / 2, top, right - left)]


def _is_below(one: Sequence[float], other: Sequence[float]) -> bool:
    left, bottom, right, _ = one
    apart = abs((other[0] + other[2]) - (left + right)) / 2
    return other[3] <= bottom + (right - left) / 2 and apart < (right - left) / 2


def _ordered(found: Sequence[Column]) -> list[Column]:
    """Put columns from right to left; of those one below the other the upper first."""
    rightmost = sorted(found, key=lambda one: -one.middle)
    placed: list[tuple[int, float, Column]] = []
    number, at = 0, 0.0
    for one in rightmost:
        if placed and at - one.middle > one.width / 2:
            number += 1
        at = one.middle
        placed.append((number, -one.top, one))
    return [one for *_, one in sorted(placed, key=lambda it: it[:2])]


def _box(layer: pypdfium2.PdfTextPage, at: int) -> tuple[float, float, float, float] | None:
    box = pdfium.FS_RECTF()
    if not pdfium.FPDFText_GetLooseCharBox(layer, at, box):
        return None
    return box.left, box.bottom, box.right, box.top
