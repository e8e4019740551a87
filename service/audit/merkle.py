"""The Merkle tree of the log: RFC 6962 hashes, kept as a frontier that grows leaf by leaf."""

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()

#: Leaves that are hashed in one go; a power of two.
_WIDE = 4096


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || body), RFC 6962 section 2.1."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def extend(frontier: Sequence[bytes], size: int, leaf: bytes) -> list[bytes]:
    """Return the frontier after one more leaf.

    A frontier holds the roots of the full subtrees, largest first, one for each 1 in the
    binary form of `size`, the number of leaves so far.
    """
    grown = list(frontier)
    node = leaf
    while size & 1:
        node = node_hash(grown.pop(), node)
        size >>= 1
    grown.append(node)
    return grown


def root(frontier: Sequence[bytes]) -> bytes:
    """Return the root MTH of the leaves that a frontier stands for."""
    if not frontier:
        return EMPTY_ROOT
    node = frontier[-1]
    for left in reversed(frontier[:-1]):
        node = node_hash(left, node)
    return node


def pack(frontier: Sequence[bytes]) -> bytes:
    """Return a frontier as bytes, 32 a node."""
    return b"".join(frontier)


def unpack(packed: bytes) -> list[bytes]:
    """Return a frontier from its bytes."""
    return [packed[i : i + 32] for i in range(0, len(packed), 32)]


def subtree(leaves: Sequence[bytes]) -> bytes:
    """Return MTH of these leaves, RFC 6962 section 2.1."""
    frontier: list[bytes] = []
    for at in range(0, len(leaves), _WIDE):
        some = list(leaves[at : at + _WIDE])
        if len(some) < _WIDE:
            return root([*frontier, _levelled(some)])
        frontier = extend(frontier, at // _WIDE, _levelled(some))
    return root(frontier)


def _levelled(nodes: list[bytes]) -> bytes:
    """Return MTH of some leaves level by level, without a call of ours for each.

    A node without a neighbour goes up as it is: splitting at the largest power of two says the
    same.
    """
    while len(nodes) > 1:
        paired = zip(nodes[::2], nodes[1::2], strict=False)
        above = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in paired]
        nodes = [*above, nodes[-1]] if len(nodes) & 1 else above
    return nodes[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return PATH(index, leaves), RFC 6962 section 2.1.1; the lowest node comes first.

    Raises `IndexError` for an index outside the tree.
    """
    if not 0 <= index < len(leaves):
        message = f"no leaf {index} in a tree of {len(leaves)}"
        raise IndexError(message)
    proof: list[bytes] = []
    start, stop = 0, len(leaves)
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(subtree(leaves[middle:stop]))
            stop = middle
        else:
            proof.append(subtree(leaves[start:middle]))
            start = middle
    return proof[::-1]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Say whether `proof` shows the leaf at `index` of the tree of `size` leaves with root `head`.

    RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size or not _hashes((leaf, head, *proof)):
        return False
    number, last, node = index, size - 1, leaf
    for other in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            node = node_hash(other, node)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            node = node_hash(node, other)
        number, last = number >> 1, last >> 1
    return last == 0 and node == head


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """Return PROOF(old, leaves), RFC 6962 section 2.1.2: the first `old` leaves are a prefix.

    From the empty tree, and from the tree to itself, nothing has to be shown. Raises `IndexError`
    when the tree never had that size.
    """
    if not 0 <= old <= len(leaves):
        message = f"a tree of {len(leaves)} leaves was never one of {old}"
        raise IndexError(message)
    proof: list[bytes] = []
    start, stop, whole = 0, len(leaves), True
    if old == 0:
        return proof
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            proof.append(subtree(leaves[middle:stop]))
            stop = middle
        else:
            proof.append(subtree(leaves[start:middle]))
            start, whole = middle, False
    # the old root itself is what who asks has already
    if not whole:
        proof.append(subtree(leaves[start:stop]))
    return proof[::-1]


def extends(old: int, old_head: bytes, size: int, head: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether `proof` shows that the tree of `size` leaves begins with that of `old` leaves.

    RFC 9162 section 2.1.4.2.
    """
    if not 0 <= old <= size or not _hashes((old_head, head, *proof)):
        return False
    if old == 0:
        return old_head == EMPTY_ROOT and not proof and (size > 0 or head == EMPTY_ROOT)
    if old == size:
        return old_head == head and not proof
    # the first node of the path is the old root itself where that is one of the tree's nodes
    path = [old_head, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _grown(old, size, path) == (old_head, head)


def _grown(old: int, size: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the roots before and after that a path leads to; None where it leads nowhere."""
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    before = now = path[0]
    for other in path[1:]:
        if last == 0:
            return None
        if number & 1 or number == last:
            before, now = node_hash(other, before), node_hash(other, now)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            now = node_hash(now, other)
        number, last = number >> 1, last >> 1
    return (before, now) if last == 0 else None


def range_proof(leaves: Sequence[bytes], start: int, stop: int) -> tuple[list[bytes], list[bytes]]:
    """Return what makes the root together with `leaves[start:stop]`: hashes before and after.

    Before is the frontier of the first `start` leaves; after are the roots of the largest full
    subtrees that follow, in order. Raises `IndexError` for a range outside the tree.
    """
    if not 0 <= start <= stop <= len(leaves):
        message = f"no leaves {start} to {stop} in a tree of {len(leaves)}"
        raise IndexError(message)
    before = [subtree(leaves[at : at + wide]) for at, wide in blocks(0, start)]
    after = [subtree(leaves[at : at + wide]) for at, wide in blocks(stop, len(leaves))]
    return before, after


def range_root(
    start: int, size: int, before: Sequence[bytes], within: Sequence[bytes], after: Sequence[bytes]
) -> bytes:
    """Return the root of `size` leaves of which those from `start` on are `within`.

    Raises `ValueError` when the hashes are not as many as `range_proof` gives.
    """
    stop = start + len(within)
    behind = blocks(stop, size)
    if not 0 <= start <= stop <= size or not _hashes((*before, *within, *after)):
        message = "not a range of a tree"
        raise ValueError(message)
    if len(before) != start.bit_count() or len(after) != len(behind):
        message = "too many or too few hashes around the range"
        raise ValueError(message)
    frontier = list(before)
    for at, leaf in enumerate(within, start):
        frontier = extend(frontier, at, leaf)
    for (at, wide), node in zip(behind, after, strict=True):
        frontier = extend(frontier, at // wide, node)
    return root(frontier)


def _split(size: int) -> int:
    """Return the largest power of two that is smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def blocks(start: int, stop: int) -> list[tuple[int, int]]:
    """Return the largest full subtrees that cover the leaves in between: place and width."""
    found = []
    while start < stop:
        wide = 1 << ((stop - start).bit_length() - 1)
        if start:
            wide = min(wide, start & -start)
        found.append((start, wide))
        start += wide
    return found


def _hashes(nodes: Sequence[bytes]) -> bool:
    return all(len(node) == len(EMPTY_ROOT) for node in nodes)
