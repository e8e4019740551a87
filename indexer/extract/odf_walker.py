"""Walks a part of an OpenDocument file: paragraphs, tables, notes, sheets and slides."""

from dataclasses import dataclass, field
from typing import Final

from indexer.extract.grid import Grid
from indexer.extract.package import Package
from indexer.extract.part_walker import PartWalker, one_line
from indexer.extract.result import Reason, Unreadable
from indexer.extract.transcript import Transcript
from indexer.extract.xml_stream import Attributes

_ODF: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMESPACES: Final = {
    f"{_ODF}office:1.0": "office",
    f"{_ODF}text:1.0": "text",
    f"{_ODF}table:1.0": "table",
    f"{_ODF}drawing:1.0": "draw",
    f"{_ODF}presentation:1.0": "presentation",
    f"{_ODF}svg-compatible:1.0": "svg",
    f"{_ODF}meta:1.0": "meta",
    "http://purl.org/dc/elements/1.1/": "dc",
}
_PARAGRAPHS: Final = frozenset({"text:p", "text:h"})
#: Elements that hold no content: who wrote a comment and when, what a tracked change took away,
#: readings above characters, numbers of notes, templates of lists, descriptions of pictures.
_SKIPPED: Final = frozenset(
    "dc:creator dc:date meta:creator-initials meta:date-string svg:title svg:desc "
    "text:tracked-changes text:ruby-text text:note-citation text:table-of-content-source "
    "text:illustration-index-source text:table-index-source text:object-index-source "
    "text:user-index-source text:alphabetical-index-source text:bibliography-source "
    "office:forms office:scripts table:tracked-changes table:content-validations".split()
)
_CELLS: Final = frozenset({"table:table-cell", "table:covered-table-cell"})
#: What stands aside follows the paragraph that it hangs on.
_ASIDE: Final = frozenset({"office:annotation", "text:note-body", "draw:text-box"})
#: Frames that every slide, or page of notes, has from its master.
_OF_MASTER: Final = frozenset({"page-number", "header", "footer", "date-time"})
_MARKS: Final = {"text:tab": "\t", "text:line-break": "\n"}
#: Spaces, cells and rows that are alike are kept once with their number; a file may lie about it.
_MOST_SPACES: Final = 100
_MOST_ALIKE: Final = 50
_MOST_PAGES: Final = 5_000
#: Written together: each call to write costs as much as cleaning a long line.
_TOGETHER: Final = 500


@dataclass(slots=True)
class _Flow:
    """A run of paragraphs: the page itself, a cell, or what stands aside; how many are open."""

    pieces: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    open: int = 0

    def text(self) -> str:
        return "".join(self.pieces + self.aside)


@dataclass(slots=True)
class _Row:
    """Cells of a row with their columns, how often the row is there, and the next cell's number."""

    alike: int
    cells: list[tuple[int, str]] = field(default_factory=list)
    column: int = 0
    cell_alike: int = 1


class OdfWalker(PartWalker):
    """Writes text: one page, or one for each sheet or slide, as the part itself says."""

    def __init__(self, transcript: Transcript) -> None:
        """Take where to write."""
        super().__init__(_NAMESPACES)
        self._transcript = transcript
        self._grid: Grid | None = None
        self._flows = [_Flow()]
        self._rows: list[_Row] = []
        self._frames: list[bool] = []
        self._comments: list[str] = []
        self._sheet = self._title = ""
        self._tables = 0
        self.pages = 0

    def walk(self, package: Package, part: str) -> None:
        """Write all the text of one part."""
        self.go_through(package, part)
        self._flush()

    def begin(self, name: str, attributes: Attributes) -> bool:
        """Take the start of an element; say whether what is in it is content."""
        if name in _SKIPPED:
            return False
        if name in _PARAGRAPHS:
            self._flows[-1].open += 1
        elif name in _MARKS:
            self.characters(_MARKS[name])
        elif name == "text:s":
            self.characters(" " * _count(attributes, f"{_ODF}text:1.0 c", _MOST_SPACES))
        elif name == "draw:frame":
            return self._start_frame(attributes.get(f"{_ODF}presentation:1.0 class", ""))
        elif name in _ASIDE or name == "presentation:notes":
            self._flows.append(_Flow())
        elif name == "office:spreadsheet":
            self._grid = Grid(self._transcript)
        else:
            self._start_table(name, attributes)
        return True

    def _start_table(self, name: str, attributes: Attributes) -> None:
        if name == "table:table":
            self._tables += 1
            if self._tables == 1:
                self._sheet = attributes.get(f"{_ODF}table:1.0 name", "")
        elif name == "table:table-row":
            alike = _count(attributes, f"{_ODF}table:1.0 number-rows-repeated", _MOST_ALIKE)
            self._rows.append(_Row(alike))
        elif name in _CELLS:
            if self._rows:
                key = f"{_ODF}table:1.0 number-columns-repeated"
                self._rows[-1].cell_alike = _count(attributes, key, 1 << 20)
            self._flows.append(_Flow())

    def finish(self, name: str) -> None:
        """Take the end of an element whose content was read."""
        if name in _PARAGRAPHS:
            self._end_paragraph()
        elif name == "draw:frame":
            if self._frames.pop():
                self._end_title()
        elif name in _ASIDE:
            self._end_aside(name)
        elif name == "presentation:notes":
            self._comments.append(self._flows.pop().text())
        elif name == "draw:page":
            number = self.pages + 1
            self._end_page(f"{number} {self._title}" if self._title else "")
            self._title = ""
        else:
            self._end_table(name)

    def _end_table(self, name: str) -> None:
        if name in _CELLS:
            self._end_cell()
        elif name == "table:table-row":
            self._end_row(self._rows.pop())
        elif name == "table:table":
            self._tables -= 1
            if self._grid and not self._tables:
                self._end_page(self._sheet)

    def characters(self, text: str) -> None:
        """Take text; between paragraphs there are only blanks."""
        if self._flows[-1].open:
            self._flows[-1].pieces.append(text)

    def _start_frame(self, kind: str) -> bool:
        if kind in _OF_MASTER:
            return False
        self._frames.append(kind == "title")
        if kind == "title":
            self._flows.append(_Flow())
        return True

    def _end_title(self) -> None:
        text = self._flows.pop().text()
        self._title = self._title or " ".join(text.split())
        self._flows[-1].pieces.append(text)

    def _end_paragraph(self) -> None:
        flow = self._flows[-1]
        flow.open -= 1
        flow.pieces.append("\n")
        if not flow.open:
            flow.pieces.extend(flow.aside)
            flow.aside.clear()
        self._end_of_outermost()

    def _end_of_outermost(self) -> None:
        """Write what is whole, except beside a sheet's cells, which come first."""
        if len(self._flows) == 1 and not self._grid and len(self._flows[0].pieces) >= _TOGETHER:
            self._flush()

    def _end_aside(self, name: str) -> None:
        text = self._flows.pop().text()
        flow = self._flows[-1]
        if self._grid and name == "office:annotation":
            self._comments.append(" ".join(text.split()) + "\n")
        else:
            (flow.aside if flow.open else flow.pieces).append(text)

    def _end_cell(self) -> None:
        text = one_line(self._flows.pop().text())
        if not self._rows:
            self._flows[-1].pieces.append(f"{text}\n")
            return
        row = self._rows[-1]
        row.cells.extend(
            (row.column + n, text) for n in range(min(row.cell_alike, _MOST_ALIKE) if text else 1)
        )
        row.column += row.cell_alike

    def _end_row(self, row: _Row) -> None:
        if self._grid and self._tables == 1:
            for _ in range(row.alike if any(text for _, text in row.cells) else 1):
                for column, text in row.cells:
                    self._grid.cell(column, text)
                self._grid.end_row()
            return
        line = "\t".join(text for _, text in row.cells) + "\n"
        self._flows[-1].pieces.extend([line] * (row.alike if line.strip() else 1))
        self._end_of_outermost()

    def _end_page(self, label: str) -> None:
        self.pages += 1
        if self.pages > _MOST_PAGES:
            raise Unreadable(Reason.TOO_COMPLEX, "pages")
        self._flush()
        self._transcript.write("".join(self._comments))
        self._comments.clear()
        self._transcript.end_page(label=label)

    def _flush(self) -> None:
        flow = self._flows[0]
        self._transcript.write(flow.text())
        flow.pieces.clear()
        flow.aside.clear()


def _count(attributes: Attributes, name: str, most: int) -> int:
    """Return a number of things that are alike, at least one and no more than believed."""
    value = attributes.get(name, "1")
    return min(int(value), most) if value.isdecimal() and len(value) <= len(str(1 << 20)) else 1
