"""Writes the text of a web page as a browser shows it, without loading anything it names.

`html.parser` takes whatever tags come, as browsers do; this keeps the open ones, so that
what a page hides stays hidden to the end of it and cells keep to their rows.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from indexer.extract.result import Reason, Unreadable

#: Elements that show nothing, whatever they hold.
_SILENT: Final = frozenset(
    "script style template noscript noframes iframe object audio video canvas svg head datalist "
    "rt rp".split()
)
#: Of the head only the title is shown, above the window. What else may stand there ends it not.
_TITLE: Final = "title"
_OF_HEAD: Final = frozenset("html head title meta link base script style noscript template".split())
_BLOCKS: Final = frozenset(
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol "
    "option p pre section select summary table tbody tfoot thead caption textarea ul".split()
)
_VOID: Final = frozenset(
    "area base basefont bgsound br col embed frame hr img input link meta param source track "
    "wbr".split()
)
_CELLS: Final = frozenset({"td", "th"})
_AS_WRITTEN: Final = frozenset({"pre", "textarea", "listing", "xmp"})
#: What a tag ends that is still open, because pages leave its end tag out.
_ENDS: Final = {
    **dict.fromkeys(_BLOCKS, ("p",)),
    **dict.fromkeys(("html", "body"), ()),
    "li": ("li",),
    "dt": ("dt", "dd"),
    "dd": ("dt", "dd"),
    "option": ("option",),
    "td": ("td", "th"),
    "th": ("td", "th"),
    "tr": ("td", "th", "tr"),
    "tbody": ("td", "th", "tr", "tbody", "thead"),
    "tfoot": ("td", "th", "tr", "tbody", "thead"),
}
#: An end that is left out is looked for within these only: a list in an item is its own.
_WALLS: Final = frozenset({"table", "ul", "ol", "dl", "select", "menu", "dir"})
#: Ends that reach out of a cell; every other end is one of something in the cell, or nothing.
_OF_TABLE: Final = frozenset("table tr td th tbody thead tfoot caption body html".split())
_HIDING: Final = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SPACES: Final = re.compile("[ \t\n\r\f]+")
_WIDE: Final = "[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
#: A line end in the source between two Chinese characters is shown as nothing.
_TORN: Final = re.compile(f"(?<={_WIDE})[ \t\r\f]*\n[ \t\n\r\f]*(?={_WIDE})")
_TYPED: Final = frozenset("text search tel url email number date submit button reset".split())
_DEEPEST: Final = 2_000
#: Written together: each call to write costs as much as cleaning a long line.
_TOGETHER: Final = 500


@dataclass(slots=True)
class _Flow:
    """Lines of the page itself or of one cell; `several` tells that they must stay lines."""

    pieces: list[str] = field(default_factory=list)
    last: str = "\n"
    several: bool = False
    row: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        if text:
            self.pieces.append(text)
            self.last = text[-1]

    def end_line(self) -> None:
        if self.last == " " and self.pieces:
            text = self.pieces.pop()[:-1]
            self.last = self.pieces[-1][-1] if self.pieces else "\n"
            self.add(text)
        if self.last != "\n":
            self.add("\n")


@dataclass(slots=True)
class _Open:
    """An open element: its tag, whether it hides what it holds, and the cell it began."""

    tag: str
    hides: bool
    cell: bool = False


class PageWalker(HTMLParser):
    """Fed with the source of a page piece by piece; writes its text."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """Take where to write."""
        super().__init__(convert_charrefs=True)
        self._write = write
        self._open: list[_Open] = []
        self._counts: Counter[str] = Counter()
        self._flows = [_Flow()]
        self._hidden = 0
        self._as_written = 0
        self._title: list[str] = []

    def close(self) -> None:
        """Say that nothing follows."""
        super().close()
        while self._open:
            self._pop()
        self._end_row()
        self._flows[0].end_line()
        self._flush()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, and end those whose end it tells."""
        self._end_before(tag)
        if tag in _VOID:
            self._void(tag, dict(attrs))
            return
        if len(self._open) >= _DEEPEST:
            raise Unreadable(Reason.TOO_COMPLEX, "html depth")
        self._begin(tag)
        hides = tag in _SILENT or _hides(attrs)
        cell = tag in _CELLS and not self._hidden and not hides
        self._open.append(_Open(tag, hides, cell))
        self._counts[tag] += 1
        self._hidden += hides
        self._as_written += tag in _AS_WRITTEN
        if cell:
            self._flows.append(_Flow())

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element: browsers do not take a slash at its end for the end of it."""
        self.handle_starttag(tag, attrs)
        if tag in _SILENT and self._open and self._open[-1].tag == tag:  # but XHTML means it
            self._pop()

    def handle_endtag(self, tag: str) -> None:
        """End an element with all that is open in it; an end without a beginning is nothing."""
        if tag in ("br", "p") and not self._counts[tag]:
            self._line(always=tag == "br")
        elif self._counts[tag] and self._reaches(tag):
            while self._pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Write text that is shown."""
        if self._open and self._open[-1].tag == _TITLE and not self._counts["svg"]:
            self._title.append(data)
            return
        if self._hidden:
            return
        flow = self._flows[-1]
        if self._as_written:
            flow.add(data)
            return
        text = _SPACES.sub(" ", _TORN.sub("", data))
        flow.add(text[1:] if text[:1] == " " and flow.last in " \n" else text)

    def parse_marked_section(self, i: int, report: bool = True) -> int:  # noqa: FBT001, FBT002
        """Pass over what Word writes for itself, as browsers do; the parser of Python fails."""
        return self.parse_bogus_comment(i, report)

    def _begin(self, tag: str) -> None:
        if self._hidden:
            return
        if tag == "table":
            self._end_row()
            if len(self._flows) > 1:
                self._flows[-1].several = True
        if tag == "tr":
            self._end_row()
        if tag in _BLOCKS:
            self._line()

    def _void(self, tag: str, attributes: dict[str, str | None]) -> None:
        if self._hidden:
            return
        if tag in ("br", "hr"):
            self._line(always=tag == "br")
        elif tag == "input" and (attributes.get("type") or "text").lower() in _TYPED:
            self.handle_data(f" {attributes.get('value') or ''} ")

    def _line(self, *, always: bool = False) -> None:
        if self._hidden:
            return
        flow = self._flows[-1]
        if always:
            flow.add("\n")
        flow.end_line()
        if len(self._flows) == 1 and len(flow.pieces) >= _TOGETHER:
            self._flush()

    def _end_before(self, tag: str) -> None:
        """End what a tag ends by itself, as far up as the list or table it stands in."""
        if self._counts["head"] and tag not in _OF_HEAD:
            while self._pop() != "head":
                pass
        ends = _ENDS.get(tag)
        if not ends or not any(self._counts[end] for end in ends):
            return
        last = None
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at].tag in ends:
                last = at
            elif self._open[at].tag in _WALLS or (ends == ("p",) and self._open[at].tag in _CELLS):
                break
        while last is not None and len(self._open) > last:
            self._pop()

    def _pop(self) -> str:
        """End the innermost element and return its tag."""
        element = self._open.pop()
        self._counts[element.tag] -= 1
        self._hidden -= element.hides
        self._as_written -= element.tag in _AS_WRITTEN
        if element.tag == _TITLE:
            self._end_title()
        elif element.cell:
            self._end_cell()
        elif not self._hidden and not element.hides:
            if element.tag in ("tr", "table"):
                self._end_row()
            if element.tag in _BLOCKS:
                self._line()
        return element.tag

    def _reaches(self, tag: str) -> bool:
        """Tell whether an end is that of something open here, not outside of this cell."""
        for element in reversed(self._open):
            if element.tag == tag:
                return True
            if element.tag == "table" or (element.tag in _CELLS and tag not in _OF_TABLE):
                return tag in ("body", "html")
        return False

    def _end_title(self) -> None:
        words = " ".join("".join(self._title).split())
        self._title.clear()
        if words:
            self._flows[0].add(words + "\n")

    def _end_cell(self) -> None:
        self._end_row()
        cell = self._flows.pop()
        text = "".join(cell.pieces).strip()
        row = self._flows[-1]
        row.row.append(text if cell.several else " ".join(text.split("\n")))

    def _end_row(self) -> None:
        """Write a row: its cells beside each other, or one below the other if one is a table."""
        flow = self._flows[-1]
        if flow.row:
            flow.end_line()
            tall = any("\n" in cell for cell in flow.row)
            flow.add(("\n" if tall else "\t").join(flow.row) + "\n")
            flow.row.clear()

    def _flush(self) -> None:
        flow = self._flows[0]
        self._write("".join(flow.pieces))
        flow.pieces.clear()


def _hides(attributes: list[tuple[str, str | None]]) -> bool:
    """Tell whether an element says of itself that it is not shown."""
    return any(
        name == "hidden" or (name == "style" and value and _HIDING.search(value))
        for name, value in attributes
    )
