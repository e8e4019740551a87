"""Stored files: Tink reads ours and we read Tink's; whatever is not the very file is refused."""

import io
import random

import pytest
import tink
from hypothesis import given, settings
from hypothesis import strategies as st
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from service.crypto import Corrupt
from service.segments import HEADER_BYTES, SEGMENT_BYTES, stored_size
from service.streams import DecryptingReader, EncryptingWriter, blob_aad, ranges_of

streaming_aead.register()

KEY = bytes(range(32))
AAD = blob_aad("mzxw6ytboi2dqmrrgq3tkmrrga", "original")
FIRST = SEGMENT_BYTES - HEADER_BYTES - 16
FULL = SEGMENT_BYTES - 16
SIZES = [
    0,
    1,
    FIRST - 1,
    FIRST,
    FIRST + 1,
    SEGMENT_BYTES - 1,
    SEGMENT_BYTES,
    SEGMENT_BYTES + 1,
    FIRST + FULL,
    FIRST + FULL + 1,
    2 * SEGMENT_BYTES,
    777_777,
]


def plain_of(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def encrypted(plain: bytes, *, key: bytes = KEY, aad: str = AAD, step: int = 0) -> bytes:
    sink = io.BytesIO()
    with EncryptingWriter(sink, key, aad) as writer:
        for start in range(0, len(plain), step or len(plain) or 1):
            writer.write(plain[start : start + (step or len(plain))])
    assert writer.plain_size == len(plain)
    assert writer.stored_size == len(sink.getvalue()) == stored_size(len(plain))
    return sink.getvalue()


def reader(stored: bytes, *, key: bytes = KEY, aad: str = AAD) -> DecryptingReader:
    return DecryptingReader(ranges_of(io.BytesIO(stored)), key, aad, len(stored))


def tink_primitive() -> streaming_aead.StreamingAead:
    parameters = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=SEGMENT_BYTES,
        derived_key_size=32,
        hkdf_hash_type=common_pb2.SHA256,
    )
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(
        version=0, params=parameters, key_value=KEY
    )
    keyset = tink_pb2.Keyset(
        primary_key_id=1,
        key=[
            tink_pb2.Keyset.Key(
                key_data=tink_pb2.KeyData(
                    type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
                    value=key.SerializeToString(),
                    key_material_type=tink_pb2.KeyData.SYMMETRIC,
                ),
                status=tink_pb2.ENABLED,
                key_id=1,
                output_prefix_type=tink_pb2.RAW,
            )
        ],
    )
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


class KeptBytes(io.BytesIO):
    """Tink closes what it writes to; the bytes are wanted afterwards."""

    kept = b""

    def close(self) -> None:
        self.kept = self.kept or self.getvalue()
        super().close()


@pytest.mark.parametrize("size", SIZES)
def test_tink_reads_our_files(size):
    plain = plain_of(size)
    source = io.BytesIO(encrypted(plain, step=10_000))
    with tink_primitive().new_decrypting_stream(source, AAD.encode()) as stream:
        assert stream.read() == plain


@pytest.mark.parametrize("size", SIZES)
def test_we_read_files_of_tink(size):
    plain = plain_of(size)
    sink = KeptBytes()
    with tink_primitive().new_encrypting_stream(sink, AAD.encode()) as stream:
        stream.write(plain)
    assert reader(sink.kept).read() == plain
    assert reader(sink.kept).size == size


@pytest.mark.parametrize("step", [1_000, FIRST, FULL, SEGMENT_BYTES, 200_000])
def test_how_it_was_written_makes_no_difference(step):
    plain = plain_of(400_000)
    assert reader(encrypted(plain, step=step)).read() == plain


def test_two_files_of_the_same_bytes_look_nothing_alike():
    plain = plain_of(100)
    one, other = encrypted(plain), encrypted(plain)
    assert one[1:] != other[1:]
    assert one[HEADER_BYTES:] != other[HEADER_BYTES:]


def segments_of(stored: bytes) -> list[bytes]:
    return [stored[n : n + SEGMENT_BYTES] for n in range(0, len(stored), SEGMENT_BYTES)]


BODY = encrypted(plain_of(5 * SEGMENT_BYTES))
OTHER = encrypted(plain_of(5 * SEGMENT_BYTES))
PARTS = segments_of(BODY)
ATTACKS = {
    "first segment dropped": b"".join(PARTS[1:]),
    "middle segment dropped": b"".join(PARTS[:2] + PARTS[3:]),
    "last segment dropped": b"".join(PARTS[:-1]),
    "segment repeated": b"".join(PARTS[:3] + PARTS[2:]),
    "segments swapped": b"".join([*PARTS[:1], PARTS[2], PARTS[1], *PARTS[3:]]),
    "segment of another file": b"".join([*PARTS[:1], segments_of(OTHER)[1], *PARTS[2:]]),
    "end of another file": b"".join(PARTS[:3] + segments_of(OTHER)[3:]),
    "cut inside a segment": BODY[: 2 * SEGMENT_BYTES + 1000],
    "cut inside the last tag": BODY[:-1],
    "cut inside the header": BODY[:20],
    "bytes appended": BODY + b"\0" * 100,
    "header length changed": b"\x29" + BODY[1:],
    "salt changed": BODY[:5] + bytes([BODY[5] ^ 1]) + BODY[6:],
    "nonce prefix changed": BODY[:35] + bytes([BODY[35] ^ 1]) + BODY[36:],
    "empty": b"",
    "an empty segment appended": BODY[:SEGMENT_BYTES] + BODY[-16:],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_file_that_was_tampered_with_is_refused(attack):
    with pytest.raises(Corrupt):
        reader(ATTACKS[attack]).read()


def test_a_file_opens_only_with_its_key_and_for_its_blob():
    with pytest.raises(Corrupt):
        reader(BODY, key=bytes(32)).read()
    with pytest.raises(Corrupt):
        reader(BODY, aad=blob_aad("mzxw6ytboi2dqmrrgq3tkmrrga", "thumb")).read()


@pytest.mark.parametrize("cut", [1, 16, SEGMENT_BYTES, 3 * SEGMENT_BYTES])
def test_a_store_that_delivers_less_than_the_row_says_is_noticed(cut):
    source = ranges_of(io.BytesIO(BODY[:-cut]))
    with pytest.raises(Corrupt):
        DecryptingReader(source, KEY, AAD, len(BODY)).read()


def test_a_cut_file_is_noticed_by_one_who_looks_only_at_its_end():
    cut = reader(b"".join(PARTS[:-1]))
    cut.seek(0, io.SEEK_END)
    with pytest.raises(Corrupt):
        cut.read()


def test_a_writer_left_by_an_error_never_makes_a_whole_file():
    sink = io.BytesIO()
    writer = EncryptingWriter(sink, KEY, AAD)

    def upload() -> None:
        with writer:
            writer.write(plain_of(100_000))
            raise OSError("line lost")

    with pytest.raises(OSError, match="line lost"):
        upload()
    writer.close()
    with pytest.raises(Corrupt):
        reader(sink.getvalue()).read()
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"more")


@settings(max_examples=200)
@given(bit=st.integers(0, 8 * len(BODY) - 1))
def test_no_bit_can_be_flipped(bit):
    changed = bytearray(BODY)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Corrupt):
        reader(bytes(changed)).read()


@given(
    st.lists(st.tuples(st.integers(0, 400_000), st.integers(0, 150_000)), min_size=1, max_size=6)
)
def test_reading_here_and_there_gives_what_the_file_holds(hops):
    plain = plain_of(5 * SEGMENT_BYTES)
    expected, stored = io.BytesIO(plain), reader(BODY)
    for position, size in hops:
        assert stored.seek(position) == expected.seek(position)
        assert stored.read(size) == expected.read(size)
        assert stored.tell() == expected.tell()


class CountingSource:
    """A store that remembers what was asked of it."""

    def __init__(self, stored: bytes) -> None:
        self.stored = stored
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, length: int) -> io.BytesIO:
        self.asked.append((start, length))
        return io.BytesIO(self.stored[start : start + length])


def test_a_range_fetches_only_the_segments_it_lies_in():
    source = CountingSource(BODY)
    stored = DecryptingReader(source, KEY, AAD, len(BODY))
    start = 3 * SEGMENT_BYTES + 10
    assert (
        b"".join(stored.chunks(start, start + 20))
        == plain_of(5 * SEGMENT_BYTES)[start : start + 20]
    )
    assert source.asked == [(0, HEADER_BYTES), (3 * SEGMENT_BYTES, SEGMENT_BYTES)]


def test_a_whole_file_is_fetched_once_and_in_few_requests():
    plain = plain_of(100 * SEGMENT_BYTES)
    source = CountingSource(encrypted(plain))
    stored = DecryptingReader(source, KEY, AAD, len(source.stored))
    assert b"".join(stored.chunks()) == plain
    assert sum(length for _, length in source.asked) == len(source.stored)
    assert len(source.asked) < 8


@pytest.mark.parametrize(("start", "stop"), [(0, 0), (0, 1), (5, 5), (10, None), (0, 10**9)])
def test_chunks_are_the_bytes_of_the_range(start, stop):
    plain = plain_of(5 * SEGMENT_BYTES)
    assert b"".join(reader(BODY).chunks(start, stop)) == plain[start:stop]


def test_an_empty_file_is_proved_empty():
    forged = bytearray(encrypted(b""))
    assert reader(bytes(forged)).read() == b""
    assert list(reader(bytes(forged)).chunks()) == []
    forged[-1] ^= 1
    with pytest.raises(Corrupt):
        reader(bytes(forged)).read()
    with pytest.raises(Corrupt):
        list(reader(bytes(forged)).chunks())


def test_a_closed_reader_gives_nothing():
    stored = reader(BODY)
    stored.read(10)
    stored.close()
    with pytest.raises(ValueError, match="closed"):
        stored.read(10)
