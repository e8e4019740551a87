"""Marks what was found in the original text, and cuts snippets around it.

Personal numbers never leave here: those that happen to stand near a hit are masked, and no
phrase is marked inside one, because the index does not hold it either. Everything is returned
as segments `{text, hit}` for a template to escape.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from service import masking, personal_numbers
from service.personal_numbers import PersonalNumber
from service.search import patterns, query
from service.search.patterns import Wanted
from service.search.query import BlindToken, Node

#: Parts of a text that are read for one result.
MAX_PARTS = 3

#: After so many hits no further part is read.
_ENOUGH = 200

_SNIPPETS = 3
_BEFORE = 24
_AFTER = 72
#: Room in which a whole personal number fits.
_ROOM = personal_numbers.LONGEST
#: Different things marked at most, and marks that are looked at to choose snippets.
_MAX_WANTED = 24
_MAX_MARKS = 400
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ue000]+")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text, and whether it is what was asked for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """A line around hits; `page` counts from 1."""

    page: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Snippets:
    """The best lines of a document, and how many hits which page has, in the parts read."""

    snippets: tuple[Snippet, ...]
    pages: tuple[tuple[int, int], ...]


class _Mark(NamedTuple):
    """Where a wanted thing stands, and which one it is."""

    start: int
    end: int
    which: int


class Marker:
    """Marks one query; made once, used on many texts."""

    @classmethod
    def of(cls, asked: "Asked") -> "Marker":
        """Return the marker of a query, or the one that was made of it already."""
        return asked if isinstance(asked, cls) else cls(asked)  # type: ignore[arg-type]

    def __init__(self, node: Node | None) -> None:
        leaves = list(dict.fromkeys(query.leaves(node)))
        wanted = [w for leaf in leaves if (w := patterns.wanted(leaf)) is not None]
        self._wanted = wanted[:_MAX_WANTED]
        self._numbers = {leaf.number for leaf in leaves if isinstance(leaf, BlindToken)}

    def asked_for(self, number: PersonalNumber) -> bool:
        """Say whether the query asks for exactly this number."""
        return number.normal in self._numbers

    def marks(self, text: str) -> list[_Mark]:
        """Return all marks from left to right; they may overlap."""
        found = [m for n, wanted in enumerate(self._wanted) for m in _found(text, wanted, n)]
        if self._numbers or any(self._wanted[mark.which].digits for mark in found):
            numbers = personal_numbers.find(text)
            found = _outside(found, numbers)
            asked = filter(self.asked_for, numbers)
            found += [_Mark(n.start, n.end, len(self._wanted)) for n in asked]
        return sorted(found)


#: What to mark: a query, or its marker where many texts are marked for the same one.
Asked = Node | Marker | None


def marks(text: str, node: Node | None) -> list[tuple[int, int]]:
    """Return where a text holds what was asked for: start and end, none overlapping."""
    return _joined((mark.start, mark.end) for mark in Marker(node).marks(text))


def segments(text: str, asked: Asked) -> tuple[Segment, ...]:
    """Return a whole short text, a title for example, with its hits marked."""
    marker = Marker.of(asked)
    return _cut(text, 0, len(text), marker, marker.marks(text))


def snippets(
    parts: Iterable[tuple[int, str]], page_starts: Sequence[int], asked: Asked
) -> Snippets:
    """Return the best lines of a document; `parts` are its text as (start, text), in order."""
    marker = Marker.of(asked)
    pages: Counter[int] = Counter()
    lines: list[_Line] = []
    for start, text, known in _overlapping(islice(parts, MAX_PARTS)):
        found = [mark for mark in marker.marks(text) if mark.end > known]
        for begin, _ in _joined((mark.start, mark.end) for mark in found):
            pages[_page(page_starts, start + begin)] += 1
        lines += _lines(start, text, found)
        if pages.total() >= _ENOUGH:
            break
    best = sorted(lines, key=lambda line: -line.worth)[:_SNIPPETS]
    chosen = sorted(best, key=lambda line: line.start + line.marks[0].start)
    return Snippets(
        tuple(_snippet(line, page_starts, marker) for line in chosen),
        tuple(sorted(pages.items())),
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """Marks that stand close together in a text that begins at `start`."""

    start: int
    text: str
    marks: list[_Mark]

    @property
    def worth(self) -> int:
        """Return how many different things stand here."""
        return len({mark.which for mark in self.marks})


def _lines(start: int, text: str, found: Sequence[_Mark]) -> list[_Line]:
    lines: list[_Line] = []
    for mark in found[:_MAX_MARKS]:
        if lines and mark.end <= lines[-1].marks[0].start + _AFTER:
            lines[-1].marks.append(mark)
        else:
            lines.append(_Line(start, text, [mark]))
    return lines


def _snippet(line: _Line, page_starts: Sequence[int], marker: Marker) -> Snippet:
    first, last = line.marks[0], max(mark.end for mark in line.marks)
    begin = max(0, first.start - _BEFORE)
    end = min(len(line.text), max(last, first.start + _AFTER))
    return Snippet(
        _page(page_starts, line.start + first.start),
        _cut(line.text, begin, end, marker, line.marks),
    )


def _cut(
    text: str, begin: int, end: int, marker: Marker, found: Iterable[_Mark]
) -> tuple[Segment, ...]:
    """Cut a piece out of a text, hits apart from the rest, personal numbers masked."""
    numbers = personal_numbers.find(text, max(0, begin - _ROOM), end + _ROOM)
    near = [number for number in numbers if number.start < end and number.end > begin]
    begin = min([begin, *(number.start for number in near)])
    end = max([end, *(number.end for number in near)])
    spans = [(n.start, n.end, masking.number(n), marker.asked_for(n)) for n in near]
    taken = [(n.start, n.end) for n in near]
    for start, stop in _joined((mark.start, mark.end) for mark in found):
        if not any(start < last and stop > first for first, last in taken):
            spans.append((start, stop, text[start:stop], True))
    pieces = [Segment("…", hit=False)] if begin else []
    for start, stop, shown, hit in sorted(spans):
        pieces += (Segment(text[begin:start], hit=False), Segment(shown, hit=hit))
        begin = stop
    pieces += (
        Segment(text[begin:end], hit=False),
        Segment("…" if end < len(text) else "", hit=False),
    )
    return _merged(pieces)


def _merged(pieces: Iterable[Segment]) -> tuple[Segment, ...]:
    """Join neighbours of one kind and make every break a blank."""
    merged: list[Segment] = []
    for piece in pieces:
        text = _BLANK.sub(" ", piece.text)
        if merged and merged[-1].hit == piece.hit:
            merged[-1] = Segment(merged[-1].text + text, hit=piece.hit)
        elif text:
            merged.append(Segment(text, hit=piece.hit))
    return tuple(merged)


def _found(text: str, wanted: Wanted, which: int) -> Iterator[_Mark]:
    known: dict[str, bool] = {}  # the same few spellings come again and again
    for match in wanted.matches(text):
        start, end = match.start(), patterns.end_of(text, match.end())
        found = text[start:end]
        if found not in known:
            known[found] = wanted.meant(found)
        if known[found]:
            yield _Mark(start, end, which)


def _outside(found: Iterable[_Mark], numbers: Sequence[PersonalNumber]) -> list[_Mark]:
    """Leave out marks that touch a personal number: the index holds a break there."""
    starts = [number.start for number in numbers]
    return [
        mark
        for mark in found
        if not (before := bisect_left(starts, mark.end)) or numbers[before - 1].end <= mark.start
    ]


def _overlapping(parts: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str, int]]:
    """Put the end of each part before the next one: a phrase may cross a page.

    The third value says how much of the text was looked at before.
    """
    tail, expected = "", -1
    for start, text in parts:
        known = tail if start == expected else ""
        yield start - len(known), known + text, len(known)
        tail, expected = text[-_ROOM:], start + len(text)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that overlap; they come in order."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _page(page_starts: Sequence[int], offset: int) -> int:
    return max(1, bisect_right(page_starts, offset))
