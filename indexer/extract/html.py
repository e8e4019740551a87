"""Reads a web page as text: what it shows, in the order of its source. Nothing is ever loaded.

Rules in style sheets are not worked out: what only they hide is read as well.
"""

from collections.abc import Callable
from typing import BinaryIO

from indexer.extract import declared, plain
from indexer.extract.html_walker import PageWalker
from indexer.extract.result import Extracted, Note, Reason, Unreadable
from indexer.extract.transcript import Transcript


def read(source: BinaryIO) -> Extracted:
    """Return the text as one page: the title, then what the window shows."""
    codec = declared.codec_of(source)
    transcript = Transcript()
    transcript.end_page(note=show(source, codec, transcript.write))
    return transcript.finish(f"guidang html 1 {codec}")


def show(source: BinaryIO, codec: str, write: Callable[[str], None]) -> Note | None:
    """Write what the window shows of a page; return what to know about it."""
    walker = PageWalker(write)
    try:
        note = plain.decode(source, codec, walker.feed)
        walker.close()
    except AssertionError as error:  # what the parser calls impossible
        raise Unreadable(Reason.DAMAGED, "html") from error
    return note
