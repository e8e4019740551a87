"""Finds out how a page lies: sideways by the shape of its lines, upside down by reading some.

Vertical Chinese writing looks like a page on its side. It is read as one, column by column; that
its characters stand, though its lines lie, is found out by setting some of them beside each other.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np

from indexer.extract import lines
from indexer.extract.lines import Corners, Image, Read

#: A line is at least this many times longer than high.
_LONG: Final = 1.5
_MOSTLY: Final = 0.5
#: So many lines are read both ways at most.
_PROBES: Final = 5
#: What reads like this stands upright: this sure, and this many characters for its length.
_SURE: Final = 0.9
_FILLED: Final = 0.4
#: Columns of which the characters are set beside each other, and of each so many at most, and how
#: many must read the same so: of writing that lies, next to none do.
_COLUMNS: Final = 3
_SET: Final = 16
_FEWEST: Final = 3
_SAME: Final = 0.5
#: How much better one way must read before the other lines need not be asked.
_CLEARLY: Final = 8.0


@dataclass(frozen=True, slots=True)
class Upright:
    """A page as it should lie, its lines longest first, and what was read to find that out.

    `turns` is how many quarter turns clockwise that took. `vertical`: it stands upright after one
    more, with its lines read downwards, from right to left.
    """

    image: Image
    turns: int
    found: list[Corners]
    read: dict[int, Read]
    vertical: bool = False


def upright(image: Image, looked_at: int = lines.DETECTED_AT) -> Upright:
    """Turn a page until its lines lie flat and can be read."""
    found = _longest_first(lines.find(image, looked_at))
    turns = 0
    if _sideways(found):
        image, turns = _turned(image, 1), 1
        found = _longest_first(lines.find(image, looked_at))
    read, reversed_read, better = _read_some(image, found)
    if better >= 0:
        return _lying(image, turns, found, read)
    height, width = image.shape[:2]
    corners = np.array([width, height], np.float32)
    over = [np.ascontiguousarray(np.roll(corners - one, 2, axis=0)) for one in found]
    return _lying(_turned(image, 2), (turns + 2) % 4, over, reversed_read)


def _lying(image: Image, turns: int, found: list[Corners], read: dict[int, Read]) -> Upright:
    vertical = bool(turns % 2) and _is_vertical(image, found, read)
    return Upright(image, turns, found, read, vertical)


def _is_vertical(image: Image, found: list[Corners], read: dict[int, Read]) -> bool:
    """Tell whether characters lie on their side in lines that read from left to right."""
    same = asked = 0
    for number, known in list(read.items())[:_COLUMNS]:
        line = lines.cut(image, found[number])
        if line is None or len(known.text) < _FEWEST:
            continue
        wanted = known.text[:_SET]
        stood = lines.read(_set_upright(line, known))
        same += sum((Counter(wanted) & Counter(stood.text)).values())
        asked += len(wanted)
    return same > _SAME * asked


def _set_upright(line: Image, known: Read) -> Image:
    """Return the first characters of a line, each turned clockwise, beside each other."""
    height, width = line.shape[:2]
    ends = [0, *(round(end * width / lines.WHOLE) for end in known.ends[:_SET])]
    stood = []
    for start, end in pairwise(ends):
        if end > start:
            square = cv2.resize(_turned(line[:, start:end], 1), (height, height))
            stood.append(square)
    return np.ascontiguousarray(np.hstack(stood))


def _turned(image: Image, quarters: int) -> Image:
    return np.ascontiguousarray(np.rot90(image, -quarters))


def _longest_first(found: list[Corners]) -> list[Corners]:
    return sorted(found, key=lambda one: -max(_shape(one)))


def _shape(corners: Corners) -> tuple[float, float]:
    """Return how wide and how high a line is."""
    width = float(np.hypot(*(corners[0] - corners[1])))
    return width, float(np.hypot(*(corners[0] - corners[3])))


def _sideways(found: list[Corners]) -> bool:
    """Tell whether most of what is longer one way than the other is higher than wide."""
    tall = flat = 0.0
    for width, height in map(_shape, found):
        if height > _LONG * width:
            tall += height
        elif width > _LONG * height:
            flat += width
    return tall > _MOSTLY * (tall + flat)


def _read_some(
    image: Image, found: list[Corners]
) -> tuple[dict[int, Read], dict[int, Read], float]:
    """Read the longest lines as they lie, and upside down as long as it is not clear which.

    The last of the answers is how much better they read as they lie.
    """
    ahead: dict[int, Read] = {}
    over: dict[int, Read] = {}
    better = 0.0
    for number, corners in enumerate(found[:_PROBES]):
        line = lines.cut(image, corners)
        if line is None:
            continue
        ahead[number] = lines.read(line)
        if not over and _sure(ahead[number], line):
            return ahead, over, 1.0
        over[number] = lines.read(_turned(line, 2))
        better += _sense(ahead[number]) - _sense(over[number])
        if abs(better) > _CLEARLY:
            break
    return ahead, over, better


def _sure(read: Read, line: Image) -> bool:
    height, width = line.shape[:2]
    return read.score >= _SURE and len(read.text) >= max(2.0, _FILLED * width / height)


def _sense(read: Read) -> float:
    return read.score**2 * len(read.text)
