"""Reads an OFD (the page format of Chinese invoices) page by page: `ofdkit`.

The package is looked at before the library may: sizes, ratios and overlaps are limited, and a
DTD is refused by the library.
"""

import zipfile
from typing import BinaryIO, Final

import ofdkit
from ofdkit.package import Package as Parts

from indexer.extract.package import Package
from indexer.extract.result import Extracted, Note, Reason, Recognition, Unreadable
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = f"ofdkit {ofdkit.__version__}"
_PAGES: Final = 5_000
#: Of all parts together, in bytes: the library keeps what it parses.
_XML: Final = 100 * 1024 * 1024
_POINTS: Final = 72 / 25.4
_IMAGE: Final = b"ImageObject"


def read(source: BinaryIO) -> Extracted:
    """Return one page for each of the file, in points."""
    examine(source)
    source.seek(0)
    transcript = Transcript()
    try:
        with ofdkit.open(source) as document, Parts(source) as parts:
            if len(document.pages) > _PAGES:
                raise Unreadable(Reason.TOO_COMPLEX, "pages")
            read_pages = sum(_page(transcript, page, parts) for page in document.pages)
    except ofdkit.OFDLimitError as error:
        raise Unreadable(Reason.TOO_COMPLEX, "ofd") from error
    except (ofdkit.OFDError, zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise Unreadable(Reason.DAMAGED, "ofd") from error
    if not read_pages:
        raise Unreadable(Reason.DAMAGED, "no page loads")
    return transcript.finish(_EXTRACTOR)


def _page(transcript: Transcript, page: ofdkit.Page, parts: Parts) -> bool:
    """Write one page; return whether it could be loaded.

    One without text over an image is to be recognised.
    """
    try:
        text = page.text()
        image = not text.strip() and _IMAGE in parts.read(page.location or "")
    except ofdkit.OFDLimitError:
        raise
    except ofdkit.OFDError:
        transcript.end_page(note=Note.DAMAGED_PAGE)
        return False
    transcript.write(text)
    width, height = page.width * _POINTS, page.height * _POINTS
    wanted = Recognition.READ if image else None
    transcript.end_page(width=width, height=height, recognition=wanted)
    return True


def examine(source: BinaryIO) -> None:
    """Inflate every part of words once, within the limits of packages, before it is parsed.

    Raises `Unreadable` where it is too much.
    """
    size = 0
    with Package(source) as package:
        for name in package.names():
            if name.lower().endswith(".xml"):
                size += sum(map(len, package.chunks(name)))
                if size > _XML:
                    raise Unreadable(Reason.TOO_COMPLEX, "xml size")
