"""Gives PDFium a made-up font of plain boxes in place of every font that a PDF names but lacks.

PDFium drops a piece of text whose outline is zero wide without a word. So it is with each
single character, and with all vertical writing, when no font says how large the letters are.
The system's fonts would say it, but reading them takes most of the time, they differ from
host to host, and the sandbox has no files. What is written comes from the PDF itself: only a
size is missing, and a box has one.
"""

import ctypes
import struct
from collections.abc import Callable
from itertools import pairwise
from typing import Final

import pypdfium2.raw as pdfium

#: PDFium brings these itself, and knows their letters better than boxes do.
_STANDARD: Final = frozenset(
    b"Courier Courier-Bold Courier-BoldOblique Courier-Oblique Helvetica Helvetica-Bold "
    b"Helvetica-BoldOblique Helvetica-Oblique Times-Roman Times-Bold Times-BoldItalic "
    b"Times-Italic Symbol ZapfDingbats".split()
)
_BOX: Final = 1  # any handle but zero
_NAME: Final = b"Boxes\0"

#: Boxes in thousandths of the font's size. PDFium takes equal letters whose boxes overlap by
#: half for one letter printed twice: so a thin letter must have a thin box. And it finds the
#: direction of the lines by what boxes cover: so a Chinese character must fill its square.
_WIDE, _PLAIN, _THIN = 1000, 500, 200
_BOTTOM, _TOP = -120, 880
_THIN_LETTERS: Final = sorted(map(ord, "!'(),.:;I[]`fijlrt|"))
_FIRST_WIDE: Final = 0x2000  # dashes and quotes above it are as wide as a character in Chinese
_LAST: Final = 0x10FFFF
#: Glyph numbers. All others are wide too: a file may name a glyph by its number in a font
#: that isn't here.
_PLAIN_GLYPH, _THIN_GLYPH, _WIDE_GLYPH = 1, 2, 3
_GLYPHS: Final = 0xFFFF


def install() -> None:
    """Replace the system's fonts by boxes, for the whole process and for good."""
    pdfium.FPDF_SetSystemFontInfo(_SOURCE)


def _box(width: int) -> bytes:
    """Return a glyph: one contour around four points, given as steps from point to point."""
    bounds = struct.pack(">5h", 1, 0, _BOTTOM, width, _TOP)
    points = struct.pack(">2H4B", 3, 0, 1, 1, 1, 1)
    steps = struct.pack(">8h", 0, width, 0, -width, _BOTTOM, 0, _TOP - _BOTTOM, 0)
    return bounds + points + steps


def _places(size: int) -> bytes:
    """Return where each glyph begins, in units of two bytes.

    From the third on two wide boxes take turns, the later one first, so that 65535 glyphs need
    five outlines: where the next place lies before its own, a glyph reaches to the end.
    """
    first = struct.pack(">4H", *(n * size // 2 for n in range(4)))
    turns = struct.pack(">2H", 4 * size // 2, 3 * size // 2)
    return first + turns * ((_GLYPHS - 3) // 2)


def _characters() -> bytes:
    """Return the map from characters to glyphs: ranges that each share one glyph."""
    bounds = [-1, *_THIN_LETTERS, _FIRST_WIDE]
    plain = [(a + 1, b - 1, _PLAIN_GLYPH) for a, b in pairwise(bounds) if b - a > 1]
    thin = [(letter, letter, _THIN_GLYPH) for letter in _THIN_LETTERS]
    ranges = [*sorted(plain + thin), (_FIRST_WIDE, _LAST, _WIDE_GLYPH)]
    head = struct.pack(">4HI2H3I", 0, 1, 3, 10, 12, 13, 0, 16 + 12 * len(ranges), 0, len(ranges))
    return head + b"".join(struct.pack(">3I", *entry) for entry in ranges)


def _font() -> bytes:
    """Return a TrueType font with no more in it than PDFium asks for."""
    outlines = [_box(width) for width in (_WIDE, _PLAIN, _THIN, _WIDE, _WIDE)]
    bounds = (0, _BOTTOM, _WIDE, _TOP)
    advances = (_WIDE, 0, 500, 0, 250, 0, _WIDE, 0)
    tables = {
        b"cmap": _characters(),
        b"glyf": b"".join(outlines),
        b"head": struct.pack(
            ">4I2H2Q4h2H3h", 0x10000, 0, 0, 0x5F0F3CF5, 0, 1000, 0, 0, *bounds, 0, 8, 2, 0, 0
        ),
        b"hhea": struct.pack(">I3hH11hH", 0x10000, _TOP, _BOTTOM, 0, _WIDE, *[0] * 11, 4),
        b"hmtx": struct.pack(">8H", *advances),
        b"loca": _places(len(outlines[0])),
        b"maxp": struct.pack(">I14H", 0x10000, _GLYPHS, 4, 1, *[0] * 11),
    }
    directory = struct.pack(">I4H", 0x10000, len(tables), 0, 0, 0)
    body = b""
    start = len(directory) + 16 * len(tables)
    for name, table in tables.items():
        directory += struct.pack(">4s3I", name, 0, start + len(body), len(table))
        body += table + bytes(-len(table) % 4)
    return directory + body


_FONT: Final = _font()


def _map_font(
    _source: object,
    _weight: int,
    _italic: int,
    _charset: int,
    _pitch: int,
    family: "ctypes._Pointer[ctypes.c_char]",
    _exact: object,
) -> int | None:
    name = ctypes.string_at(family)
    return None if name in _STANDARD else _BOX


def _font_data(
    _source: object,
    _font: object,
    table: int,
    buffer: "ctypes._Pointer[ctypes.c_ubyte]",
    size: int,
) -> int:
    """Copy the whole font, or say how long it is; it has no table that is asked for alone."""
    return 0 if table else copied(_FONT, buffer, size)


def _face_name(
    _source: object, _font: object, buffer: "ctypes._Pointer[ctypes.c_char]", size: int
) -> int:
    """Give one name whatever the PDF said, so that PDFium keeps one copy, not one a name."""
    return copied(_NAME, buffer, size)


def copied(
    content: bytes,
    buffer: "ctypes._Pointer[ctypes.c_ubyte] | ctypes._Pointer[ctypes.c_char]",
    size: int,
) -> int:
    """Give PDFium bytes if they fit where it wants them; return how many there are."""
    if size >= len(content):
        ctypes.memmove(buffer, content, len(content))
    return len(content)


def source(
    map_font: Callable[..., int | None],
    font_data: Callable[..., int],
    face_name: Callable[..., int],
) -> pdfium.FPDF_SYSFONTINFO:
    """Return where PDFium asks for fonts; it keeps the address, so this must outlive its use."""
    calls = dict(pdfium.FPDF_SYSFONTINFO._fields_)
    return pdfium.FPDF_SYSFONTINFO(
        version=1,
        MapFont=calls["MapFont"](map_font),
        GetFontData=calls["GetFontData"](font_data),
        GetFaceName=calls["GetFaceName"](face_name),
    )


_SOURCE: Final = source(_map_font, _font_data, _face_name)
