"""The root that the log had at a size, from its leaves as they are stored."""

from sqlalchemy.orm import Session

from service.audit import merkle, stored


def root_of(db: Session, size: int) -> bytes:
    """Return the root of the first `size` entries."""
    frontier: list[bytes] = []
    for seq, leaf, _ in stored.leaves(db, last=size):
        frontier = merkle.extend(frontier, seq - 1, leaf)
    return merkle.root(frontier)
