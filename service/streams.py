"""Encryption of whole files: written once in order, read anywhere.

The format itself is in `segments`.
"""

import io
from collections import OrderedDict
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self, cast

from service.segments import (
    ALGORITHM,
    FIRST,
    FULL,
    SEGMENT_BYTES,
    Layout,
    OpenRange,
    Sealing,
    Segments,
    stored_size,
)

__all__ = [
    "ALGORITHM",
    "DecryptingReader",
    "EncryptingWriter",
    "OpenRange",
    "blob_aad",
    "ranges_of",
    "stored_size",
]

#: Opened segments kept for readers that hop back and forth (a PDF's table and its pages).
_KEPT = 16
_CHUNK = 4 * SEGMENT_BYTES


def blob_aad(blob_id: str, role: str) -> str:
    """Return what binds a stored file to its blob row."""
    return f"guidang.blob.v1|{blob_id}|{role}"


def ranges_of(file: BinaryIO) -> OpenRange:
    """Make a seekable local file readable by `DecryptingReader`, which leaves it open."""

    def open_range(start: int, _length: int) -> BinaryIO:
        file.seek(start)
        return cast("BinaryIO", _Borrowed(file))

    return open_range


class EncryptingWriter:
    """Encrypts what is written to it into `sink`, holding back one segment.

    `close` seals the last segment; a writer left by an exception does not, and what it wrote
    stays unreadable. The sink is never closed here.
    """

    def __init__(self, sink: BinaryIO, key: bytes, aad: str) -> None:
        """Write the header; `aad` is that of the blob."""
        self._sealing = Sealing.fresh(key, aad)
        self._sink = sink
        self._pending = bytearray()
        self._room = FIRST
        self._number = 0
        self.plain_size = 0
        self.stored_size = 0
        self.closed = False
        self._out(self._sealing.header)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take all of `data`."""
        if self.closed:
            raise ValueError("write to a closed file")
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            taken = rest[: self._room - len(self._pending)]
            rest = rest[len(taken) :]
            if not rest:
                self._pending += taken
            elif self._pending:
                self._pending += taken
                self._seal(self._pending)
                self._pending = bytearray()
            else:
                self._seal(taken)
        self.plain_size += size
        return size

    def close(self) -> None:
        """Seal the last segment; after this the file is whole."""
        if not self.closed:
            self._seal(self._pending, last=True)
            self.closed = True

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file, unless something went wrong inside."""
        if kind is None:
            self.close()
        self.closed = True

    def _seal(self, plain: bytearray | memoryview, *, last: bool = False) -> None:
        self._out(self._sealing.seal(plain, self._number, last=last))
        self._number += 1
        self._room = FULL

    def _out(self, sealed: bytes) -> None:
        rest = memoryview(sealed)
        while rest:
            rest = rest[self._sink.write(rest) :]
        self.stored_size += len(sealed)


class DecryptingReader(io.BufferedIOBase):
    """The plain bytes of a stored file, readable from anywhere; fetches only what is needed.

    `stored_size` should come from the blob's row: a file cut off at a segment's end is noticed
    when its end is read, and the row knows where that is. Raises `Corrupt` for anything but the
    very file that was written, never returns less. Not for several threads at once.
    """

    def __init__(self, open_range: OpenRange, key: bytes, aad: str, stored_size: int) -> None:
        """Prepare reading; nothing is fetched yet."""
        super().__init__()
        self._layout = Layout.of(stored_size)
        self._source = Segments(open_range, key, aad, self._layout)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._position = 0

    @property
    def size(self) -> int:
        """Return the size of the plain file."""
        return self._layout.plain

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in the plain file."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, as files do; moving beyond the end is allowed."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("a position before the start of the file")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Return `size` bytes, fewer only at the end of the file."""
        if self.closed:
            raise ValueError("read of a closed file")
        left = max(0, self.size - self._position)
        wanted = left if size is None or size < 0 else min(size, left)
        if not left:
            self._segment(self._layout.count - 1, ahead=1)  # the end must be the true one
        pieces = list(self._pieces(self._position, self._position + wanted))
        self._position += wanted
        return bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)

    def read1(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, at most a few segments when it is not given."""
        return self.read(_CHUNK if size < 0 else size)

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return the bytes from `start` to before `stop`, fetching no segment beyond them."""
        end = self.size if stop is None else min(stop, self.size)
        self.seek(start)
        self._source.stop = self._layout.segment_at(end - 1) + 1 if end else 1
        if start >= self.size:
            self.read(0)
        while self._position < end:
            yield self.read(min(_CHUNK, end - self._position))

    def close(self) -> None:
        """Forget key and text, and give back the connection."""
        if not self.closed:
            self._source.close()
            self._kept.clear()
        super().close()

    def _pieces(self, start: int, stop: int) -> Iterator[memoryview | bytes]:
        while start < stop:
            number = self._layout.segment_at(start)
            ahead = self._layout.segment_at(stop - 1) + 1 - number
            plain = self._segment(number, ahead=ahead)
            base = self._layout.plain_start(number)
            piece = memoryview(plain)[start - base : stop - base]
            yield plain if len(piece) == len(plain) else piece
            start += len(piece)

    def _segment(self, number: int, *, ahead: int) -> bytes:
        plain = self._kept.get(number)
        if plain is None:
            plain = self._source.get(number, ahead=ahead)
            if len(self._kept) >= _KEPT:
                self._kept.popitem(last=False)
            self._kept[number] = plain
        else:
            self._kept.move_to_end(number)
        return plain


class _Borrowed(io.RawIOBase):
    """A file that somebody else closes."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)
