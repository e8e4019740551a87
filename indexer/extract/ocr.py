"""Recognises the writing on one page: turned upright, lines in reading order, each with its place.

Runs in a pool of its own: the models take their memory and their time to load, which those who
never see an image need not spend.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, Final

import numpy as np

from indexer.extract import image, lines, ofd_sheet, pdf_sheet, reading_order, upright
from indexer.extract.result import Reason, Unreadable
from indexer.extract.sheet import A4, Sheet
from indexer.extract.transcript import cleaned
from service.pictures import PICTURES

EXTRACTOR: Final = "rapidocr 3.10 PP-OCRv6 small"

#: Which pages can be drawn, by media type.
SHEETS: Mapping[str, Callable[..., Sheet]] = MappingProxyType(
    {
        "application/pdf": pdf_sheet.sheet,
        "application/ofd": ofd_sheet.sheet,
        **dict.fromkeys(PICTURES, image.sheet),
    }
)

#: What reads worse than this is dirt, not writing.
_LEAST: Final = 0.5
#: Large pages are looked at more closely, up to this many times.
_CLOSEST: Final = 2.0
#: What stands so far away on the same row, in heights of the line, is another cell.
_CELL: Final = 1.5


def page(
    source: BinaryIO, arguments: Mapping[str, Any], _send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Recognise page `page`, from 1, of a file of media type `type`; a `password` opens a PDF.

    Answers its `text`, its `lines` as `service.layouts` has them, `width` and `height` in points
    and `rotation` in degrees, all of the page as it stands upright, and what did it.
    """
    draw = SHEETS.get(str(arguments["type"]))
    if draw is None:
        raise Unreadable(Reason.UNSUPPORTED, str(arguments["type"])[:80])
    key = {"password": arguments["password"]} if arguments.get("password") else {}
    return recognised(draw(source, int(arguments["page"]), **key))


def recognised(sheet: Sheet) -> dict[str, Any]:
    """Recognise what is written on a sheet; answers as `page` does."""
    closer = min(_CLOSEST, max(1.0, max(sheet.width, sheet.height) / A4))
    lying = upright.upright(sheet.image, round(lines.DETECTED_AT * closer))
    width, height = sheet.width, sheet.height
    if lying.turns % 2:
        width, height = height, width
    read = _read(lying)
    across = width / lying.image.shape[1]
    down = height / lying.image.shape[0]
    quads = [[n * by for n, by in zip(q, (across, down) * 4, strict=True)] for q, _ in read]
    order = reading_order.ordered(quads, [len(line.text) for _, line in read])
    turns = lying.turns
    if lying.vertical:
        quads = [_stood_up(quad, height) for quad in quads]
        width, height, turns = height, width, turns + 1
    text, placed = _written(order, quads, [line for _, line in read])
    return {
        "text": text,
        "lines": placed,
        "width": width,
        "height": height,
        "rotation": (sheet.rotation + 90 * turns) % 360,
        "extractor": EXTRACTOR,
    }


def _read(lying: upright.Upright) -> list[tuple[list[float], lines.Read]]:
    """Read every line, but not again those that showed how the page lies."""
    found: list[tuple[list[float], lines.Read]] = []
    for number, corners in enumerate(lying.found):
        read = lying.read.get(number)
        if read is None:
            line = lines.cut(lying.image, corners)
            if line is None:
                continue
            read = lines.read(line)
        if read.text and read.score >= _LEAST:
            found.append((_as_read(corners), read))
    return found


def _as_read(corners: lines.Corners) -> list[float]:
    """Return the corners from where reading begins: a line that stands on end is read downwards."""
    if lines.is_on_end(corners):
        corners = np.roll(corners, -1, axis=0)
    return [float(n) for n in corners.flatten()]


def _stood_up(quad: list[float], height: float) -> list[float]:
    """Turn a line clockwise with its sheet, which is so high: it is read downwards then."""
    return [n for at in range(0, 8, 2) for n in (height - quad[at + 1], quad[at])]


def _written(
    order: list[reading_order.Row], quads: list[list[float]], read: list[lines.Read]
) -> tuple[str, list[list[object]]]:
    """Return the text of rows, and where each line stands in it and on the page."""
    text = ""
    placed: list[list[object]] = []
    for row in order:
        before: reading_order.Box | None = None
        text += "\n" if text else ""
        for box in row:
            if before:
                text += "\t" if box.left - before.right > _CELL * box.height else " "
            line, start = read[box.number], len(text)
            text += cleaned(line.text).replace("\n", " ")
            quad = [round(n, 2) for n in quads[box.number]]
            ends = list(line.ends) if len(text) - start == len(line.text) else []
            if len(text) > start and all(map(math.isfinite, quad)):
                placed.append([start, len(text), round(min(1.0, line.score), 4), quad, ends])
            before = box
    return text, placed
