"""Keeping hold of a job that lasts long."""

import io
from collections.abc import Callable
from time import monotonic
from typing import BinaryIO, cast

from service import jobs
from service.archive import Archive

#: Seconds after which the job is held anew; far below `jobs.HOLD`.
RENEW = 30.0


class Hold:
    """Keeps hold of a job, and shows life, as long as bytes or files come."""

    def __init__(self, archive: Archive, holder: str, beat: Callable[[], None]) -> None:
        """Hold the jobs of `holder`; `beat` is called whenever something came."""
        self._archive = archive
        self._holder = holder
        self._beat = beat
        self._renewed = monotonic()

    def renew(self) -> None:
        """Hold on, once in a while."""
        self._beat()
        now = monotonic()
        if now - self._renewed > RENEW:
            self._renewed = now
            with self._archive.db.write() as db:
                jobs.renew(db, self._holder)

    def passing(self, file: BinaryIO) -> BinaryIO:
        """Return a file to read from, which holds on as its bytes go by."""
        return cast("BinaryIO", _Passing(file, self))


class _Passing(io.RawIOBase):
    """A file that is read, or sought in, by who knows nothing of jobs."""

    def __init__(self, file: BinaryIO, hold: Hold) -> None:
        super().__init__()
        self._file, self._hold = file, hold

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def read(self, size: int = -1) -> bytes:
        self._hold.renew()
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
