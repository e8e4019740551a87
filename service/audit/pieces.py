"""A run of entries that were found as they were written, and all that a walk keeps of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """Up to where a tree grows without being looked at, by which full subtrees, and its last time.

    `nodes` are the roots of `merkle.blocks` between the end of the section before and `stop`.
    """

    stop: int
    nodes: tuple[bytes, ...]
    ts: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Entries from `first` on, right if the chain before them is `before`."""

    first: int
    before: bytes
    chain: bytes
    sections: tuple[Section, ...]
    intents: int
    #: intents without an outcome here, with their times; and outcomes of intents before this piece
    opened: dict[int, str]
    ended: tuple[int, ...]
    #: runs of missing details: first, last, how many
    closed: tuple[tuple[int, int, int], ...]
    #: where a run begins that goes on with one before this piece, if that ended in one
    joining: int | None
    #: whether a run is going on at the end; None where the piece says nothing of that
    closing: bool | None
