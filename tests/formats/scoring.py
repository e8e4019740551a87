"""How alike two texts are: in their order (`seq`) and in what they are made of (`bag`)."""

import unicodedata
from collections import Counter

import numpy as np


def squeezed(text: str) -> str:
    """Return a text without white space, every character in its one form (NFKC)."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def seq(said: str, wanted: str) -> float:
    """Return 1 less the changes (Levenshtein) it takes, over the longer length; 1 is the same."""
    ours, theirs = squeezed(said), squeezed(wanted)
    longest = max(len(ours), len(theirs))
    return 1 - _changes(ours, theirs) / longest if longest else 1.0


def bag(said: str, wanted: str) -> float:
    """Return how much two multisets of characters share: 1 is all, in whatever order (F1)."""
    ours, theirs = Counter(squeezed(said)), Counter(squeezed(wanted))
    both = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / both if both else 1.0


def _changes(ours: str, theirs: str) -> int:
    """Count insertions, removals and replacements, a row of the table at a time."""
    across = np.frombuffer(theirs.encode("utf-32-le"), np.uint32)
    steps = np.arange(len(across) + 1)
    row = steps.copy()
    for number, character in enumerate(map(ord, ours), 1):
        below = np.empty_like(row)
        below[0] = number
        below[1:] = np.minimum(row[:-1] + (across != character), row[1:] + 1)
        row = np.minimum.accumulate(below - steps) + steps
    return int(row[-1])
