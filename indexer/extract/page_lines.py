"""Finds where the characters of a page's stored text stand on a page of a PDF.

The stored text is what the reader made of the text layer: blanks closed up, hyphens gone, values
of forms behind it. All that it keeps it keeps in order, so the visible characters of both are
walked together, and whatever one side has more is passed over.
"""

import ctypes
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Any, BinaryIO, Final

import pypdfium2
import pypdfium2.raw as pdfium

from indexer.extract import ofd_page, pdf
from indexer.extract.page_columns import columns
from indexer.extract.result import Reason, Unreadable

#: Characters looked at on a page, and lines told of.
_MOST: Final = 200_000
MOST_LINES: Final = 10_000
_LONGEST_LINE: Final = 2_000
#: How far apart the two texts may go before they meet again, and how much makes a meeting.
_ASTRAY: Final = 40
_MEETING: Final = 4
#: Device units in a point, for PDFium computes in whole ones.
_FINE: Final = 100
_WHOLE: Final = 1000
#: Gap in heights of a line after which a new one begins.
_GAP: Final = 4.0


@dataclass(frozen=True, slots=True)
class Character:
    """A character as it stands on the displayed page, in points from its top left corner."""

    code: str
    left: float
    top: float
    right: float
    bottom: float


def of_pdf(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Answer with the `lines` of page `page` (from 1) whose stored text is `text`.

    A line is `[start, end, null, quad, edges]`, as `service.layouts` keeps it.
    """
    del send
    text, number = str(arguments["text"]), int(arguments["page"])
    with closing(pdf.opened(source, arguments.get("password"))) as document:
        if not 0 < number <= len(document):
            raise Unreadable(Reason.UNSUPPORTED, "no such page")
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError as error:
            raise Unreadable(Reason.DAMAGED, "page") from error
        with closing(page), closing(page.get_textpage()) as layer:
            placed = _placed(text, list(characters(page, layer)))
    lines = islice(rows_of(text, placed), MOST_LINES)
    return {"lines": [line_of(places) for places in lines]}


def of_ofd(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Answer with the lines of a page of an OFD, as `of_pdf` does."""
    content, _ = ofd_page.as_pdf(source, int(arguments["page"]))
    if content is None:
        raise Unreadable(Reason.UNSUPPORTED, "no such page")
    return of_pdf(io.BytesIO(content), {**arguments, "page": 1}, send)


def characters(page: pypdfium2.PdfPage, layer: pypdfium2.PdfTextPage) -> Iterator[Character]:
    """Yield the visible characters of a page with where they stand."""
    place = _places(page)
    box = pdfium.FS_RECTF()
    found = columns(page, layer)
    order = chain.from_iterable(range(one.start, one.end) for one in found)
    for index in order if found else range(min(layer.count_chars(), _MOST)):
        code = pdfium.FPDFText_GetUnicode(layer, index)
        if is_visible(chr(code)) and pdfium.FPDFText_GetLooseCharBox(layer, index, box):
            (x0, y0), (x1, y1) = place(box.left, box.bottom), place(box.right, box.top)
            yield Character(chr(code), min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def is_visible(code: str) -> bool:
    """Say whether a character is one that the reader neither drops nor adds."""
    return not code.isspace() and code.isprintable() and code not in "-\ufffe"


def _places(page: pypdfium2.PdfPage) -> Callable[[float, float], tuple[float, float]]:
    """Return what makes a place on the displayed page of one on the page as the file has it."""
    width, height = page.get_size()
    size = 0, 0, round(width * _FINE), round(height * _FINE), 0

    def device(x: float, y: float) -> tuple[float, float]:
        left, top = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(page, *size, x, y, left, top)
        return left.value / _FINE, top.value / _FINE

    (ox, oy), (xx, xy), (yx, yy) = device(0, 0), device(_WHOLE, 0), device(0, _WHOLE)
    ax, ay = (xx - ox) / _WHOLE, (xy - oy) / _WHOLE
    bx, by = (yx - ox) / _WHOLE, (yy - oy) / _WHOLE
    return lambda x, y: (ox + ax * x + bx * y, oy + ay * x + by * y)


def _placed(text: str, chars: Sequence[Character]) -> list[tuple[int, Character]]:
    """Return which code point of the text stands where."""
    visible = [at for at, code in enumerate(text) if is_visible(code)]
    found: list[tuple[int, Character]] = []
    mine, theirs = 0, 0
    while mine < len(visible) and theirs < len(chars):
        if text[visible[mine]] != chars[theirs].code:
            met = _meeting(text, visible, mine, chars, theirs)
            if met is None:
                break
            mine, theirs = met
        found.append((visible[mine], chars[theirs]))
        mine, theirs = mine + 1, theirs + 1
    return found


def _meeting(
    text: str, visible: Sequence[int], mine: int, chars: Sequence[Character], theirs: int
) -> tuple[int, int] | None:
    """Return where both go on together, the nearest such place."""
    ours = "".join(text[at] for at in visible[mine : mine + _ASTRAY + _MEETING])
    other = "".join(char.code for char in chars[theirs : theirs + _ASTRAY + _MEETING])
    for astray in range(1, 2 * _ASTRAY):
        for passed in range(max(0, astray - _ASTRAY), min(astray, _ASTRAY) + 1):
            wanted = ours[passed : passed + _MEETING]
            if wanted and other.startswith(wanted, astray - passed):
                return mine + passed, theirs + astray - passed
    return None


def rows_of(
    text: str, placed: Sequence[tuple[int, Character]]
) -> Iterator[list[tuple[int, Character]]]:
    """Cut what stands on the page into lines: what stands in a row, and is a row of the text."""
    number = 0
    numbers = []
    for index, (at, char) in enumerate(placed):
        before = placed[index - 1] if index else None
        if before and not _follows(text, before, (at, char)):
            number += 1
        numbers.append(number)
    for _, places in groupby(zip(numbers, placed, strict=True), key=lambda one: one[0]):
        row = [place for _, place in places]
        for start in range(0, len(row), _LONGEST_LINE):
            yield row[start : start + _LONGEST_LINE]


def _follows(text: str, before: tuple[int, Character], now: tuple[int, Character]) -> bool:
    (last, left), (at, right) = before, now
    height = max(min(left.bottom - left.top, right.bottom - right.top), 1.0)
    overlap = min(left.bottom, right.bottom) - max(left.top, right.top)
    gap = right.left - left.right
    return (
        "\n" not in text[last:at]
        and overlap * 2 >= height
        and right.left >= left.left
        and -height <= gap <= _GAP * height
    )


def line_of(places: Sequence[tuple[int, Character]]) -> list[object]:
    """Return a line as `service.layouts` keeps it."""
    chars = dict(places)
    start, end = places[0][0], places[-1][0] + 1
    left, right = places[0][1].left, max(char.right for _, char in places)
    top, bottom = min(c.top for _, c in places), max(c.bottom for _, c in places)
    edges: list[int] = []
    edge = 0
    for at in range(start, end):
        here, after = chars.get(at), chars.get(at + 1)
        reached = here.right if here else after.left if after else None
        if reached is not None and right > left:
            edge = max(edge, min(_WHOLE, round((reached - left) / (right - left) * _WHOLE)))
        edges.append(edge)
    quad = [left, top, right, top, right, bottom, left, bottom]
    return [start, end, None, [round(n, 2) for n in quad], edges]
