"""Walks the parts of a PPTX: the order of the slides, and the text of one slide, note or chart."""

from dataclasses import dataclass, field
from typing import Final

from indexer.extract.package import Package
from indexer.extract.part_walker import PartWalker, one_line
from indexer.extract.xml_stream import Attributes, Names, XmlStream

_NAMESPACES: Final = {
    "http://schemas.openxmlformats.org/presentationml/2006/main": "p",
    "http://purl.oclc.org/ooxml/presentationml/main": "p",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
    "http://schemas.openxmlformats.org/drawingml/2006/chart": "c",
    "http://purl.oclc.org/ooxml/drawingml/chart": "c",
    "http://schemas.microsoft.com/office/drawing/2014/chartex": "cx",
    "http://schemas.openxmlformats.org/drawingml/2006/diagram": "dgm",
    "http://purl.oclc.org/ooxml/drawingml/diagram": "dgm",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
}
#: Elements whose text is content; `p:text` is a comment of the older kind.
_TEXT: Final = frozenset({"a:t", "m:t", "p:text"})
#: Elements whose end ends a line.
_LINES: Final = frozenset({"a:p", "p:text"})
#: Elements that refer to a chart or a diagram, which stands in a part of its own.
_FIGURES: Final = frozenset({"c:chart", "cx:chart", "dgm:relIds"})
#: Names of things, series and categories; the numbers beside them are no words.
_CHART_WORDS: Final = frozenset(
    {"c:strCache", "c:strLit", "c:multiLvlStrCache", "cx:strDim", "cx:txData"}
)
_CHART_TEXT: Final = frozenset({"c:v", "cx:pt", "cx:v"})
_SHAPES: Final = frozenset({"p:sp", "p:graphicFrame"})
_TITLES: Final = frozenset({"title", "ctrTitle"})
#: Every slide has its number; on a page of notes the rest comes from its master too.
_NUMBER: Final = frozenset({"sldNum"})
_ABOUT_NOTES: Final = frozenset({"sldNum", "hdr", "ftr", "dt"})


@dataclass(slots=True)
class Slide:
    """The words of a slide, shape by shape, and its title."""

    pieces: list[str] = field(default_factory=list)
    title: str = ""


def slide_parts(package: Package, presentation: str) -> list[str]:
    """Return the parts of the slides in the order they are shown, each once."""
    wanted: list[str] = []
    names = Names.of(_NAMESPACES)

    def start(tag: str, attributes: Attributes) -> None:
        if names[tag] == "p:sldId":
            wanted.append(_relation(attributes, " id"))

    package.parse(presentation, XmlStream(start=start))
    relations = package.relations(presentation)
    found = [relations[relation] for relation in wanted if relation in relations]
    return list(dict.fromkeys(part for kind, part in found if kind == "slide"))


def read_slide(package: Package, part: str) -> Slide:
    """Return the words of one slide with those of its charts and diagrams in their places."""
    return _ShapeWalker(package, part, _NUMBER).walk()


def read_notes(package: Package, part: str) -> Slide:
    """Return what the speaker noted for one slide."""
    return _ShapeWalker(package, part, _ABOUT_NOTES).walk()


class _ShapeWalker(PartWalker):
    """Writes the text of shapes as they stand in the part, which is their reading order."""

    def __init__(self, package: Package, part: str, left_out: frozenset[str]) -> None:
        super().__init__(_NAMESPACES)
        self._package, self._part = package, part
        self._left_out = left_out
        self._figures = package.relations(part)
        self._slide = Slide()
        self._row: list[str] = []
        #: the text of the shape, or of the table cell, that is being read
        self._shape: list[str] = []
        self._cell: list[str] | None = None
        self._kind = ""
        self._in_text = False

    def walk(self) -> Slide:
        """Read the whole part."""
        self.go_through(self._package, self._part)
        self._end_shape()
        return self._slide

    def begin(self, name: str, attributes: Attributes) -> bool:
        """Take the start of an element; all of it is content."""
        if name in _TEXT:
            self._in_text = True
        elif name in _SHAPES:
            self._end_shape()
        elif name == "p:ph":
            self._kind = attributes.get("type", "obj")
        elif name == "a:br":
            self._add("\n")
        elif name == "a:tc":
            self._cell = []
        elif name in _FIGURES:
            self._figure(attributes)
        return True

    def finish(self, name: str) -> None:
        """Take the end of an element whose content was read."""
        if name in _TEXT:
            self._in_text = False
        if name in _LINES:
            self._add("\n")
        elif name in _SHAPES:
            self._end_shape()
        elif name == "a:tc":
            self._row.append(one_line("".join(self._cell or [])))
            self._cell = None
        elif name == "a:tr":
            self._add("\t".join(self._row) + "\n")
            self._row.clear()

    def characters(self, text: str) -> None:
        """Take text."""
        if self._in_text:
            self._add(text)

    def _add(self, text: str) -> None:
        (self._shape if self._cell is None else self._cell).append(text)

    def _end_shape(self) -> None:
        text = "".join(self._shape)
        if text.strip() and self._kind not in self._left_out:
            self._slide.pieces.append(text)
            if self._kind in _TITLES and not self._slide.title:
                self._slide.title = " ".join(text.split())
        self._shape.clear()
        self._kind = ""

    def _figure(self, attributes: Attributes) -> None:
        """Read a chart or a diagram here, each once however often it is named."""
        relation = _relation(attributes, " id") or _relation(attributes, " dm")
        _, part = self._figures.pop(relation, ("", ""))
        if part and part != self._part:
            self._add(_FigureWalker().words(self._package, part))


class _FigureWalker(PartWalker):
    """Reads the words of a chart or a diagram."""

    def __init__(self) -> None:
        super().__init__(_NAMESPACES)
        self._lines: list[str] = []
        self._line: list[str] = []
        self._open_words = 0
        self._reading = False

    def words(self, package: Package, part: str) -> str:
        """Return the words of a part, a line each and each once."""
        self.go_through(package, part)
        return "".join(f"{line}\n" for line in dict.fromkeys(self._lines) if line.strip())

    def begin(self, name: str, _: Attributes) -> bool:
        """Take the start of an element; all of it may hold words."""
        if name in _CHART_WORDS:
            self._open_words += 1
        elif name == "a:br":
            self._line.append(" ")
        self._reading = name in _TEXT or (self._open_words > 0 and name in _CHART_TEXT)
        return True

    def finish(self, name: str) -> None:
        """Take the end of an element."""
        if name in _CHART_WORDS:
            self._open_words -= 1
        if name == "a:p" or (self._reading and name not in _TEXT):
            self._lines.append("".join(self._line))
            self._line.clear()
        self._reading = False

    def characters(self, text: str) -> None:
        """Take text."""
        if self._reading:
            self._line.append(text)


def _relation(attributes: Attributes, name: str) -> str:
    """Return the value of an attribute of the namespace of relations, old or strict."""
    return next((value for key, value in attributes.items() if key.endswith(name)), "")
