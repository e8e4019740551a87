"""Reads an OFD (the page format of Chinese invoices) page by page: `ofdkit`.

The package is looked at before the library may: sizes, ratios and overlaps are limited, and a
DTD is refused by the library.
"""

import zipfile
from typing import BinaryIO, Final

import ofdkit

from indexer.extract.package import Package
from indexer.extract.result import Extracted, Note, Reason, Unreadable
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = f"ofdkit {ofdkit.__version__}"
_PAGES: Final = 5_000
#: Of all parts together, in bytes: the library keeps what it parses.
_XML: Final = 100 * 1024 * 1024
_POINTS: Final = 72 / 25.4


def read(source: BinaryIO) -> Extracted:
    """Return one page for each of the file, in points."""
    _examine(source)
    source.seek(0)
    transcript = Transcript()
    try:
        with ofdkit.open(source) as document:
            if len(document.pages) > _PAGES:
                raise Unreadable(Reason.TOO_COMPLEX, "pages")
            read_pages = sum(_page(transcript, page) for page in document.pages)
    except ofdkit.OFDLimitError as error:
        raise Unreadable(Reason.TOO_COMPLEX, "ofd") from error
    except (ofdkit.OFDError, zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise Unreadable(Reason.DAMAGED, "ofd") from error
    if not read_pages:
        raise Unreadable(Reason.DAMAGED, "no page loads")
    return transcript.finish(_EXTRACTOR)


def _page(transcript: Transcript, page: ofdkit.Page) -> bool:
    """Write one page; return whether it could be loaded."""
    try:
        text = page.text()
    except ofdkit.OFDLimitError:
        raise
    except ofdkit.OFDError:
        transcript.end_page(note=Note.DAMAGED_PAGE)
        return False
    transcript.write(text)
    transcript.end_page(width=page.width * _POINTS, height=page.height * _POINTS)
    return True


def _examine(source: BinaryIO) -> None:
    """Inflate every part of words once, within the limits of packages, before it is parsed."""
    size = 0
    with Package(source) as package:
        for name in package.names():
            if name.lower().endswith(".xml"):
                size += sum(map(len, package.chunks(name)))
                if size > _XML:
                    raise Unreadable(Reason.TOO_COMPLEX, "xml size")
