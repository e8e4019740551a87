"""Lines and shapes of an OFD in the words of a PDF."""

import math
import re
from typing import Final

_TOKEN: Final = re.compile(r"[A-Za-z]|-?[0-9.]+(?:[eE]-?[0-9]+)?")
#: Words of an OFD, and how many numbers follow each.
_WORDS: Final = {"S": 2, "M": 2, "L": 2, "B": 6, "Q": 4, "A": 7, "C": 0}
_MOST: Final = 20_000
_FARTHEST: Final = 1e6


def path(data: str) -> str:
    """Return `AbbreviatedData` as operators that draw it; nothing where it is not understood.

    Of an arc only its end is drawn to.
    """
    tokens = _TOKEN.findall(data[: _MOST * 10])
    found: list[str] = []
    at, here = 0, (0.0, 0.0)
    while at < len(tokens) and len(found) < _MOST:
        word = tokens[at]
        if word not in _WORDS:
            return ""
        values = numbers(" ".join(tokens[at + 1 : at + 1 + _WORDS[word]]), _WORDS[word])
        if values is None or (not found and word not in "SM"):
            return ""
        found.append(_operator(word, values, here))
        here = (values[-2], values[-1]) if values else here
        at += 1 + _WORDS[word]
    return " ".join(found)


def _operator(word: str, values: tuple[float, ...], here: tuple[float, float]) -> str:
    if word == "C":
        return "h"
    if word == "Q":  # a curve of one point more, as a PDF has them
        (x0, y0), (cx, cy, x, y) = here, values
        values = (
            *((x0 + 2 * cx) / 3, (y0 + 2 * cy) / 3),
            *((x + 2 * cx) / 3, (y + 2 * cy) / 3),
            *(x, y),
        )
    elif word == "A":
        values = values[-2:]
    name = {"S": "m", "M": "m", "L": "l", "A": "l", "B": "c", "Q": "c"}[word]
    return f"{' '.join(f'{value:.4f}' for value in values)} {name}"


def numbers(text: str | None, count: int) -> tuple[float, ...] | None:
    """Return so many numbers that a PDF can hold; None for anything else."""
    try:
        values = tuple(float(part) for part in (text or "").split())
    except ValueError:
        return None
    sound = all(math.isfinite(value) and abs(value) <= _FARTHEST for value in values)
    return values if sound and len(values) == count else None


def number(text: str | None, otherwise: float) -> float:
    """Return one such number, or another where there is none."""
    return (numbers(text, 1) or (otherwise,))[0]
