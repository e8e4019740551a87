"""Walks the parts of an XLSX: workbook, styles, shared words, and the cells of one sheet."""

import math
import re
from dataclasses import dataclass, field
from typing import Final

from indexer.extract import number_format, sheet_dates
from indexer.extract.grid import Grid
from indexer.extract.number_format import BUILT_IN, GENERAL
from indexer.extract.package import Package
from indexer.extract.result import Reason, Unreadable
from indexer.extract.sheet_words import unescaped
from indexer.extract.xml_stream import Attributes, Names, XmlStream

#: Excel itself takes no more.
_MOST_STYLES: Final = 65_536
_MOST_STRINGS: Final = 2_000_000
#: All shared words together; they are the one thing of a workbook held in memory.
_MOST_CHARACTERS: Final = 64 * 1024 * 1024
_LONGEST_VALUE: Final = 32_767
_COLUMN: Final = re.compile(r"[A-Z]{1,3}")
_MAIN: Final = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_RELATION: Final = " id"


@dataclass(slots=True)
class Workbook:
    """What the sheets share."""

    #: name and relation of each sheet, in order; relation to type and part
    sheets: list[tuple[str, str]] = field(default_factory=list)
    parts: dict[str, tuple[str, str]] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    from_1904: bool = False


def read_workbook(package: Package, part: str) -> Workbook:
    """Read the list of sheets, the shared words and the formats."""
    book = Workbook()

    def start(tag: str, attributes: Attributes) -> None:
        name = _local(tag)
        if name == "sheet":
            relation = next((v for k, v in attributes.items() if k.endswith(_RELATION)), "")
            book.sheets.append((unescaped(attributes.get("name", "")), relation))
        elif name == "workbookPr":
            book.from_1904 = attributes.get("date1904") in ("1", "true")

    package.parse(part, XmlStream(start=start))
    book.parts = package.relations(part)
    for kind, side in book.parts.values():
        if kind == "sharedStrings":
            book.strings = _Strings().read(package, side)
        elif kind == "styles":
            book.formats = _formats(package, side)
    return book


def _formats(package: Package, part: str) -> list[str]:
    """Return the number format of each cell style."""
    codes: dict[str, str] = {str(number): code for number, code in BUILT_IN.items()}
    styles: list[str] = []
    inside = [False]

    def start(tag: str, attributes: Attributes) -> None:
        name = _local(tag)
        if name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", GENERAL)
        elif name == "cellXfs":
            inside[0] = True
        elif name == "xf" and inside[0]:
            styles.append(codes.get(attributes.get("numFmtId", "0"), GENERAL))
        if max(len(styles), len(codes)) > _MOST_STYLES:
            raise Unreadable(Reason.TOO_COMPLEX, "styles")

    def end(tag: str) -> None:
        if _local(tag) == "cellXfs":
            inside[0] = False

    package.parse(part, XmlStream(start=start, end=end))
    return styles


class _Strings:
    """Reads the words that cells refer to by number."""

    def __init__(self) -> None:
        """Start with none."""
        self._names = Names(_local)
        self._found: list[str] = []
        self._runs: list[str] = []
        self._pieces: list[str] = []
        self._in_text = False
        self._readings = 0
        self._characters = 0

    def read(self, package: Package, part: str) -> list[str]:
        """Return all words in their order."""
        package.parse(part, XmlStream(start=self._start, end=self._end, text=self._text))
        return self._found

    def _start(self, tag: str, _: Attributes) -> None:
        name = self._names[tag]
        self._readings += name == "rPh"
        self._in_text = name == "t" and not self._readings

    def _end(self, tag: str) -> None:
        name = self._names[tag]
        if self._in_text:
            self._runs.append(unescaped("".join(self._pieces)))
            self._pieces.clear()
        self._in_text = False
        self._readings -= name == "rPh"
        if name == "si":
            self._found.append("".join(self._runs))
            self._runs.clear()
            self._pieces.clear()
            if len(self._found) > _MOST_STRINGS:
                raise Unreadable(Reason.TOO_COMPLEX, "shared strings")

    def _text(self, text: str) -> None:
        if self._in_text:
            self._pieces.append(text)
            self._characters += len(text)
            if self._characters > _MOST_CHARACTERS:
                raise Unreadable(Reason.TOO_COMPLEX, "shared strings")


class SheetWalker:
    """Sends the cells of one sheet to a grid, in the order of the file."""

    def __init__(self, book: Workbook, grid: Grid) -> None:
        """Take what the sheets share, and where to write."""
        self._book = book
        self._names = Names(_local)
        self._grid = grid
        self._runs: list[str] = []
        self._pieces: list[str] = []
        self._length = 0
        self._column = -1
        self._type = self._style = ""
        self._in_cell = self._in_value = False
        self._readings = 0

    def walk(self, package: Package, part: str) -> None:
        """Write all cells of one sheet."""
        package.parse(part, XmlStream(start=self._start, end=self._end, text=self._text))

    def _start(self, tag: str, attributes: Attributes) -> None:
        name = self._names[tag]
        if name == "row":
            self._column = -1
        elif name == "c":
            self._in_cell = True
            self._column = _column(attributes.get("r", ""), self._column + 1)
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "0")
            self._runs.clear()
            self._pieces.clear()
            self._length = 0
        self._readings += name == "rPh"
        self._in_value = self._in_cell and not self._readings and name in ("v", "t")

    def _end(self, tag: str) -> None:
        name = self._names[tag]
        if self._in_value:
            self._runs.append(unescaped("".join(self._pieces)))
            self._pieces.clear()
        self._in_value = False
        self._readings -= name == "rPh"
        if name == "c":
            self._in_cell = False
            self._grid.cell(self._column, self._shown("".join(self._runs)))
        elif name == "row":
            self._grid.end_row()

    def _text(self, text: str) -> None:
        if self._in_value and self._length < _LONGEST_VALUE:
            self._pieces.append(text)
            self._length += len(text)

    def _shown(self, raw: str) -> str:
        if not raw:
            return ""
        if self._type == "b":
            return "TRUE" if raw.strip() in ("1", "true") else "FALSE"
        if self._type == "s":
            return number_format.is_text(self._shared(raw), self._format())
        if self._type == "n":
            return _number(raw, self._format(), self._book)
        if self._type == "d" and self._format() != GENERAL:
            days = sheet_dates.counted(raw, from_1904=self._book.from_1904)
            return raw if days is None else _number(str(days), self._format(), self._book)
        return raw

    def _shared(self, raw: str) -> str:
        try:
            number = int(raw)
        except ValueError as error:
            raise Unreadable(Reason.DAMAGED, "shared string") from error
        if not 0 <= number < len(self._book.strings):
            raise Unreadable(Reason.DAMAGED, "shared string")
        return self._book.strings[number]

    def _format(self) -> str:
        style = int(self._style) if self._style.isdecimal() and len(self._style) < 6 else 0  # noqa: PLR2004
        return self._book.formats[style] if style < len(self._book.formats) else GENERAL


def _number(raw: str, code: str, book: Workbook) -> str:
    try:
        value = float(raw)
    except ValueError:
        return raw
    if not math.isfinite(value):
        return raw
    return number_format.shown(value, code, from_1904=book.from_1904)


def _column(reference: str, following: int) -> int:
    """Return the column of `AB12`, counted from 0; a cell without one follows the last."""
    letters = _COLUMN.match(reference)
    if not letters:
        return following
    column = 0
    for letter in letters[0]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _local(tag: str) -> str:
    namespace, _, local = tag.rpartition(" ")
    return local if namespace in _MAIN else ""
