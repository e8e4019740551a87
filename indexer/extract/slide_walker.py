"""Walks the parts of a PPTX: the order of the slides, and the text of one slide, note or chart."""

from dataclasses import dataclass, field
from typing import Final

from indexer.extract.package import Package
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
_CHART_WORDS: Final = frozenset({"c:strCache", "c:strLit", "c:multiLvlStrCache", "cx:strDim"})
_CHART_TEXT: Final = frozenset({"c:v", "cx:pt"})
_CHOICES: Final = frozenset({"mc:Choice", "mc:Fallback"})
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

    def start(tag: str, attributes: Attributes) -> None:
        if _short(tag) == "p:sldId":
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


class _ShapeWalker:
    """Writes the text of shapes as they stand in the part, which is their reading order."""

    def __init__(self, package: Package, part: str, left_out: frozenset[str]) -> None:
        self._package, self._part = package, part
        self._left_out = left_out
        self._figures = package.relations(part)
        self._names = Names(_short)
        self._slide = Slide()
        self._choices: list[bool] = []
        self._row: list[str] = []
        #: the text of the shape, or of the table cell, that is being read
        self._shape: list[str] = []
        self._cell: list[str] | None = None
        self._kind = ""
        self._skipping = 0
        self._in_text = False

    def walk(self) -> Slide:
        """Read the whole part."""
        stream = XmlStream(start=self._start, end=self._end, text=self._text)
        self._package.parse(self._part, stream)
        self._end_shape()
        return self._slide

    def _start(self, tag: str, attributes: Attributes) -> None:
        if self._skipping:
            self._skipping += 1
            return
        name = self._names[tag]
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
        elif name == "mc:AlternateContent":
            self._choices.append(False)
        elif name in _CHOICES and self._is_second_choice():
            self._skipping = 1

    def _end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        name = self._names[tag]
        if name in _TEXT:
            self._in_text = False
        if name in _LINES:
            self._add("\n")
        elif name in _SHAPES:
            self._end_shape()
        elif name == "a:tc":
            self._row.append(" ".join("".join(self._cell or []).split("\n")).strip())
            self._cell = None
        elif name == "a:tr":
            self._add("\t".join(self._row) + "\n")
            self._row.clear()
        elif name == "mc:AlternateContent":
            self._choices.pop()

    def _text(self, text: str) -> None:
        if self._in_text and not self._skipping:
            self._add(text)

    def _add(self, text: str) -> None:
        (self._shape if self._cell is None else self._cell).append(text)

    def _is_second_choice(self) -> bool:
        """Of alternatives that say the same thing, only the first is read."""
        if not self._choices:
            return False
        taken, self._choices[-1] = self._choices[-1], True
        return taken

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
            self._add(_figure_words(self._package, part))


def _figure_words(package: Package, part: str) -> str:
    """Return the words of a chart or a diagram, a line each and each once."""
    names = Names(_short)
    lines: list[str] = []
    line: list[str] = []
    open_words: list[str] = []
    reading = [False]

    def start(tag: str, _: Attributes) -> None:
        name = names[tag]
        if name in _CHART_WORDS or name == "cx:txData":
            open_words.append(name)
        elif name == "a:br":
            line.append(" ")
        reading[0] = name in _TEXT or bool(open_words and (name in _CHART_TEXT or name == "cx:v"))

    def end(tag: str) -> None:
        name = names[tag]
        if name in _CHART_WORDS or name == "cx:txData":
            open_words.pop()
        if name == "a:p" or (reading[0] and name not in _TEXT):
            lines.append("".join(line))
            line.clear()
        reading[0] = False

    def text(text: str) -> None:
        if reading[0]:
            line.append(text)

    package.parse(part, XmlStream(start=start, end=end, text=text))
    return "".join(f"{words}\n" for words in dict.fromkeys(lines) if words.strip())


def _short(tag: str) -> str:
    namespace, _, local = tag.rpartition(" ")
    return f"{_NAMESPACES.get(namespace, '?')}:{local}"


def _relation(attributes: Attributes, name: str) -> str:
    """Return the value of an attribute of the namespace of relations, old or strict."""
    return next((value for key, value in attributes.items() if key.endswith(name)), "")
