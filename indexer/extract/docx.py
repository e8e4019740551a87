"""Reads all the text of a DOCX: body, tables, text boxes, notes, comments, headers, footers.

Libraries for DOCX leave out much of that, so this walks the parts itself.
"""

from typing import BinaryIO, Final

from indexer.extract.docx_walker import Walker
from indexer.extract.package import Package
from indexer.extract.result import Extracted
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = "guidang docx 1"
#: Types of parts that hold text, in the order they are written.
_TEXT_PARTS: Final = (
    "footnotes",
    "endnotes",
    "comments",
    "diagramData",
    "chart",
    "header",
    "footer",
)


def read(source: BinaryIO) -> Extracted:
    """Return the text as one page: where pages break is known only to Word."""
    transcript = Transcript()
    with Package(source) as package:
        body = package.main_part("document")
        Walker(transcript.write).walk(package, body)
        seen: set[str] = set()
        for part in _side_parts(package, body):
            pieces: list[str] = []
            Walker(pieces.append).walk(package, part)
            text = "".join(pieces)
            if text.strip() and text not in seen:  # a header often has a copy in each section
                seen.add(text)
                transcript.write(text)
    transcript.end_page()
    return transcript.finish(_EXTRACTOR)


def _side_parts(package: Package, body: str) -> list[str]:
    found = package.related(body)
    parts = [part for kind in _TEXT_PARTS for is_kind, part in found if is_kind == kind]
    return list(dict.fromkeys(parts))
