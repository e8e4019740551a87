"""Lends PDFium a Chinese font of the system while a page is drawn, where a PDF names but lacks one.

Reading needs only the sizes of letters (`pdf_fonts`); looking at a page needs the letters. The
fonts are found when the sandbox starts: later it has no files. Without one such text is missing
from the image, and stands beside it all the same.
"""

import ctypes
import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pypdfium2.raw as pdfium

from indexer.extract import pdf_fonts, system_fonts

#: What PDFium calls the character sets of Chinese, Japanese and Korean fonts.
_CHARSETS: Final = frozenset({128, 129, 134, 136})
_COLLECTION: Final = 0x74746366
_LIKE_HEI: Final = (b"hei", b"gothic", b"sans", b"\xba\xda", "黑".encode())
_FEWEST_TABLES: Final = 12


@dataclass(frozen=True, slots=True)
class _Font:
    """A font file; `start` is where the simplified Chinese one begins in a collection."""

    name: bytes
    content: mmap.mmap
    start: int
    collection: bool


def _found() -> tuple[_Font | None, _Font | None]:
    """Return the serif and the plain font, one in place of the other where only one is there."""
    files = system_fonts.files()
    serif, plain = (
        _opened(path) if (path := system_fonts.first(names, files)) else None
        for names in (system_fonts.SERIF, system_fonts.SANS)
    )
    return serif or plain, plain or serif


def _opened(path: Path) -> _Font:
    with path.open("rb") as file:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    starts = _starts(content)
    chosen = next((at for at in starts if _is_simplified(content, at)), starts[0])
    return _Font(path.name.encode() + b"\0", content, chosen, content[:4] == b"ttcf")


def _starts(content: mmap.mmap) -> tuple[int, ...]:
    if content[:4] != b"ttcf":
        return (0,)
    (count,) = struct.unpack_from(">I", content, 8)
    return struct.unpack_from(f">{count}I", content, _FEWEST_TABLES)


def _is_simplified(content: mmap.mmap, start: int) -> bool:
    """Say whether a font of a collection is for simplified Chinese, by its name."""
    (tables,) = struct.unpack_from(">H", content, start + 4)
    for number in range(tables):
        tag, _, at, size = struct.unpack_from(">4s3I", content, start + 12 + 16 * number)
        if tag == b"name":
            return "CJK SC".encode("utf-16-be") in content[at : at + size]
    return False


_SERIF_FONT, _PLAIN_FONT = _found()
_HANDLES: Final = {1: _SERIF_FONT, 2: _PLAIN_FONT}


def _map_font(
    _source: object,
    _weight: int,
    _italic: int,
    charset: int,
    _pitch: int,
    family: "ctypes._Pointer[ctypes.c_char]",
    _exact: object,
) -> int | None:
    if charset not in _CHARSETS or _SERIF_FONT is None:
        return None  # PDFium has Latin letters of its own
    name = ctypes.string_at(family).lower()
    return 2 if any(like in name for like in _LIKE_HEI) else 1


def _font_data(
    _source: object,
    handle: int,
    table: int,
    buffer: "ctypes._Pointer[ctypes.c_ubyte]",
    size: int,
) -> int:
    """Copy what is asked for, or say how long it is: a collection, or the file from its font on."""
    font = _HANDLES.get(handle)
    if font is None or (table == _COLLECTION and not font.collection):
        return 0
    if table not in (0, _COLLECTION):
        return 0
    start = font.start if table == 0 else 0
    length = len(font.content) - start
    if size >= length:
        ctypes.memmove(buffer, font.content[start:], length)
    return length


def _face_name(
    _source: object, handle: int, buffer: "ctypes._Pointer[ctypes.c_char]", size: int
) -> int:
    font = _HANDLES.get(handle)
    return pdf_fonts.copied(font.name if font else b"\0", buffer, size)


_SOURCE: Final = pdf_fonts.source(_map_font, _font_data, _face_name)


@contextmanager
def lent() -> Iterator[None]:
    """Let documents opened inside be drawn with fonts of the system; then boxes are back."""
    pdfium.FPDF_SetSystemFontInfo(_SOURCE)
    try:
        yield
    finally:
        pdf_fonts.install()
