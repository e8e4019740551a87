"""Sends the rows of a workbook's first sheet out as values: for lists that mean something.

A sheet for people is read as it is shown (`xlsx`). Of a list the values count: a day as
YYYY-MM-DD whatever its format leaves out, a number with all its digits.
"""

import json
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from indexer.extract import xls
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
#: Formats that a whole number is shown by as it is.
_PLAIN: Final = (GENERAL, "0", "@")
#: How an XLS begins, and the ET of WPS.
OLD: Final = bytes.fromhex("d0cf11e0a1b11ae1")
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
    table = _Table(int(arguments["most"]), send)
    start = source.read(len(OLD))
    source.seek(0)
    if start == OLD:
        _send_old(source, table)
        return {"rows": table.rows}
    with Package(source) as package:
        part = package.main_part("workbook")
        if part.endswith(".bin"):
            raise Unreadable(Reason.UNSUPPORTED, "xlsb")
        book = read_workbook(package, part)
        found = [book.parts[relation] for _, relation in book.sheets if relation in book.parts]
        first = next((side for kind, side in found if kind == "worksheet"), None)
        if first is None:
            raise Unreadable(Reason.DAMAGED, "no sheets")
        _Values(book, table).walk(package, first)
        table.finish()
    return {"rows": table.rows}


def _send_old(source: BinaryIO, table: "_Table") -> None:
    for number, (cells, from_1904) in enumerate(xls.first(source), 1):
        table.number = number
        for column, cell in enumerate(cells):
            meant = None if cell.value is None else _meant(cell.value, cell.code, from_1904)
            table.cell(column, cell.shown if meant is None else meant)
        table.end_row()
    table.finish()


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
            if value is not None and not _is_day(code, value) and abs(value) >= _WHOLE_BELOW:
                return raw if code in _PLAIN and value == int(value) else super()._shown(raw)
            meant = None if value is None else _meant(value, code, self._book.from_1904)
            if meant is not None:
                return meant
        return super()._shown(raw)


def _meant(value: float, code: str, from_1904: bool) -> str | None:  # noqa: FBT001
    """Return a day, or a whole number with all its digits; None for what is as it is shown."""
    if _is_day(code, value):
        return shown(value, _DAY, from_1904=from_1904)
    if code in _PLAIN and value == int(value) and abs(value) < _WHOLE_BELOW:
        return str(int(value))
    return None


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
