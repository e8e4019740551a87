"""Collects what a reader writes, page by page, cleaned and within the limit of a document."""

import re

from indexer.extract.result import Extracted, Note, Page, Recognition

#: A document keeps this many characters; the rest is counted, and said on the document.
TEXT_LIMIT = 5_000_000

_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
#: Controls, lone surrogates and non-characters: nobody can type, see or store them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\ufeff\ud800-\udfff\ufffe\uffff]")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def cleaned(text: str) -> str:
    r"""Return text with `\n` as its only line end and nothing unprintable."""
    usual = text.replace("\r\n", "\n")
    if not _ODD.search(usual):  # nearly always, and one look is cheaper than two changes
        return usual
    return _UNPRINTABLE.sub("", _LINE_END.sub("\n", text))


class Transcript:
    """Written to by a reader; gives the result at the end."""

    def __init__(self, limit: int = TEXT_LIMIT) -> None:
        """Start with no page, and room for `limit` characters."""
        self._room = limit
        self._left_out = 0
        self._pages: list[Page] = []
        self._pieces: list[str] = []
        self._notes: dict[Note, None] = {}

    def write(self, text: str) -> None:
        """Add text to the page being written."""
        text = cleaned(text)
        kept = text[: self._room]
        self._room -= len(kept)
        self._left_out += len(text) - len(kept)
        if kept:
            self._pieces.append(kept)

    def end_page(
        self,
        *,
        label: str = "",
        width: float = 0.0,
        height: float = 0.0,
        rotation: int = 0,
        note: Note | None = None,
        recognition: Recognition | None = None,
    ) -> None:
        """Close the page being written."""
        text = "".join(self._pieces)
        self._pieces.clear()
        number, label = len(self._pages) + 1, cleaned(label)[:64]
        self._pages.append(Page(number, text, label, width, height, rotation, note, recognition))
        self._room = max(0, self._room - 1)  # the line end that joins it to the next page
        if note:
            self._notes[note] = None

    def finish(self, extractor: str) -> Extracted:
        """Return the whole."""
        if self._left_out:
            self._notes[Note.TRUNCATED] = None
        if not any(page.text.strip() for page in self._pages):
            self._notes[Note.NO_TEXT] = None
        return Extracted(
            tuple(self._pages), extractor, notes=tuple(self._notes), truncated=self._left_out
        )
