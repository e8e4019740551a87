"""Lines that were recognised with doubt: shown in the text, and boxed on the page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from service import layouts
from service.archive import Call
from service.layouts import DOUBTFUL, Quad
from service.texts import Segment, TextView

#: Of a text with more pages that have doubtful lines, those of the first ones are shown.
MOST_PAGES = 300


@dataclass(frozen=True, slots=True)
class Doubt:
    """A doubtful line of a page: its number there from 1, code points, how sure, and where."""

    no: int
    start: int
    end: int
    confidence: float
    quad: Quad


def of_text(call: Call, text: TextView) -> dict[int, tuple[Doubt, ...]]:
    """Return page → its doubtful lines in order, of a text that was read in this call."""
    pages = [page.n for page in text.pages if page.doubtful_lines][:MOST_PAGES]
    if not pages:
        return {}
    found = layouts.of_pages(call.db, call.ring, text.id, pages)
    return {no: of_lines(lines) for no, lines in found.items()}


def of_lines(lines: Sequence[layouts.Line]) -> tuple[Doubt, ...]:
    """Return the doubtful lines of a page, in order."""
    doubtful = sorted(
        (line.start, line.end, line.confidence, line.quad)
        for line in lines
        if line.confidence is not None and line.confidence < DOUBTFUL
    )
    return tuple(Doubt(no, *said) for no, said in enumerate(doubtful, 1))


Piece = tuple[Doubt | None, tuple[Segment, ...]]


def pieces(segments: Sequence[Segment], doubts: Sequence[Doubt]) -> list[Piece]:
    """Cut a page's segments where doubtful lines begin and end; a doubt goes with its segments.

    Of a hit that is cut only the first part keeps its number: there is one place to jump to.
    """
    found, at = list[Piece](), 0
    rest = list(segments)
    for doubt in doubts:
        if doubt.start < at:  # one that overlaps the one before
            continue
        before, rest = _split(rest, doubt.start - at)
        inside, rest = _split(rest, doubt.end - doubt.start)
        at = doubt.end
        found += [(None, tuple(before))] if before else []
        found += [(doubt, tuple(inside))] if inside else []
    return [*found, (None, tuple(rest))] if rest else found


def _split(segments: list[Segment], chars: int) -> tuple[list[Segment], list[Segment]]:
    first = list[Segment]()
    for i, segment in enumerate(segments):
        if chars <= 0:
            return first, segments[i:]
        if len(segment.text) > chars:
            again = None if segment.hit is None else 0
            first.append(replace(segment, text=segment.text[:chars]))
            return first, [Segment(segment.text[chars:], again), *segments[i + 1 :]]
        first.append(segment)
        chars -= len(segment.text)
    return first, []
