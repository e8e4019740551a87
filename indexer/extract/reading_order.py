"""Puts the lines found on a page into the order people read them: rows, but columns of prose."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

#: Two columns are prose when both have this many lines, of this many characters, this full.
_LINES: Final = 3
_CHARACTERS: Final = 8
_FULL: Final = 0.55
#: How much of the lower of two lines must stand beside the other for one row.
_BESIDE: Final = 0.5
_DEEPEST: Final = 4

#: Four corners in any unit: x and y of top left, top right, bottom right, bottom left.
Quad = Sequence[float]


@dataclass(frozen=True, slots=True)
class Box:
    """A line on the page laid straight: its number, its bounds, how many characters it has."""

    number: int
    left: float
    top: float
    right: float
    bottom: float
    characters: int

    @property
    def middle(self) -> float:
        """Return half its height on the page."""
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        """Return how high it is."""
        return self.bottom - self.top


#: Lines beside each other.
Row = list[Box]


def ordered(quads: Sequence[Quad], characters: Sequence[int]) -> list[Row]:
    """Return rows of lines in reading order; a page that lies askew is straightened first."""
    angle = _angle(quads)
    boxes = [
        _straight(number, quad, count, angle)
        for number, (quad, count) in enumerate(zip(quads, characters, strict=True))
    ]
    return _ordered(boxes, 0)


def _angle(quads: Sequence[Quad]) -> float:
    """Return how far the page is turned: as most of the length of its lines is."""
    angles = sorted(
        (math.atan2(q[3] - q[1], q[2] - q[0]), math.hypot(q[3] - q[1], q[2] - q[0])) for q in quads
    )
    half = sum(length for _, length in angles) / 2
    for angle, length in angles:
        half -= length
        if half <= 0:
            return angle
    return 0.0


def _straight(number: int, quad: Quad, characters: int, angle: float) -> Box:
    cos, sin = math.cos(-angle), math.sin(-angle)
    xs = [quad[i] * cos - quad[i + 1] * sin for i in (0, 2, 4, 6)]
    ys = [quad[i] * sin + quad[i + 1] * cos for i in (0, 2, 4, 6)]
    top, bottom = (ys[0] + ys[1]) / 2, (ys[2] + ys[3]) / 2
    return Box(number, min(xs), min(top, bottom), max(xs), max(top, bottom), characters)


def _ordered(boxes: Sequence[Box], depth: int) -> list[Row]:
    rows = _rows(boxes)
    if depth >= _DEEPEST:
        return rows
    order: list[Row] = []
    at = 0
    while at < len(rows):
        end, gutter = _block(rows, at)
        if gutter is None:
            order.append(rows[at])
            at += 1
            continue
        block = [box for row in rows[at:end] for box in row]
        order += _ordered([box for box in block if box.right <= gutter], depth + 1)
        order += _ordered([box for box in block if box.right > gutter], depth + 1)
        at = end
    return order


def _rows(boxes: Sequence[Box]) -> list[Row]:
    """Gather what stands beside each other, from the top down and from left to right."""
    rows: list[Row] = []
    for box in sorted(boxes, key=lambda one: one.middle):
        for row in rows[-2:]:
            if all(_beside(box, other) for other in row):
                row.append(box)
                break
        else:
            rows.append([box])
    for row in rows:
        row.sort(key=lambda one: one.left)
    return rows


def _beside(one: Box, other: Box) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    apart = one.right <= other.left + one.height or other.right <= one.left + one.height
    return apart and shared > _BESIDE * min(one.height, other.height)


def _block(rows: Sequence[Row], start: int) -> tuple[int, float | None]:
    """Return where rows from `start` on stop being two columns of prose, and what divides them."""
    best: tuple[int, float | None] = start, None
    gaps = _gaps(rows[start])
    for end in range(start + 1, len(rows) + 1):
        block = [box for row in rows[start:end] for box in row]
        for left, right in gaps:
            if _prose(block, left, right):
                best = end, (left + right) / 2
        if end < len(rows):
            gaps = _shared(gaps, _gaps(rows[end]), min(box.height for box in block))
        if not gaps:
            break
    return best


def _gaps(row: Row) -> list[tuple[float, float]]:
    """Return where nothing stands on a row."""
    edges = [-math.inf, *(edge for box in row for edge in (box.left, box.right)), math.inf]
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2) if edges[i] < edges[i + 1]]


def _shared(
    some: Sequence[tuple[float, float]], others: Sequence[tuple[float, float]], least: float
) -> list[tuple[float, float]]:
    both = [(max(a, c), min(b, d)) for a, b in some for c, d in others]
    return [(left, right) for left, right in both if right - left >= least / 2]


def _prose(block: Sequence[Box], left: float, right: float) -> bool:
    if not (math.isfinite(left) and math.isfinite(right)):
        return False
    sides = [b for b in block if b.right <= left], [b for b in block if b.left >= right]
    return all(_is_column(side) for side in sides)


def _is_column(side: Sequence[Box]) -> bool:
    if len(side) < _LINES:
        return False
    width = max(box.right for box in side) - min(box.left for box in side)
    full = median(box.right - box.left for box in side) >= _FULL * width
    return full and median(box.characters for box in side) >= _CHARACTERS
