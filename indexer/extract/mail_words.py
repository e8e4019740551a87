"""Reads the words of a message: headers and bodies in whatever charset, named rightly or not.

Programs name charsets by aliases of their own, name none, name a wrong one, or cut an encoded
word inside a character. What is sure is read; of the rest only ASCII, and that is said.
"""

import base64
import binascii
import io
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from indexer.extract import declared, html, plain
from indexer.extract.result import Note, Reason, Unreadable

_WORD: Final = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_FOLD: Final = re.compile(r"\r?\n[ \t]+")


@dataclass(slots=True)
class Words:
    """Decodes; remembers when something could not be read."""

    notes: dict[Note, None] = field(default_factory=dict)

    def text(self, content: bytes, charset: str = "") -> str:
        """Return bytes as text; `charset` is what the message says of them."""
        source = io.BytesIO(content)
        pieces: list[str] = []
        try:
            note = plain.decode(source, declared.codec_of(source, charset), pieces.append)
        except Unreadable:
            self.notes[Note.BROKEN_CHARACTERS] = None
            return content.decode("ascii", "replace")
        if note:
            self.notes[note] = None
        return "".join(pieces)

    def page(self, content: bytes, charset: str = "") -> str:
        """Return what a web page of these bytes shows."""
        source = io.BytesIO(content)
        pieces: list[str] = []
        try:
            note = html.show(source, declared.codec_of(source, charset), pieces.append)
        except Unreadable as error:
            if error.reason is Reason.TOO_COMPLEX:
                raise
            return self.text(content, charset)
        if note:
            self.notes[note] = None
        return "".join(pieces)

    def header(self, raw: str) -> str:
        """Return a header as people read it, on one line."""
        joined = "".join(self._decoded(_FOLD.sub(" ", raw)))
        return " ".join(joined.split())

    def _decoded(self, raw: str) -> Iterator[str]:
        """Return the pieces of a header; words of one charset that touch are read as one."""
        at, waiting, named = 0, b"", ""
        for found in _WORD.finditer(raw):
            between = raw[at : found.start()]
            charset = found[1].partition("*")[0].lower()
            if waiting and (between.strip() or charset != named):
                yield self.text(waiting, named)
                waiting = b""
                between = between if between.strip() else ""
            if between.strip() or not at:
                yield self.bare(between)
            waiting, named, at = waiting + _bytes_of(found[2], found[3]), charset, found.end()
        if waiting:
            yield self.text(waiting, named)
        yield self.bare(raw[at:])

    def bare(self, raw: str) -> str:
        """Return text that was taken for ASCII; bytes beyond it stand in it as surrogates."""
        if raw.isascii():
            return raw
        return self.text(raw.encode("utf-8", "surrogateescape"))


def _bytes_of(encoding: str, word: str) -> bytes:
    raw = word.encode("ascii", "replace")
    if encoding in "qQ":
        return quopri.decodestring(raw, header=True)
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return raw
