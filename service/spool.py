"""An upload on its way in: encrypted from its first byte, hashed, counted, limited.

The spool is the blob: what arrives is sealed once under a key that lives only in memory, and
that very file goes to the store when the upload is accepted. A refused upload leaves neither
a file nor a key.
"""

import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

from service.crypto import new_key
from service.disk import trouble
from service.errors import TooLarge
from service.ids import new_id
from service.streams import DecryptingReader, EncryptingWriter, blob_aad, ranges_of


class Spool(io.RawIOBase):
    """A writable file for one upload, then a seekable reader of what was written.

    Raises `TooLarge` beyond `limit` bytes and `Unavailable("blobs")` when the disk is full.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        """Start an empty spool in `folder`; the file has no name, so a crash leaves nothing."""
        super().__init__()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.blob_id = new_id()
        self.key = new_key()
        self.limit = limit
        self.plain_size = 0
        self._hash = hashlib.sha256()
        self._file = cast(
            "BinaryIO",
            tempfile.TemporaryFile(dir=folder),  # noqa: SIM115 - closed in `close`
        )
        self._writer: EncryptingWriter | None = EncryptingWriter(
            self._file, self.key, blob_aad(self.blob_id, "original")
        )
        self._reader: DecryptingReader | None = None

    @property
    def sha256(self) -> bytes:
        """Return the digest of the plain bytes."""
        return self._hash.digest()

    @property
    def stored_size(self) -> int:
        """Return the size of the encrypted file, once it is sealed."""
        return os.fstat(self._file.fileno()).st_size

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can seek: it becomes a reader then."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Take more of the upload."""
        if self._writer is None:
            message = "the upload is sealed already"
            raise ValueError(message)
        self.plain_size += len(data)
        if self.plain_size > self.limit:
            raise TooLarge(
                "The file is larger than %(limit)s MB.",
                fields={"file": "too_large"},
                limit=self.limit // (1024 * 1024),
            )
        self._hash.update(data)
        with trouble():
            self._writer.write(data)
        return len(data)

    def seal(self) -> None:
        """Finish writing: what was written is whole now."""
        if self._writer is not None:
            with trouble():
                self._writer.close()
                self._file.flush()
            self._writer = None

    def _plain(self) -> DecryptingReader:
        self.seal()
        if self._reader is None:
            self._reader = DecryptingReader(
                ranges_of(self._file),
                self.key,
                blob_aad(self.blob_id, "original"),
                self.stored_size,
            )
        return self._reader

    def read(self, size: int = -1) -> bytes:
        """Read plain bytes back."""
        return self._plain().read(size)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read plain bytes into a buffer."""
        data = self._plain().read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move the reading position."""
        return self._plain().seek(offset, whence)

    def tell(self) -> int:
        """Return the position: of writing first, of reading once sealed."""
        return self.plain_size if self._writer is not None else self._plain().tell()

    def encrypted(self) -> BinaryIO:
        """Return the sealed file from its start, for the store."""
        self.seal()
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Give the file up; what was not stored is gone."""
        if not self.closed:
            self._file.close()
        super().close()


def spool(folder: Path, limit: int, source: BinaryIO) -> Spool:
    """Spool a whole stream, for uploads that do not come as a form."""
    made = Spool(folder, limit)
    try:
        while data := source.read(1 << 18):
            made.write(data)
        made.seal()
    except BaseException:
        made.close()
        raise
    return made
