"""Reads DOC and PPT (Word and PowerPoint 97 to 2003, WPS and DPS of Kingsoft): `office_oxide`.

A DOC is one page: text, notes, comments, boxes, headers and footers, a table row by row. Each
slide of a PPT is a page; masters and notes of the speaker are not read.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final, Literal

import office_oxide

from indexer.extract.result import Extracted, Reason, Unreadable
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = f"office_oxide {office_oxide.version()}"
#: The whole file is held in memory, and once more in the library.
_LARGEST: Final = 256 * 1024 * 1024
_DEEPEST: Final = 100
_PARAGRAPHS: Final = frozenset({"heading", "paragraph"})
#: What holds further elements, in the order in which people would read them.
_HELD: Final = ("elements", "content", "items", "rows", "cells", "children")


def read_doc(source: BinaryIO) -> Extracted:
    """Return the text as one page: where pages break is known only to Word."""
    with _opened(source, "doc") as document:
        plain, sections = document.plain_text(), document.to_ir()["sections"]
    lines = [line for section in sections for line in _of_section(section)]
    text = "\n".join(lines) + "\n"
    transcript = Transcript()
    # whatever its elements leave out, nothing that the library reads is lost
    transcript.write(text if _letters(text) >= _letters(plain) else plain)
    transcript.end_page()
    return transcript.finish(_EXTRACTOR)


def read_ppt(source: BinaryIO) -> Extracted:
    """Return one page for each slide."""
    with _opened(source, "ppt") as document:
        sections = document.to_ir()["sections"]
    transcript = Transcript()
    for section in sections:
        for line in _lines(section, 0):
            transcript.write(line + "\n")
        transcript.end_page()
    return transcript.finish(_EXTRACTOR)


def _opened(source: BinaryIO, kind: Literal["doc", "ppt"]) -> office_oxide.Document:
    content = source.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Unreadable(Reason.TOO_COMPLEX, "size")
    try:
        return office_oxide.Document.from_bytes(content, kind)
    except office_oxide.OfficeOxideError as error:
        locked = "encrypted" in str(error).lower()
        raise Unreadable(Reason.PASSWORD if locked else Reason.DAMAGED, kind) from error


def _of_section(section: dict[str, Any]) -> Iterator[str]:
    """Return the lines of a section: its body first, then what stands on all its pages."""
    yield from _lines(section, 0)
    for name, part in section.items():
        if name.endswith(("header", "footer")) and isinstance(part, dict):
            yield from _lines(part, 0)


def _lines(element: dict[str, Any], depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise Unreadable(Reason.TOO_COMPLEX, "depth")
    kind = element.get("type")
    if kind in _PARAGRAPHS:
        yield "".join(_runs(element))
    elif kind == "table":
        for row in element.get("rows") or ():
            yield "\t".join(
                " ".join(line for line in _lines(cell, depth + 1) if line)
                for cell in row.get("cells") or ()
            )
    else:
        for name in _HELD:
            for held in element.get(name) or ():
                if isinstance(held, dict):
                    yield from _lines(held, depth + 1)
        if kind == "text":
            yield str(element.get("text", ""))


def _runs(paragraph: dict[str, Any]) -> Iterator[str]:
    for run in paragraph.get("content") or ():
        yield "\n" if run.get("type") == "line_break" else str(run.get("text", ""))


def _letters(text: str) -> int:
    return len("".join(text.split()))
