"""The tree of the log is the tree of RFC 6962."""

import hashlib

import pytest

from service.audit import merkle

#: The eight leaves that Certificate Transparency's implementations share, and the root of the
#: first n of them.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def grown(hashes: list[bytes]) -> list[bytes]:
    frontier: list[bytes] = []
    for size, leaf in enumerate(hashes):
        frontier = merkle.extend(frontier, size, leaf)
    return frontier


def naive(hashes: list[bytes]) -> bytes:
    """Return the root by the definition of RFC 6962, section 2.1."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    left, right = naive(hashes[:split]), naive(hashes[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_reference_leaves_give_the_reference_roots(size: int) -> None:
    frontier = grown([merkle.leaf_hash(leaf) for leaf in LEAVES[:size]])
    assert merkle.root(frontier).hex() == ROOTS[size]


def test_a_frontier_gives_the_root_of_the_whole_tree_at_every_size() -> None:
    leaves = [hashlib.sha256(b"\x00" + str(n).encode()).digest() for n in range(301)]
    frontier: list[bytes] = []
    for size in range(301):
        assert merkle.root(frontier) == naive(leaves[:size]), size
        assert len(frontier) == size.bit_count()
        assert merkle.unpack(merkle.pack(frontier)) == frontier
        frontier = merkle.extend(frontier, size, leaves[size])


def test_extending_leaves_the_earlier_frontier_as_it_was() -> None:
    before = grown([merkle.leaf_hash(leaf) for leaf in LEAVES[:3]])
    kept = list(before)
    merkle.extend(before, 3, merkle.leaf_hash(LEAVES[3]))
    assert before == kept
