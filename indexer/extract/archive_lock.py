"""Opens files in a ZIP that are locked by AES, as WinZip and 7-Zip do: AE-1 and AE-2.

`zipfile` knows only the old cipher. A file's bytes are a salt, two bytes that tell most wrong
passwords, what was packed, and a code over it that proves it to be whole.
"""

import hashlib
import hmac
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from indexer.extract.result import Reason, Unreadable
from service.foreign_ciphers import aes_blocks

#: How a ZIP says that a file is locked so.
METHOD: Final = 99
_FIELD: Final = 0x9901
_SIZES: Final = {1: 16, 2: 24, 3: 32}
_ROUNDS: Final = 1_000  # every program's
_TELL: Final = 2
_CODE: Final = 10
_HEAD: Final = 30
_BLOCK: Final = 16
_CHUNK: Final = 64 * 1024
_PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def packing(info: zipfile.ZipInfo) -> int | None:
    """Return how a file is packed below its lock; None when that is not said, or not known."""
    said = _said(info)
    return said[1] if said and said[0] in _SIZES and said[1] in _PACKED else None


def opened(source: BinaryIO, info: zipfile.ZipInfo, password: bytes) -> Iterator[bytes]:
    """Yield a file piece by piece, as it was before it was packed.

    Raises `Unreadable` at once when the password is another, and after the last piece when the
    file is not whole: until then nothing that came may be believed.
    """
    said = _said(info)
    if said is None or said[0] not in _SIZES:
        raise Unreadable(Reason.DAMAGED, "lock")
    size = _SIZES[said[0]]
    source.seek(info.header_offset)
    head = source.read(_HEAD)
    if len(head) < _HEAD or not head.startswith(b"PK\x03\x04"):
        raise Unreadable(Reason.DAMAGED, "member")
    name, extra = struct.unpack_from("<2H", head, 26)
    source.seek(name + extra, 1)
    salt, tell = source.read(size // 2), source.read(_TELL)
    derived = hashlib.pbkdf2_hmac("sha1", password, salt, _ROUNDS, 2 * size + _TELL)
    if not hmac.compare_digest(derived[2 * size :], tell):
        raise Unreadable(Reason.PASSWORD, "wrong")
    code = hmac.new(derived[size : 2 * size], digestmod="sha1")
    left = info.compress_size - size // 2 - _TELL - _CODE
    plain = _plain(source, left, derived[:size], code)
    yield from _inflated(plain) if said[1] == zipfile.ZIP_DEFLATED else plain
    if not hmac.compare_digest(code.digest()[:_CODE], source.read(_CODE)):
        raise Unreadable(Reason.PASSWORD, "member")


def _said(info: zipfile.ZipInfo) -> tuple[int, int] | None:
    """Return the strength of the key and how the file is packed, as the ZIP says."""
    at, extra = 0, info.extra
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == _FIELD and length >= 7 and at + 11 <= len(extra):  # noqa: PLR2004 - its form
            strength, method = struct.unpack_from("<4xBH", extra, at + 4)
            return strength, method
        at += 4 + length
    return None


def _plain(source: BinaryIO, left: int, key: bytes, code: hmac.HMAC) -> Iterator[bytes]:
    if left < 0:
        raise Unreadable(Reason.DAMAGED, "member")
    blocks = aes_blocks(key)
    number = 1
    while left:
        piece = source.read(min(left, _CHUNK))
        if len(piece) < min(left, _CHUNK):
            raise Unreadable(Reason.DAMAGED, "member")
        left -= len(piece)
        code.update(piece)
        yield _turned(blocks, piece, number)
        number += len(piece) // _BLOCK


def _turned(blocks: Callable[[bytes], bytes], piece: bytes, number: int) -> bytes:
    """Open a piece whose first block has this number: numbers begin with their lowest byte."""
    count = -(-len(piece) // _BLOCK)
    numbers = struct.pack(f"<{2 * count}Q", *(n for at in range(count) for n in (number + at, 0)))
    mask = blocks(numbers)[: len(piece)]
    return (int.from_bytes(piece) ^ int.from_bytes(mask)).to_bytes(len(piece))


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for packed in pieces:
        piece = inflater.decompress(packed, _CHUNK)
        while piece:
            yield piece
            piece = inflater.decompress(inflater.unconsumed_tail, _CHUNK)
    if not inflater.eof:
        raise Unreadable(Reason.DAMAGED, "member")
