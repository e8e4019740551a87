"""Reading exactly as much as asked from what is put into, or comes out of, a store."""

import io
from collections.abc import Iterator
from typing import BinaryIO

from service.errors import Unavailable

_CHUNK = 1024 * 1024


def chunks(source: BinaryIO, size: int) -> Iterator[bytes]:
    """Return exactly `size` bytes of `source` piece by piece; `EOFError` if it ends sooner."""
    left = size
    while left:
        data = source.read(min(_CHUNK, left))
        if not data:
            raise EOFError(f"the source ended {left} bytes too soon")
        left -= len(data)
        yield data


class Exactly:
    """A source that gives `size` bytes and not one less: `EOFError` if it ends sooner."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        """Notice at once if a seekable source is too short."""
        self._source = source
        self._left = size
        if source.seekable():
            here = source.tell()
            there = source.seek(0, io.SEEK_END)
            source.seek(here)
            if there - here < size:
                raise EOFError(f"the source is {here + size - there} bytes too short")

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, or what is left if that is less."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._source.read(wanted)
        if len(data) < wanted:
            data += b"".join(chunks(self._source, wanted - len(data)))
        self._left -= wanted
        return data


def check_range(start: int, length: int | None) -> None:
    """Raise `ValueError` for a range that cannot be."""
    if start < 0 or (length is not None and length < 0):
        raise ValueError(f"not a range: {start}, {length}")


class Part(io.RawIOBase):
    """The part of an open file from its position on, `length` bytes at most."""

    def __init__(self, file: io.FileIO, length: int | None) -> None:
        """Take over the file; closing the part closes it."""
        super().__init__()
        self._file = file
        self._left = length

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer, as files do."""
        wanted = memoryview(buffer)[: self._left]
        try:
            count = self._file.readinto(wanted)
        except OSError as error:
            raise Unavailable("blobs") from error
        if self._left is not None:
            self._left -= count
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
