"""The Merkle tree of the log: RFC 6962 hashes, kept as a frontier that grows leaf by leaf."""

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


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
