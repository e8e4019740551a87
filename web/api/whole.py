"""Short lists in the form of long ones: all at once, with no further page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Whole:
    """A list that is always whole."""

    items: Sequence[Any]
    total: int
    next_cursor: None = None


def whole(items: Sequence[Any]) -> Whole:
    """Return a list as its only page."""
    return Whole(items, len(items))
