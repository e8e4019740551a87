"""Reads plain text of any charset: mark, then UTF-8, then what the content is like."""

import codecs
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from indexer.extract import charset
from indexer.extract.result import Extracted, Note, Reason, Unreadable
from indexer.extract.transcript import Transcript

_CHUNK: Final = 256 * 1024
#: A file whose charset is known may have this share of broken characters, and says so.
_BROKEN_SHARE: Final = 0.005
_BINARY_SHARE: Final = 0.01
_HOPELESS: Final = 1_000
#: So many characters beyond ASCII are UTF-8 by no chance, though the last one is cut off.
ENOUGH: Final = 8
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read(source: BinaryIO) -> Extracted:
    """Return the text as one page."""
    codec = codec_of(source)
    transcript = Transcript()
    transcript.end_page(note=decode(source, codec, transcript.write))
    return transcript.finish(f"text {codec}")


def decode(source: BinaryIO, codec: str, write: Callable[[str], None]) -> Note | None:
    """Send all of a file on as text; return what to know about it.

    Raises `Unreadable` when that is no text, or not of this charset.
    """
    tally = _Tally()
    for text in _decoded(source, codec):
        tally.add(text)
        write(text)
    if tally.controls > _BINARY_SHARE * tally.total:
        raise Unreadable(Reason.UNSUPPORTED, "binary")
    if tally.broken > max(1, _BROKEN_SHARE * tally.high):
        raise Unreadable(Reason.UNKNOWN_CHARSET, codec)
    return Note.BROKEN_CHARACTERS if tally.broken else None


def codec_of(source: BinaryIO) -> str:
    """Return the codec of a text that does not name it; raises `Unreadable` when none is sure."""
    source.seek(0)
    head = source.read(_CHUNK)
    marked = charset.by_mark(head)
    if marked:
        return marked
    few_zeros = head.count(0) <= _BINARY_SHARE * len(head)
    if few_zeros and fits(source, "utf-8"):
        return "utf-8"
    codec = charset.by_units(head)
    if codec is None and not few_zeros:
        raise Unreadable(Reason.UNSUPPORTED, "binary")
    codec = codec or charset.by_characters(_telling(source))
    if codec is None:
        raise Unreadable(Reason.UNKNOWN_CHARSET, "no charset fits")
    return codec


def fits(source: BinaryIO, codec: str, *, least: int = 0) -> bool:
    """Tell whether a codec reads a file that has at least so many characters beyond ASCII.

    All of it is decoded: the first Chinese line of a log may stand after a gigabyte.
    """
    tally = _Tally()
    last = ""
    for text in _decoded(source, codec):
        tally.add(text)
        last = text or last
        if tally.broken > _HOPELESS and tally.broken > _BROKEN_SHARE * tally.high:
            return False
    cut_off = last.endswith("\ufffd") and tally.high > ENOUGH
    return tally.high >= least and tally.broken - cut_off <= _BROKEN_SHARE * tally.high


def _telling(source: BinaryIO) -> bytes:
    """Return the first lines that aren't ASCII, enough to judge a charset by."""
    source.seek(0)
    sample = b""
    while len(sample) < charset.SAMPLE and (line := source.readline(charset.SAMPLE)):
        if not line.isascii():
            sample += line
    return sample


def _decoded(source: BinaryIO, codec: str) -> Iterator[str]:
    source.seek(0)
    decoder = io.IncrementalNewlineDecoder(
        codecs.getincrementaldecoder(codec)("replace"), translate=True
    )
    while piece := source.read(_CHUNK):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


@dataclass(slots=True)
class _Tally:
    """Counts the characters of a text: all, beyond ASCII, broken, and controls."""

    total: int = 0
    high: int = 0
    broken: int = 0
    controls: int = 0

    def add(self, text: str) -> None:
        self.total += len(text)
        if _CONTROL.search(text):  # hardly ever, and one look costs less than a list
            self.controls += len(_CONTROL.findall(text))
        if not text.isascii():
            self.high += len(text) - len(text.encode("ascii", "ignore"))
            self.broken += text.count("\ufffd")
