"""A ZIP that goes into the encrypted spool as it is made, with the digest of each of its files."""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import IO, Protocol, Self, cast

#: How hard files are pressed: more costs twice the time for a twentieth of the size.
_LEVEL = 4


class Sink(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take all of them."""


class _Onwards:
    """A sink that is only written to: a ZIP then never goes back to correct its headers."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: bytes) -> int:
        self._sink.write(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: the spool is written through."""


class Member:
    """One file of the ZIP while it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin it."""
        self._file = file
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Take more of it."""
        self._digest.update(data)
        return self._file.write(data)

    @property
    def sha256(self) -> str:
        """Return the digest of what was written."""
        return self._digest.hexdigest()


class Pack:
    """A ZIP; left without an exception it is whole."""

    def __init__(self, sink: Sink, made: datetime) -> None:
        """Begin; `made` is the time that every file gets."""
        self._zip = zipfile.ZipFile(cast("IO[bytes]", _Onwards(sink)), "w")
        self._when = made.timetuple()[:6]
        self._sums: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the digests and the end of the ZIP, unless something went wrong."""
        if kind is None:
            lines = [f"{digest}  {name}\n" for name, digest in sorted(self._sums.items())]
            self.put("SHA256SUMS", "".join(lines))
            self._zip.close()

    def put(self, name: str, content: str | bytes) -> None:
        """Add a whole file."""
        with self.member(name) as file:
            file.write(content.encode() if isinstance(content, str) else content)

    @contextmanager
    def member(self, name: str) -> Iterator[Member]:
        """Give a file to be written."""
        info = zipfile.ZipInfo(name, self._when)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        # what the library's own `open` would take from the whole ZIP
        info._compresslevel = _LEVEL  # type: ignore[attr-defined]  # noqa: SLF001 - no other way before 3.13
        with self._zip.open(info, "w", force_zip64=True) as file:
            member = Member(file)
            yield member
        self._sums[name] = member.sha256
