"""What is done with a single page to look at it: an image, and where its text stands."""

from collections.abc import Callable
from typing import Any, BinaryIO, Final

from indexer.extract import page_image, page_lines, page_spread

_OFD: Final = "application/ofd"


def done(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Do what is wanted with page `page` of a file of media type `type`.

    That is its `image`, the `lines` of its own text, or what of a longer text is `spread` to it.
    """
    if arguments["want"] == "spread":
        return page_spread.of_pdf(source, arguments, send)
    if arguments["want"] == "lines":
        of = page_lines.of_ofd if arguments["type"] == _OFD else page_lines.of_pdf
        return of(source, arguments, send)
    if arguments["type"] == _OFD:
        return page_image.of_ofd(source, arguments, send)
    if arguments["type"] == "application/pdf":
        return page_image.of_pdf(source, arguments, send)
    return page_image.of_picture(source, arguments, send)
