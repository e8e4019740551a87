"""A file as a reader in the sandbox sees it: bytes fetched from the supervisor when wanted.

A scan of a gigabyte whose text layer is small is decrypted only where the reader looks, and
neither side ever holds it whole.
"""

import io
from collections import OrderedDict

from indexer.extract.wire import Broken, Kind, Line, pack_range

BLOCK = 256 * 1024
_KEPT = 16


class RemoteFile(io.RawIOBase):
    """A read-only file whose blocks come over the line, the last few kept."""

    def __init__(self, line: Line, size: int, start: bytes = b"") -> None:
        """Stand at the beginning of a file of `size` bytes, whose first block may be at hand."""
        super().__init__()
        self.size = size
        self._line = line
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict({0: start} if start else {})

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be moved in."""
        return True

    def tell(self) -> int:
        """Return where the next read starts."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move, and return where to."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview | bytearray, /) -> int:  # type: ignore[override]
        """Fill the buffer as far as the block at hand goes."""
        number, inside = divmod(self._at, BLOCK)
        if self._at >= self.size:
            return 0
        piece = memoryview(self._block(number))[inside : inside + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _block(self, number: int) -> bytes:
        block = self._blocks.get(number)
        if block is None:
            block = self._fetch(number)
            self._blocks[number] = block
            if len(self._blocks) > _KEPT:
                self._blocks.popitem(last=False)
        else:
            self._blocks.move_to_end(number)
        return block

    def _fetch(self, number: int) -> bytes:
        start = number * BLOCK
        wanted = min(BLOCK, self.size - start)
        self._line.send(Kind.WANT, pack_range(start, wanted))
        kind, block = self._line.receive()
        if kind is not Kind.DATA or len(block) != wanted:
            raise Broken("another block than wanted")
        return block
