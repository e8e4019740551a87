"""Walks one part of a DOCX in the order of the XML and writes its text, each thing once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from indexer.extract.package import Package
from indexer.extract.part_walker import PartWalker, one_line
from indexer.extract.xml_stream import Attributes

_NAMESPACES: Final = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "urn:schemas-microsoft-com:vml": "v",
}
#: Elements whose text is content.
_TEXT: Final = frozenset({"w:t", "m:t", "a:t"})
#: Elements that hold no content: properties, what a tracked change took away, field codes,
#: and the readings above Chinese characters, which would tear words apart.
_SKIPPED: Final = frozenset(
    "w:pPr w:rPr w:tblPr w:tblGrid w:trPr w:tcPr w:sectPr w:sdtPr w:sdtEndPr "
    "w:del w:moveFrom w:delText w:instrText w:delInstrText w:rt".split()
)
_MARKS: Final = {
    "w:tab": "\t",
    "w:ptab": "\t",
    "w:br": "\n",
    "w:cr": "\n",
    "a:br": "\n",
    "w:noBreakHyphen": "-",
}
_PARAGRAPHS: Final = frozenset({"w:p", "a:p"})
#: Written together: each call to write costs as much as cleaning a long line.
_TOGETHER: Final = 500


@dataclass(slots=True)
class _Flow:
    """A run of paragraphs: the part itself, a table cell, or a text box."""

    pieces: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)


class Walker(PartWalker):
    """Writes text paragraph by paragraph; text boxes follow the paragraph they hang on."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """Take where to write."""
        super().__init__(_NAMESPACES)
        self._write = write
        self._flows = [_Flow()]
        self._rows: list[list[str]] = []
        self._in_text = False

    def walk(self, package: Package, part: str) -> None:
        """Write all the text of one part."""
        self.go_through(package, part)
        self._flush(self._flows[0])

    def begin(self, name: str, attributes: Attributes) -> bool:
        """Take the start of an element; say whether what is in it is content."""
        if name in _SKIPPED:
            return False
        if name in _TEXT:
            self._in_text = True
        elif name in _MARKS:
            self._add(_MARKS[name])
        elif name == "w:sym":
            self._add(_symbol(attributes))
        elif name == "v:textpath":  # a watermark, or decorated letters
            self._add(attributes.get("string", "") + "\n")
        elif name == "w:tr":
            self._rows.append([])
        elif name in ("w:tc", "w:txbxContent"):
            self._flows.append(_Flow())
        return True

    def finish(self, name: str) -> None:
        """Take the end of an element whose content was read."""
        if name in _TEXT:
            self._in_text = False
        elif name in _PARAGRAPHS:
            self._end_paragraph()
        elif name == "w:tc":
            self._end_cell()
        elif name == "w:tr":
            self._add("\t".join(self._rows.pop()) + "\n")
            self._end_of_outermost()
        elif name == "w:txbxContent":
            box = "".join(self._close_flow())
            self._flows[-1].boxes.append(box)

    def characters(self, text: str) -> None:
        """Take text."""
        if self._in_text:
            self._add(text)

    def _add(self, text: str) -> None:
        self._flows[-1].pieces.append(text)

    def _end_paragraph(self) -> None:
        flow = self._flows[-1]
        flow.pieces.append("\n")
        flow.pieces.extend(flow.boxes)
        flow.boxes.clear()
        self._end_of_outermost()

    def _end_of_outermost(self) -> None:
        if len(self._flows) == 1 and len(self._flows[0].pieces) >= _TOGETHER:
            self._flush(self._flows[0])

    def _end_cell(self) -> None:
        cell = one_line("".join(self._close_flow()))
        if self._rows:
            self._rows[-1].append(cell)
        else:
            self._add(f"{cell}\n")

    def _close_flow(self) -> list[str]:
        flow = self._flows.pop()
        return flow.pieces + flow.boxes

    def _flush(self, flow: _Flow) -> None:
        self._write("".join(flow.pieces + flow.boxes))
        flow.pieces.clear()
        flow.boxes.clear()


def _symbol(attributes: Attributes) -> str:
    """Return the character of a symbol font as the file has it, mostly of the private area."""
    code = next((v for k, v in attributes.items() if k.endswith(" char")), "")
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
