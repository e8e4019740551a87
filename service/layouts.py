"""Where the lines of a page's text stand on the page: stored sealed, cut into boxes of hits.

A line tells which code points of the page's stored text it holds, and in which quadrilateral
they stand: top left, top right, bottom right, bottom left as one reads the line, in the units of
the page as displayed upright, from its top left corner. `page.width` and `page.height` are in
the same units, and `page.rotation` is how far the file's own page was turned clockwise to stand
upright. A sealed layout is a list in JSON of `[start, end, confidence, quad, edges]`.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.crypto import seal_layout, unseal_layout
from service.keystore import Ring
from service.models import PageLayout, Text
from service.rows import add_new

#: Four corners as x and y in turn.
Quad = tuple[float, float, float, float, float, float, float, float]

#: Edges are counted in thousandths of the line's length.
WHOLE = 1000

#: Below this, what was recognised is doubtful.
DOUBTFUL = 0.8

_NUMBERS = 8
_MOST_LINES = 20_000
_LONGEST_LINE = 20_000
_FARTHEST = 1_000_000.0


@dataclass(frozen=True, slots=True)
class Line:
    """Code points `start` to before `end` of a page's text, and where they stand.

    `confidence` is between 0 and 1, None where nothing was guessed. `edges`, if any, has an
    entry for each code point: where it ends along the line, in thousandths of the line.
    """

    start: int
    end: int
    confidence: float | None
    quad: Quad
    edges: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """Where a mark, or the part of it that stands on one line, is on the page."""

    quad: Quad
    confidence: float | None = None

    @property
    def doubtful(self) -> bool:
        """Say whether what stands there was recognised with little confidence."""
        return self.confidence is not None and self.confidence < DOUBTFUL


def checked(value: object, chars: int) -> list[Line]:
    """Return lines as a sandbox sent them for a page of `chars` code points.

    Raises `ValueError` when they have not exactly the expected shape: the sandbox has read a file
    that may be hostile.
    """
    if not isinstance(value, list) or len(value) > _MOST_LINES:
        raise ValueError("no lines")
    found = [_line(one) for one in value]
    if any(line.end > chars for line in found):
        raise ValueError("a line outside its page")
    return found


def seal_rows(
    ring: Ring, version_id: str, text_id: str, pages: Mapping[int, Sequence[Line]]
) -> list[dict[str, object]]:
    """Return the rows of the layouts of a text's pages, sealed under its version's key."""
    key = ring.version(version_id)
    return [
        {"text": text_id, "no": no, "ct": seal_layout(key, _said(lines), text_id=text_id, no=no)}
        for no, lines in pages.items()
    ]


def put(db: Session, rows: Iterable[Mapping[str, object]]) -> None:
    """Write layouts as `seal_rows` sealed them; a page that has one keeps it."""
    add_new(db, PageLayout, rows)


def lines(db: Session, ring: Ring, text_id: str, page_no: int) -> list[Line] | None:
    """Return the lines of a page of a text; None where no layout was made yet."""
    return of_pages(db, ring, text_id, [page_no]).get(page_no)


def of_pages(db: Session, ring: Ring, text_id: str, pages: Sequence[int]) -> dict[int, list[Line]]:
    """Return page → its lines, of those of a text's pages whose layout is known."""
    wanted = select(PageLayout.no, PageLayout.ct, Text.version).join(
        Text, Text.id == PageLayout.text
    )
    rows = db.execute(wanted.where(PageLayout.text == text_id, PageLayout.no.in_(pages))).all()
    return {
        row.no: [
            _line(one)
            for one in json.loads(
                unseal_layout(ring.version(row.version), row.ct, text_id=text_id, no=row.no)
            )
        ]
        for row in rows
    }


def boxes_of(lines: Sequence[Line], marks: Iterable[tuple[int, int]]) -> list[list[Box]]:
    """Return where each mark (start, end in the page's text) stands: a box for each line it is on.

    A mark whose text stands nowhere, because it was typed into a form, has none.
    """
    return [
        [
            Box(_cut(line, max(start, line.start), min(end, line.end)), line.confidence)
            for line in lines
            if line.start < end and start < line.end
        ]
        for start, end in marks
    ]


def _cut(line: Line, start: int, end: int) -> Quad:
    """Return the part of a line's quadrilateral in which some of its code points stand."""
    first, last = (_edge(line, at - line.start) for at in (start, end))
    x0, y0, x1, y1, x2, y2, x3, y3 = line.quad
    return (
        *_between(x0, y0, x1, y1, first),
        *_between(x0, y0, x1, y1, last),
        *_between(x3, y3, x2, y2, last),
        *_between(x3, y3, x2, y2, first),
    )


def _edge(line: Line, count: int) -> float:
    """Return where the first `count` code points of a line end, as a share of it."""
    if not count:
        return 0.0
    if line.edges:
        return line.edges[count - 1] / WHOLE
    return count / (line.end - line.start)


def _between(x0: float, y0: float, x1: float, y1: float, share: float) -> tuple[float, float]:
    return round(x0 + (x1 - x0) * share, 2), round(y0 + (y1 - y0) * share, 2)


def _said(lines: Sequence[Line]) -> str:
    said = [
        [line.start, line.end, line.confidence, [round(n, 2) for n in line.quad], list(line.edges)]
        for line in lines
    ]
    return json.dumps(said, separators=(",", ":"))


def _line(value: object) -> Line:
    match value:
        case [int(start), int(end), confidence, list(quad)]:
            edges: object = []
        case [int(start), int(end), confidence, list(quad), list(edges)]:
            pass
        case _:
            raise ValueError("no line")
    if not 0 <= start < end <= start + _LONGEST_LINE:
        raise ValueError("no range")
    return Line(start, end, _confidence(confidence), _quad(quad), _edges(edges, end - start))


def _confidence(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("no confidence")
    return float(value)


def _quad(values: list[object]) -> Quad:
    numbers = [float(n) for n in values if isinstance(n, int | float) and abs(n) <= _FARTHEST]
    if len(values) != _NUMBERS or len(numbers) != _NUMBERS or not all(map(math.isfinite, numbers)):
        raise ValueError("no corners")
    a, b, c, d, e, f, g, h = numbers
    return a, b, c, d, e, f, g, h


def _edges(values: object, count: int) -> tuple[int, ...]:
    if not isinstance(values, list) or len(values) not in (0, count):
        raise ValueError("no edges")
    if not all(type(n) is int and 0 <= n <= WHOLE for n in values):
        raise ValueError("an edge outside its line")
    if any(a > b for a, b in pairwise(values)):
        raise ValueError("edges out of order")
    return tuple(values)
