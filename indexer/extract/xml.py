"""Reads an XML file as text: what its elements hold and the values of their attributes.

Each element that holds text is a line. Names of elements and attributes are not read. What is
no clean XML, or has a DTD, is read as it is written: nothing is ever expanded or loaded.
"""

import re
from typing import BinaryIO, Final
from xml.parsers import expat

from indexer.extract import declared, plain
from indexer.extract.result import Extracted, Note, Reason, Unreadable
from indexer.extract.transcript import Transcript
from indexer.extract.xml_stream import Attributes, XmlStream

_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]{0,400}\?>")
#: Written together: each call to write costs as much as cleaning a long line.
_TOGETHER: Final = 500


def read(source: BinaryIO) -> Extracted:
    """Return the text as one page."""
    codec = declared.codec_of(source)
    transcript = Transcript()
    try:
        note = _elements(source, codec, transcript)
    except (expat.ExpatError, ValueError, Unreadable) as error:
        if isinstance(error, Unreadable) and error.reason is not Reason.DAMAGED:
            raise
        transcript = Transcript()
        note = plain.decode(source, codec, transcript.write)
    transcript.end_page(note=note)
    return transcript.finish(f"guidang xml 1 {codec}")


def _elements(source: BinaryIO, codec: str, transcript: Transcript) -> Note | None:
    lines = _Lines(transcript)
    stream = XmlStream(start=lines.start, end=lines.end, text=lines.text)
    begun = False

    def feed(text: str) -> None:
        nonlocal begun
        if not begun:  # what it says of its charset is known and done with
            text = _DECLARATION.sub("", text.removeprefix("\ufeff"))
        begun = begun or bool(text)
        stream.feed(text.encode("utf-8", "replace"))

    note = plain.decode(source, codec, feed)
    stream.close()
    lines.flush()
    return note


class _Lines:
    """Collects the text of elements, a line for each that holds any."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._line: list[str] = []
        self._done: list[str] = []

    def start(self, _tag: str, attributes: Attributes) -> None:
        """Begin an element: what stood before it is a line of its own, so are its values."""
        self._end_line()
        if attributes:
            self._line.append(" ".join(attributes.values()))
            self._end_line()

    def text(self, text: str) -> None:
        """Take text, which comes in pieces."""
        self._line.append(text)

    def end(self, _tag: str) -> None:
        """End an element."""
        self._end_line()

    def flush(self) -> None:
        """Write what is left."""
        self._end_line()
        self._write()

    def _end_line(self) -> None:
        words = " ".join("".join(self._line).split())
        self._line.clear()
        if words:
            self._done.append(words + "\n")
            if len(self._done) >= _TOGETHER:
                self._write()

    def _write(self) -> None:
        self._transcript.write("".join(self._done))
        self._done.clear()
