"""Plots as SVG, made on the server: figures of the log as columns beside each other.

A plot is beside its table and never instead of it. Attributes alone, no styles: the content
security policy takes none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.log_figures import Bar

#: how high a drawing is, in pixels; what goes across is in percent of its width, so that letters
#: have their size on a phone too
HEIGHT = 220
_TOP, _BOTTOM = 20, 28
#: how wide a column is at most: one day alone is no wall
_WIDEST = 12.0
#: days whose names are written under the columns, at most; a phone has room for every other one
_NAMES = 10


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the whole, and the part of it that was refused, from the ground up."""

    key: str
    count: int
    denied: int
    x: float
    width: float
    y: float
    height: float
    denied_y: float
    denied_height: float


@dataclass(frozen=True, slots=True)
class Plot:
    """Columns over a scale from 0 to `top`; `names` are those written under them."""

    columns: tuple[Column, ...]
    top: int
    ground: float
    lines: tuple[tuple[float, int], ...]
    names: tuple[tuple[float, str], ...]


def bars(figures: Sequence[Bar]) -> Plot:
    """Return the drawing of a row of figures."""
    top = _round_up(max((bar.count for bar in figures), default=0))
    ground, room = float(HEIGHT - _BOTTOM), HEIGHT - _BOTTOM - _TOP
    step = 100 / max(1, len(figures))
    width = round(min(step * 0.72, _WIDEST), 2)
    columns = []
    for place, bar in enumerate(figures):
        height = round(room * bar.count / top, 1)
        denied = round(room * min(bar.denied, bar.count) / top, 1)
        x = round(place * step + (step - width) / 2, 2)
        columns.append(
            Column(
                bar.key,
                bar.count,
                bar.denied,
                x,
                width,
                ground - height,
                height,
                ground - denied,
                denied,
            )
        )
    every = max(1, -(-len(figures) // _NAMES))
    names = tuple((round(c.x + width / 2, 2), c.key[5:]) for c in columns[::every])
    lines = tuple((ground - room * part / 2, top * part // 2) for part in range(3))
    return Plot(tuple(columns), top, ground, lines, names)


def _round_up(most: int) -> int:
    """Return an even round number that is not less: 2, 4, 10, 20 and so on."""
    size = 1
    while True:
        for step in (2, 4, 10):
            if most <= step * size:
                return step * size
        size *= 10
