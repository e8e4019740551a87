"""Which line of a changed text was which line before, and which characters in it stayed.

Both texts are bounded by who calls, and what is compared character by character is bounded here:
a text that somebody sends must not keep a processor busy.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

#: Lines longer than this are not compared character by character.
_LONG = 300
#: Of lines that became more or fewer, so many are looked through for those that are alike.
_FEW, _NEAR = 400, 8
_ALIKE = 0.5

#: Indexes of a line before and after; None where it was added, or taken away.
Pair = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of a line before (`a` to `b`) that became those after (`c` to `d`)."""

    same: bool
    a: int
    b: int
    c: int
    d: int


def pairs(before: Sequence[str], after: Sequence[str]) -> Iterator[Pair]:
    """Yield every line before and after once, in order, those together that belong together."""
    for tag, a, b, c, d in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal" or b - a == d - c:
            yield from zip(range(a, b), range(c, d), strict=True)
        elif tag == "replace" and max(b - a, d - c) <= _FEW:
            yield from _alike(before, after, (a, b), (c, d))
        else:
            yield from ((i, None) for i in range(a, b))
            yield from ((None, j) for j in range(c, d))


def _alike(
    before: Sequence[str], after: Sequence[str], old: tuple[int, int], new: tuple[int, int]
) -> Iterator[Pair]:
    at, end = new
    for i in range(*old):
        near = range(at, min(at + _NEAR, end))
        found = next((j for j in near if _are_alike(before[i], after[j])), None)
        if found is None:
            yield i, None
            continue
        yield from ((None, j) for j in range(at, found))
        yield i, found
        at = found + 1
    yield from ((None, j) for j in range(at, end))


def _are_alike(one: str, other: str) -> bool:
    if max(len(one), len(other)) > _LONG:
        return False
    compared = SequenceMatcher(None, one, other, autojunk=False)
    return compared.quick_ratio() >= _ALIKE and compared.ratio() >= _ALIKE


def runs(before: str, after: str) -> list[Run]:
    """Return what became of the characters of one line, in order."""
    if before == after:
        return [Run(True, 0, len(before), 0, len(after))] if before else []  # noqa: FBT003
    if max(len(before), len(after)) > _LONG:
        return [Run(False, 0, len(before), 0, len(after))]  # noqa: FBT003
    compared = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [Run(tag == "equal", *where) for tag, *where in compared]
