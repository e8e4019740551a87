"""The tree of the log is the tree of RFC 6962."""

import hashlib
import random
from collections.abc import Iterator

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


_FIRST, _SECOND = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    ("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
)
_THIRD = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
_FIFTH = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
_LAST_TWO = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
_SIXTH_OLD = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

#: Proofs that Certificate Transparency's implementations share: index, size, nodes.
INCLUSION = (
    (0, 1, ()),
    (0, 8, (_FIRST, _SECOND, _THIRD)),
    (5, 8, (_FIFTH, _LAST_TWO, ROOTS[4])),
    (2, 3, (ROOTS[2],)),
    (1, 5, (ROOTS[1], _SECOND, _FIFTH)),
)
#: The same of consistency: old size, size, nodes.
CONSISTENCY = (
    (1, 1, ()),
    (1, 8, (_FIRST, _SECOND, _THIRD)),
    (6, 8, (_SIXTH_OLD, _LAST_TWO, ROOTS[4])),
    (2, 5, (_SECOND, _FIFTH)),
)

HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


@pytest.mark.parametrize(("index", "size", "nodes"), INCLUSION)
def test_the_reference_proofs_of_inclusion(index: int, size: int, nodes: tuple[str, ...]) -> None:
    proof = merkle.inclusion_proof(HASHES[:size], index)
    assert tuple(node.hex() for node in proof) == nodes
    assert merkle.includes(HASHES[index], index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "size", "nodes"), CONSISTENCY)
def test_the_reference_proofs_of_consistency(old: int, size: int, nodes: tuple[str, ...]) -> None:
    proof = merkle.consistency_proof(HASHES[:size], old)
    assert tuple(node.hex() for node in proof) == nodes
    roots = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[size])
    assert merkle.extends(old, roots[0], size, roots[1], proof)


def many(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(n).encode()) for n in range(count)]


#: Around every power of two, and some between.
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65)


@pytest.mark.parametrize("size", SIZES)
def test_every_proof_of_a_tree_is_accepted(size: int) -> None:
    leaves = many(size)
    roots = [naive(leaves[:n]) for n in range(size + 1)]
    for index in range(size):
        proof = merkle.inclusion_proof(leaves, index)
        assert merkle.includes(leaves[index], index, size, proof, roots[size])
    for old in range(size + 1):
        proof = merkle.consistency_proof(leaves, old)
        assert merkle.extends(old, roots[old], size, roots[size], proof)
        for start in range(old + 1):
            before, after = merkle.range_proof(leaves, start, old)
            assert merkle.range_root(start, size, before, leaves[start:old], after) == roots[size]


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(HASHES, 8)
    with pytest.raises(IndexError):
        merkle.consistency_proof(HASHES, 9)
    with pytest.raises(IndexError):
        merkle.range_proof(HASHES, 3, 9)
    with pytest.raises(ValueError, match="too many or too few"):
        merkle.range_root(1, 8, [], HASHES[1:], [])


def damaged(dice: random.Random, proof: list[bytes]) -> Iterator[list[bytes]]:
    """Give a proof with a bit turned, shortened, lengthened, or with two nodes swapped."""
    for at in range(len(proof)):
        node = bytearray(proof[at])
        node[dice.randrange(32)] ^= 1 << dice.randrange(8)
        yield [*proof[:at], bytes(node), *proof[at + 1 :]]
    yield [*proof, dice.randbytes(32)]
    yield [dice.randbytes(32), *proof]
    if proof:
        yield proof[:-1]
        yield proof[1:]
        yield [*proof[:-1], proof[-1][:31]]
    if len(proof) > 1:
        yield [proof[1], proof[0], *proof[2:]]


def test_of_ten_thousand_false_proofs_none_is_accepted() -> None:
    dice = random.Random(20_260_101)
    leaves = many(70)
    roots = [naive(leaves[:n]) for n in range(71)]
    tried = 0
    while tried < 10_000:
        size = dice.randrange(1, 71)
        index, old = dice.randrange(size), dice.randrange(1, size + 1)
        head, before = roots[size], roots[old]
        path = merkle.inclusion_proof(leaves[:size], index)
        false = [(leaves[index], index, size, bad, head) for bad in damaged(dice, path)]
        other = (index + dice.randrange(1, 70)) % 70
        false += [
            (leaves[other], index, size, path, head),
            (leaves[index], other, size, path, head),
            (leaves[index], index, size, path, roots[(size + 1) % 71]),
            (leaves[index], -1, size, path, head),
            (leaves[index], index, index, path, head),
        ]
        assert not any(merkle.includes(*each) for each in false)
        steps = merkle.consistency_proof(leaves[:size], old)
        rewritten = naive([*leaves[: old - 1], dice.randbytes(32), *leaves[old:size]])
        forged = [(old, before, size, head, bad) for bad in damaged(dice, steps)]
        forged += [
            (old, before, size, rewritten, steps),
            (old, roots[old - 1], size, head, steps),
            (size + 1, before, size, head, steps),
        ]
        if old < size:
            forged.append((old, before, size, before, steps))
            forged.append((old, before, old, head, steps))
        assert not any(merkle.extends(*each) for each in forged)
        tried += len(false) + len(forged)


def test_a_proof_of_an_index_is_not_one_of_another_size() -> None:
    """Only where both trees have the same shape above the leaf may a proof hold in both."""
    leaves = many(33)
    proof = merkle.inclusion_proof(leaves, 32)
    assert not merkle.includes(leaves[32], 32, 34, proof, naive(leaves))
    assert not merkle.includes(leaves[32], 31, 33, proof, naive(leaves))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4095, 4096, 4097, 8192, 12_289])
def test_hashing_many_leaves_in_one_go_gives_the_tree_that_grew_leaf_by_leaf(size: int) -> None:
    leaves = [merkle.leaf_hash(f"{n}".encode()) for n in range(size)]
    frontier: list[bytes] = []
    for place, leaf in enumerate(leaves):
        frontier = merkle.extend(frontier, place, leaf)
    assert merkle.subtree(leaves) == merkle.root(frontier)
