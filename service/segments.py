"""The format of stored files: where their segments lie, how one is fetched and opened.

Tink's AES-GCM-HKDF streaming: a header (its length, a salt, a nonce prefix), then segments of
64 KiB, the first one shortened by the header. Every segment is sealed on its own; its nonce
holds its number and whether it is the last, so segments cannot be dropped, swapped, repeated or
cut off unnoticed. Any Tink implementation reads these files, and the reverse.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.crypto import KEY_BYTES, TAG_BYTES, Corrupt

#: Name of this format in key rows and blob rows.
ALGORITHM = "aes256-gcm-hkdf-sha256-64k"

SEGMENT_BYTES = 65536
PREFIX_BYTES = 7
HEADER_BYTES = 1 + KEY_BYTES + PREFIX_BYTES

#: Plain bytes in a full segment, and in a full first one.
FULL = SEGMENT_BYTES - TAG_BYTES
FIRST = FULL - HEADER_BYTES

#: Segments asked from the store at once: few after a jump, more while reading goes on in order.
_WINDOW_AFTER_JUMP = 4
_WINDOW_MOST = 128
#: So many, and no more, for who reads each run within `_QUICK` seconds: every run costs a request,
#: but the store would hang up on who lets it wait for minutes.
_WINDOW_QUICK = 1024
_QUICK = 1.0

#: Opens `length` stored bytes from `start`; `functools.partial(blobs.open, name)` is one.
OpenRange = Callable[[int, int], BinaryIO]


def stored_size(plain_size: int) -> int:
    """Return how many bytes a file of `plain_size` bytes takes once encrypted."""
    segments = 1 + max(0, -(-(plain_size - FIRST) // FULL))
    return HEADER_BYTES + plain_size + segments * TAG_BYTES


@dataclass(frozen=True, slots=True)
class Sealing:
    """The cipher of one file, and the header that lets a reader derive it again."""

    header: bytes
    cipher: AESGCM

    @classmethod
    def fresh(cls, key: bytes, aad: str) -> Self:
        """Start a new file."""
        random = secrets.token_bytes(HEADER_BYTES - 1)
        return cls.of(bytes([HEADER_BYTES]) + random, key, aad)

    @classmethod
    def of(cls, header: bytes, key: bytes, aad: str) -> Self:
        """Take up the file that begins with `header`."""
        if header[0] != HEADER_BYTES:
            raise Corrupt("a stored file begins with an unknown header")
        salt = header[1 : 1 + KEY_BYTES]
        return cls(
            header, AESGCM(HKDF(SHA256(), KEY_BYTES, salt=salt, info=aad.encode()).derive(key))
        )

    def seal(self, plain: bytes | bytearray | memoryview, number: int, *, last: bool) -> bytes:
        """Return segment `number`."""
        return self.cipher.encrypt(self._nonce(number, last=last), plain, None)

    def open(self, sealed: bytes, number: int, *, last: bool) -> bytes:
        """Return what segment `number` holds; raises `Corrupt` if it is another, or changed."""
        try:
            return self.cipher.decrypt(self._nonce(number, last=last), sealed, None)
        except InvalidTag as error:
            raise Corrupt("a stored file does not open") from error

    def _nonce(self, number: int, *, last: bool) -> bytes:
        return self.header[-PREFIX_BYTES:] + number.to_bytes(4, "big") + bytes([last])


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the segments of a stored file lie."""

    stored: int
    count: int
    plain: int

    @classmethod
    def of(cls, stored: int) -> Self:
        """Compute the layout from the stored size alone."""
        count = -(-stored // SEGMENT_BYTES)
        plain = stored - HEADER_BYTES - count * TAG_BYTES
        if count < 1 or plain < 0 or stored != stored_size(plain):
            raise Corrupt("a stored file has a size that no writer makes")
        return cls(stored, count, plain)

    @staticmethod
    def segment_at(position: int) -> int:
        """Return the number of the segment that holds the plain byte at `position`."""
        return 0 if position < FIRST else 1 + (position - FIRST) // FULL

    @staticmethod
    def plain_start(number: int) -> int:
        """Return the position of a segment's first plain byte."""
        return 0 if number == 0 else FIRST + (number - 1) * FULL

    def stop(self, number: int) -> int:
        """Return where in the stored file segment `number` ends."""
        return min((number + 1) * SEGMENT_BYTES, self.stored)


class Segments:
    """Fetches segments from the store, runs of them through one stream, and opens them."""

    def __init__(self, open_range: OpenRange, key: bytes, aad: str, layout: Layout) -> None:
        self._open_range = open_range
        self._key = key
        self._aad = aad
        self._layout = layout
        self._sealing: Sealing | None = None
        self._stream: BinaryIO | None = None
        self._next = 0
        self._until = 0
        self._window = _WINDOW_AFTER_JUMP
        self._opened_at = 0.0
        #: no segment from this one on is fetched ahead of need
        self.stop = layout.count

    def get(self, number: int, *, ahead: int) -> bytes:
        """Return the plain bytes of a segment; `ahead` segments from it on are surely needed."""
        try:
            return self._get(number, ahead)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give back the connection."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _get(self, number: int, ahead: int) -> bytes:
        if self._stream is None or number != self._next or number >= self._until:
            stream = self._open(number, ahead)
        else:
            stream = self._stream
        start = number * SEGMENT_BYTES
        if number == 0:
            header = _exactly(stream, HEADER_BYTES)
            self._sealing = self._sealing or Sealing.of(header, self._key, self._aad)
            start = HEADER_BYTES
        sealed = _exactly(stream, self._layout.stop(number) - start)
        self._next = number + 1
        last = self._next == self._layout.count
        return self._begun().open(sealed, number, last=last)

    def _open(self, number: int, ahead: int) -> BinaryIO:
        went_on = self._stream is not None and number == self._next
        self.close()
        if number:
            self._begun()
        now = monotonic()
        most = _WINDOW_QUICK if now - self._opened_at < _QUICK else _WINDOW_MOST
        self._window = min(self._window * 2, most) if went_on else _WINDOW_AFTER_JUMP
        self._opened_at = now
        self._until = max(number + ahead, min(number + self._window, self.stop))
        start = number * SEGMENT_BYTES
        self._stream = self._open_range(start, self._layout.stop(self._until - 1) - start)
        return self._stream

    def _begun(self) -> Sealing:
        """Return the file's sealing; a reader that starts in the middle fetches the header."""
        if self._sealing is None:
            with self._open_range(0, HEADER_BYTES) as stream:
                self._sealing = Sealing.of(_exactly(stream, HEADER_BYTES), self._key, self._aad)
        return self._sealing


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """Read `size` bytes; a stored file that ends sooner is not whole."""
    data = stream.read(size)
    if len(data) == size:
        return data
    pieces = [data]
    while data and (size := size - len(data)):
        data = stream.read(size)
        pieces.append(data)
    if size:
        raise Corrupt("a stored file ends too soon")
    return b"".join(pieces)
