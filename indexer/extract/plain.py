"""Reads plain text of any charset: mark, then UTF-8, then what the content is like."""

import codecs
import io
import re
from collections.abc import Iterator
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
_ENOUGH: Final = 8
_HIGH = re.compile("[^\x00-\x7f]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read(source: BinaryIO) -> Extracted:
    """Return the text as one page."""
    codec = _codec(source)
    transcript = Transcript()
    tally = _Tally()
    for text in _decoded(source, codec):
        tally.add(text)
        transcript.write(text)
    if tally.controls > _BINARY_SHARE * tally.total:
        raise Unreadable(Reason.UNSUPPORTED, "binary")
    if tally.broken > max(1, _BROKEN_SHARE * tally.high):
        raise Unreadable(Reason.UNKNOWN_CHARSET, codec)
    transcript.end_page(note=Note.BROKEN_CHARACTERS if tally.broken else None)
    return transcript.finish(f"text {codec}")


def _codec(source: BinaryIO) -> str:
    head = source.read(_CHUNK)
    marked = charset.by_mark(head)
    if marked:
        return marked
    few_zeros = head.count(0) <= _BINARY_SHARE * len(head)
    if few_zeros and _is_utf8(source):
        return "utf-8"
    codec = charset.by_units(head)
    if codec is None and not few_zeros:
        raise Unreadable(Reason.UNSUPPORTED, "binary")
    codec = codec or charset.by_characters(_telling(source))
    if codec is None:
        raise Unreadable(Reason.UNKNOWN_CHARSET, "no charset fits")
    return codec


def _is_utf8(source: BinaryIO) -> bool:
    """Decode all of it: the first Chinese line of a log may stand after a gigabyte."""
    tally = _Tally()
    last = ""
    for text in _decoded(source, "utf-8"):
        tally.add(text)
        last = text or last
        if tally.broken > _HOPELESS and tally.broken > _BROKEN_SHARE * tally.high:
            return False
    cut_off = last.endswith("\ufffd") and tally.high > _ENOUGH
    return tally.broken - cut_off <= _BROKEN_SHARE * tally.high


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
        self.controls += len(_CONTROL.findall(text))
        if not text.isascii():
            self.high += len(_HIGH.findall(text))
            self.broken += text.count("\ufffd")
