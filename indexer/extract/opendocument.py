"""Reads OpenDocument files: a text is one page, each sheet or slide is one under its name.

Sheets keep beside each value the text that they show, and that is what is read. Of what stands
apart from the text only the headers and footers of texts are content; masters of slides are not.
"""

from typing import BinaryIO, Final

from indexer.extract.odf_walker import OdfWalker
from indexer.extract.opendocument_lock import LockedPackage
from indexer.extract.package import Package
from indexer.extract.result import Extracted, Reason, Unreadable
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = "guidang odf 1"
_CONTENT: Final = "content.xml"
_STYLES: Final = "styles.xml"


def read(source: BinaryIO, password: str | None = None) -> Extracted:
    """Return the pages of a text, a workbook or a deck."""
    transcript = Transcript()
    with LockedPackage(source, password) as package:
        if _CONTENT not in package:
            raise Unreadable(Reason.DAMAGED, "no content part")
        walker = OdfWalker(transcript)
        walker.walk(package, _CONTENT)
        if walker.pages:
            return transcript.finish(_EXTRACTOR)
        if _STYLES in package:
            transcript.write(_headers(package))
    transcript.end_page()
    return transcript.finish(_EXTRACTOR)


def _headers(package: Package) -> str:
    """Return the lines of headers and footers, each once: most pages have a copy."""
    headers = Transcript()
    OdfWalker(headers).walk(package, _STYLES)
    headers.end_page()
    lines = headers.finish(_EXTRACTOR).text.splitlines()
    return "".join(f"{line}\n" for line in dict.fromkeys(lines) if line.strip())
