"""What makes the root of the log out of a range of it, and what shows that it only grew."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from sqlalchemy.orm import Session

from service.audit import checkpoints, merkle, notes, stored
from service.audit.checkpoints import Checkpoint, NoteError

_HASH = 32


class Leaves(Sequence[bytes]):
    """Leaf hashes in one piece of memory, 32 bytes each; a part of them is a view."""

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        """Take hashes that stand one behind the other."""
        self._data = memoryview(data)

    def __len__(self) -> int:
        return len(self._data) // _HASH

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> "Leaves": ...
    def __getitem__(self, place: int | slice) -> "bytes | Leaves":
        if isinstance(place, slice):
            start, stop, _ = place.indices(len(self))
            return Leaves(self._data[start * _HASH : max(start, stop) * _HASH])
        if not 0 <= place < len(self):
            raise IndexError(place)
        return bytes(self._data[place * _HASH : (place + 1) * _HASH])


@dataclass(frozen=True, slots=True)
class Proofs:
    """What a bundle says of the log as a whole.

    `size` and `root` are the tree that everything leads to: the newest signed one where it covers
    the range, else the range's own end. `note` and `previous` are empty where there is none.
    """

    size: int
    root: bytes
    before: Sequence[bytes]
    after: Sequence[bytes]
    note: str
    previous: str
    signed: int | None
    steps: Sequence[tuple[int, int, Sequence[bytes]]]

    def proof(self) -> str:
        """Return `proof.json`."""
        hashes = {
            "before": [h.hex() for h in self.before],
            "after": [h.hex() for h in self.after],
        }
        return json.dumps(hashes, indent=1)

    def consistency(self) -> str:
        """Return `consistency.json`."""
        steps = [
            {"old": old, "new": new, "proof": [h.hex() for h in proof]}
            for old, new, proof in self.steps
        ]
        return json.dumps(steps, indent=1)


def around(db: Session, first: int, last: int) -> Proofs:
    """Return what proves the entries from `first` to `last`."""
    note, previous = _newest(db)
    signed, older = _size(note), _size(previous)
    size = max(last, signed or 0)
    gathered = bytearray()
    for _, leaf, _ in stored.leaves(db, last=size):
        gathered += leaf
    leaves = Leaves(gathered)
    # a signed log that was longer than this one: the range's own end is all there is to prove
    size = min(size, len(leaves))
    tree = leaves[:size]
    before, after = merkle.range_proof(tree, first - 1, last)
    root = merkle.range_root(first - 1, size, before, tree[first - 1 : last], after)
    steps: list[tuple[int, int, Sequence[bytes]]] = []
    if signed is not None and signed < size:
        steps.append((signed, size, merkle.consistency_proof(tree, signed)))
    if older is not None and signed is not None and older < signed <= len(leaves):
        steps.append((older, signed, merkle.consistency_proof(leaves[:signed], older)))
    return Proofs(size, root, before, after, note, previous, signed, steps)


def _newest(db: Session) -> tuple[str, str]:
    kept = notes.notes(db)[-2:]
    return (kept[-1] if kept else "", kept[0] if len(kept) > 1 else "")


def _size(note: str) -> int | None:
    checkpoint = read(note)
    return checkpoint.size if checkpoint else None


def read(note: str) -> Checkpoint | None:
    """Return what a note states; None for one that cannot be read, or is none."""
    try:
        return checkpoints.parse(note).checkpoint
    except NoteError:
        return None
