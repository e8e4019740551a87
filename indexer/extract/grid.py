"""Writes the cells of a sheet as lines with tabs, and counts what they cost."""

from typing import Final

from indexer.extract.result import Reason, Unreadable
from indexer.extract.transcript import TEXT_LIMIT, Transcript

#: Far more than any text has room for; a sheet beyond this was made to cost time.
_MOST_CELLS: Final = 5_000_000
_MOST_CHARACTERS: Final = 20 * TEXT_LIMIT
#: A cell far to the right stands after this many tabs, not after thousands.
_MOST_TABS: Final = 16


class Grid:
    """Cells of all sheets of one workbook, given row by row."""

    def __init__(self, transcript: Transcript) -> None:
        """Write to this transcript."""
        self._transcript = transcript
        self._cells = self._characters = 0
        self._line: list[str] = []
        self._column = 0

    def cell(self, column: int, text: str) -> None:
        """Add a cell of the current row; columns count from 0. An empty one costs as well."""
        self._cells += 1
        self._characters += len(text)
        if self._cells > _MOST_CELLS or self._characters > _MOST_CHARACTERS:
            raise Unreadable(Reason.TOO_COMPLEX, "cells")
        text = " ".join(text.split())
        if not text:
            return
        self._line.append("\t" * max(0, min(column - self._column, _MOST_TABS)) + text)
        self._column = max(column, self._column)

    def end_row(self) -> None:
        """Write the current row, if there is anything in it."""
        if self._line:
            self._transcript.write("".join(self._line) + "\n")
        self._line.clear()
        self._column = 0

    def end_sheet(self, name: str) -> None:
        """Close the page of one sheet."""
        self.end_row()
        self._transcript.end_page(label=name)
