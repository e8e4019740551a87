"""Sends the rows of a workbook's first sheet out as values: for lists that mean something.

A sheet for people is read as it is shown (`xlsx`). Of a list the values count: a day as
YYYY-MM-DD whatever its format leaves out, a number with all its digits.
"""

import json
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from indexer.extract.grid import Grid
from indexer.extract.number_format import GENERAL, shown
from indexer.extract.number_sections import choose, sections
from indexer.extract.package import Package
from indexer.extract.result import Reason, Unreadable
from indexer.extract.sheet_walker import SheetWalker, read_workbook
from indexer.extract.transcript import Transcript
from indexer.extract.xml_stream import Attributes

_MOST_COLUMNS: Final = 100
_DAY: Final = "yyyy-mm-dd"
_PIECE: Final = 256 * 1024
#: Beyond this a number in a sheet has lost its last digits.
_WHOLE_BELOW: Final = 2**53


def send_rows(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Send `[number, [cells…]]` of each row that holds anything, as JSON lines; answer `{"rows"}`.

    Takes `{"most"}`, a number of rows. Raises `Unreadable` for what is no such workbook, has
    no sheet, or has more rows.
    """
    with Package(source) as package:
        part = package.main_part("workbook")
        if part.endswith(".bin"):
            raise Unreadable(Reason.UNSUPPORTED, "xlsb")
        book = read_workbook(package, part)
        found = [book.parts[relation] for _, relation in book.sheets if relation in book.parts]
        first = next((side for kind, side in found if kind == "worksheet"), None)
        if first is None:
            raise Unreadable(Reason.DAMAGED, "no sheets")
        table = _Table(int(arguments["most"]), send)
        _Values(book, table).walk(package, first)
        table.finish()
    return {"rows": table.rows}


class _Table(Grid):
    """Gathers the cells of a row and sends them with its number."""

    def __init__(self, most: int, send: Callable[[bytes], None]) -> None:
        super().__init__(Transcript())
        self.number = 0
        self.rows = 0
        self._most = most
        self._send = send
        self._row: dict[int, str] = {}
        self._pending = bytearray()

    def cell(self, column: int, text: str) -> None:
        if 0 <= column < _MOST_COLUMNS and text.strip():
            self._row[column] = text.strip()

    def end_row(self) -> None:
        if self._row:
            self.rows += 1
            if self.rows > self._most:
                raise Unreadable(Reason.TOO_COMPLEX, "rows")
            cells = [self._row.get(n, "") for n in range(max(self._row) + 1)]
            self._pending += json.dumps([self.number, cells]).encode() + b"\n"
            if len(self._pending) > _PIECE:
                self.finish()
        self._row.clear()

    def finish(self) -> None:
        """Send what is left."""
        if self._pending:
            self._send(bytes(self._pending))
            self._pending.clear()


class _Values(SheetWalker):
    """Walks a sheet for the values of its cells."""

    _grid: _Table

    def _start(self, tag: str, attributes: Attributes) -> None:
        if self._names[tag] == "row":
            said = attributes.get("r", "")
            self._grid.number = int(said) if said.isdecimal() else self._grid.number + 1
        super()._start(tag, attributes)

    def _shown(self, raw: str) -> str:
        code = self._format()
        if self._type in ("n", "") and raw:
            value = _finite(raw)
            if value is not None and _is_day(code, value):
                return shown(value, _DAY, from_1904=self._book.from_1904)
            if value is not None and code in (GENERAL, "0", "@") and value == int(value):
                return str(int(value)) if abs(value) < _WHOLE_BELOW else raw
        return super()._shown(raw)


def _finite(raw: str) -> float | None:
    try:
        value = float(raw)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def _is_day(code: str, value: float) -> bool:
    section, _ = choose(sections(code), value)
    signs = "".join(text for kind, text in section if kind == "date").casefold()
    return "d" in signs or ("y" in signs and "m" in signs)
