"""Where the lines of a corrected page stand: where those stood that they were made from.

A line that stayed as it was stays sure or doubtful as it was. One that was changed stands where it
stood; nobody guessed it any more, so it has no confidence. What was added stands nowhere.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from service.alignment import pairs, runs
from service.layouts import WHOLE, Line

#: A longer line has no place: `service.layouts` takes none that is longer.
_LONGEST = 20_000

#: A place before and after, in code points of the page; between two, places go evenly.
Cut = tuple[int, int]


def carried(before: str, after: str, lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a page whose text was changed, as far as they are still there."""
    if before == after:
        return list(lines)
    old, new = before.split("\n"), after.split("\n")
    old_starts = [0, *accumulate(len(line) + 1 for line in old)]
    new_starts = [0, *accumulate(len(line) + 1 for line in new)]
    known = sorted(lines, key=lambda line: line.start)
    starts = [line.start for line in known]
    found: list[Line] = []
    for i, j in pairs(old, new):
        if i is None or j is None:
            continue
        at, to = old_starts[i], new_starts[j]
        first, last = bisect_left(starts, at), bisect_left(starts, at + len(old[i]))
        inside = [line for line in known[first:last] if line.end <= at + len(old[i])]
        cuts = list(_cuts(old[i], new[j], at, to)) if inside else []
        found += [one for line in inside if (one := _moved(line, before, after, cuts))]
    return found


def _cuts(old: str, new: str, at: int, to: int) -> Iterator[Cut]:
    yield at, to
    for run in runs(old, new):
        yield at + run.b, to + run.d


def _moved(line: Line, before: str, after: str, cuts: Sequence[Cut]) -> Line | None:
    start, end = round(_first(line.start, cuts)), round(_last(line.end, cuts))
    if not 0 < end - start <= _LONGEST:
        return None
    if before[line.start : line.end] == after[start:end]:
        return replace(line, start=start, end=end)
    back = [(new, old) for old, new in cuts]
    ends = [_last(at, back) - line.start for at in range(start + 1, end + 1)]
    edges = [_edge(line, min(max(0.0, at), line.end - line.start)) for at in ends]
    return Line(start, end, None, line.quad, tuple(accumulate(edges, max)))


def _first(at: int, cuts: Sequence[Cut]) -> float:
    """Return which place a place became; where something was put in there, the one before it."""
    i = bisect_left(cuts, at, key=_from)
    return float(cuts[i][1]) if cuts[i][0] == at else _between(at, cuts[i - 1], cuts[i])


def _last(at: int, cuts: Sequence[Cut]) -> float:
    """Return which place a place became; where something was put in there, the one after it."""
    i = bisect_right(cuts, at, key=_from) - 1
    return float(cuts[i][1]) if cuts[i][0] == at else _between(at, cuts[i], cuts[i + 1])


def _from(cut: Cut) -> int:
    return cut[0]


def _between(at: int, one: Cut, other: Cut) -> float:
    return one[1] + (at - one[0]) * (other[1] - one[1]) / (other[0] - one[0])


def _edge(line: Line, at: float) -> int:
    """Return where so many code points of a line end, in thousandths of it."""
    if not line.edges:
        return round(at / (line.end - line.start) * WHOLE)
    whole = int(at)
    known = (0, *line.edges)
    after = known[min(whole + 1, len(known) - 1)]
    return round(known[whole] + (after - known[whole]) * (at - whole))
