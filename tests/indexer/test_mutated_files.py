"""Harmed files of every kind: each ends with text or with a reason, and nothing else happens."""

import io
import os
import random
import zlib

import pytest

from indexer.extract import CONTAINERS, READERS
from indexer.extract.result import Extracted, Failed
from tests.indexer.samples import SAMPLES

#: In every run, and in the slow one: some thousands over all kinds.
FEW, MANY = 6, 250


def harmed(content: bytes, chance: random.Random) -> bytes:
    """Return a file cut off, or with some of its bytes flipped, lost, doubled or emptied."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 32))):
        at = chance.randrange(len(made))
        match chance.randrange(6):
            case 0:
                made[at] ^= 1 << chance.randrange(8)
            case 1:
                made[at] = chance.randrange(256)
            case 2:
                del made[at : at + chance.randrange(1, 64)]
            case 3:
                made[at:at] = made[at : at + chance.randrange(1, 64)]
            case 4:
                made[at : at + 4] = chance.choice((b"\0\0\0\0", b"\xff\xff\xff\xff"))
            case _:
                if chance.randrange(8) == 0:
                    del made[max(1, at) :]
        made = made or bytearray(content[:1])
    return bytes(made)


def judge(sandbox, media_type, count):
    content, before = SAMPLES[media_type](), os.getpid()
    whole = sandbox.extract(media_type, io.BytesIO(content), len(content))
    assert isinstance(whole, Extracted), whole
    chance = random.Random(zlib.crc32(media_type.encode()))
    for number in range(count):
        bad = harmed(content, chance)
        found = sandbox.extract(media_type, io.BytesIO(bad), len(bad))
        assert isinstance(found, Extracted) or found.reason, number
        if media_type in CONTAINERS:
            unpack(sandbox, media_type, bad)
    again = sandbox.extract(media_type, io.BytesIO(content), len(content))
    assert again == whole
    assert os.getpid() == before


def unpack(sandbox, media_type, content):
    """Take out of a harmed file whatever it lists."""
    container = CONTAINERS[media_type]
    listed = sandbox.ask(container.members, io.BytesIO(content), len(content), {}, len)
    if isinstance(listed, Failed):
        return
    for one in listed["members"][:3]:
        answer = sandbox.ask(
            container.member, io.BytesIO(content), len(content), {"n": one["n"]}, len
        )
        assert isinstance(answer, Failed) or answer["size"] >= 0


@pytest.mark.parametrize("media_type", SAMPLES)
def test_some_harmed_files_end_in_a_state(sandbox, media_type):
    judge(sandbox, media_type, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("media_type", SAMPLES)
def test_thousands_of_harmed_files_end_in_a_state(sandbox, media_type):
    judge(sandbox, media_type, MANY)


def test_every_reader_has_a_sample():
    read = {READERS[media_type].function for media_type in SAMPLES}
    assert read == {reader.function for reader in READERS.values()}
