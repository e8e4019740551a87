"""Facet counts as both engines give them back."""

from collections.abc import Iterable, Mapping
from typing import Any

#: More values of one group than this are not told apart.
FACET_VALUES = 1_000


def ordered(buckets: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Return values as text with their counts, the most frequent first."""
    counts = [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in buckets]
    return sorted(counts, key=lambda count: (-count[1], count[0]))
