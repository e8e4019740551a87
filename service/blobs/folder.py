"""Objects as files in a folder of one host, durable once `put` returns.

The folder must be on a file system with hard links: linking a finished file into place is what
makes an object appear whole or not at all, and never over another.
"""

import io
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from service.blobs.names import checked, is_name
from service.blobs.port import BlobExists, BlobMissing, Stored
from service.blobs.ranges import Part, check_range, chunks
from service.disk import trouble

_INCOMING = ".incoming"
_BUFFER = 256 * 1024


class Folder:
    """A store in a folder."""

    def __init__(self, root: Path, *, stale_after: timedelta = timedelta(days=1)) -> None:
        """Use the folder, made if absent; what interrupted puts left behind long ago is removed."""
        self._root = root
        self._incoming = root / _INCOMING
        with trouble():
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._sweep(time.time() - stale_after.total_seconds())

    def put(self, name: str, source: BinaryIO, size: int) -> None:
        """Store exactly `size` bytes of `source` under `name`; raises `BlobExists`."""
        target = self._path(name)
        if target.exists():
            raise BlobExists(name)
        draft = self._incoming / f"{target.name}.{secrets.token_hex(8)}"
        try:
            _fill(draft, source, size)
            with trouble():
                self._place(draft, target)
        finally:
            with suppress(OSError):
                draft.unlink()

    def open(self, name: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Return the object's bytes from `start`; raises `BlobMissing`."""
        check_range(start, length)
        with self._lookup(name):
            file = io.FileIO(self._path(name))
            file.seek(start)
        return cast("BinaryIO", io.BufferedReader(Part(file, length), _BUFFER))

    def size(self, name: str) -> int:
        """Return the object's size; raises `BlobMissing`."""
        with self._lookup(name):
            return self._path(name).stat().st_size

    def delete(self, name: str) -> None:
        """Remove the object if it is there."""
        path = self._path(name)
        with trouble():
            path.unlink(missing_ok=True)
            if path.parent.exists():
                _sync(path.parent)

    def list(self) -> Iterator[Stored]:
        """Return every object; files of other names are not ours."""
        with trouble():
            folders = [each for each in self._root.iterdir() if len(each.name) == 2]  # noqa: PLR2004
        for folder in folders:
            with trouble(), os.scandir(folder) as entries:
                found = [each for each in entries if is_name(f"{folder.name}/{each.name}")]
                listed = [_stored(folder.name, each) for each in found]
            yield from (each for each in listed if each is not None)

    def prepare(self) -> None:
        """Nothing to do: the folder was made when the store was opened."""

    def server(self) -> Mapping[str, str]:
        """Return nothing: a folder has no server."""
        return {}

    def check(self) -> None:
        """Raise `Unavailable("blobs")` unless the folder is there: a lost mount looks empty."""
        with trouble():
            os.statvfs(self._incoming)

    @contextmanager
    def _lookup(self, name: str) -> Iterator[None]:
        with trouble():
            try:
                yield
            except FileNotFoundError as error:
                os.statvfs(self._incoming)  # fails where the whole folder is away
                raise BlobMissing(name) from error

    def _path(self, name: str) -> Path:
        return self._root / checked(name)

    def _place(self, draft: Path, target: Path) -> None:
        if not target.parent.exists():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            _sync(self._root)
        try:
            os.link(draft, target)
        except FileExistsError:
            raise BlobExists(f"{target.parent.name}/{target.name}") from None
        try:
            _sync(target.parent)
        except OSError:
            target.unlink(missing_ok=True)
            raise

    def _sweep(self, before: float) -> None:
        for draft in self._incoming.iterdir():
            with suppress(FileNotFoundError):  # another process finishes or sweeps it just now
                if draft.stat().st_mtime < before:
                    draft.unlink()


def _fill(draft: Path, source: BinaryIO, size: int) -> None:
    with trouble():
        file = io.FileIO(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    with file:
        for data in chunks(source, size):
            with trouble():
                rest = memoryview(data)
                while rest:
                    rest = rest[file.write(rest) :]
        with trouble():
            os.fsync(file.fileno())


def _stored(folder: str, entry: os.DirEntry[str]) -> Stored | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:  # deleted while we were listing
        return None
    written = datetime.fromtimestamp(status.st_mtime, UTC)
    return Stored(f"{folder}/{entry.name}", status.st_size, written)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
