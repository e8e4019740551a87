"""Where the files of an import come from, when the worker brings them: a folder, or a ZIP."""

import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol, cast

from indexer.extract import CONTAINERS
from indexer.extract.result import Failed, Reason
from indexer.extract.sandbox import Sandbox
from indexer.members import Member, Whole
from service import manifests
from service.errors import Invalid, Refusal
from service.imports import items, packages, server_folders
from service.imports.items import Item
from service.imports.preparing import Found
from service.spool import Spool

_CHUNK = 1 << 18


class Untaken(Invalid):
    """One file cannot be had; `code` says why."""

    def __init__(self, code: str) -> None:
        """Keep the code under which the batch keeps it."""
        super().__init__("The file cannot be read.", fields={"file": code})
        self.code = code


class Source(Protocol):
    """What gives the files of one batch."""

    def found(self) -> list[Found]:
        """Return every file there is; raises `Refusal` when the whole cannot be read."""

    def take(self, place: Item | Found, spool: Spool, renew: Callable[[], None]) -> None:
        """Write a file into a spool; raises `Untaken` when it cannot be had."""


class FolderSource:
    """A folder of the server. It is walked once, when this is made."""

    def __init__(self, root: Path, folder: str) -> None:
        """Walk the folder; raises `NotFound` where there is none."""
        self._root = root
        self._folder = folder
        self._found: list[Found] = []
        self._real: dict[str, str] = {}
        for one, real in server_folders.walk(root, folder):
            self._found.append(one)
            if not one.error:
                self._real[one.file] = real

    def found(self) -> list[Found]:
        """Return every file below the folder."""
        return self._found

    def sizes(self) -> Mapping[str, int]:
        """Return the size of each file as it stands now."""
        return {one.file: one.size for one in self._found if not one.error}

    def take(self, place: Item | Found, spool: Spool, renew: Callable[[], None]) -> None:
        """Copy a file; one that changes while it is read is not had."""
        real = self._real.get(place.file)
        if real is None:
            raise Untaken("gone")
        try:
            file, before = server_folders.opened(self._root, self._folder, real)
            with file:
                if before.size != place.size:
                    raise Untaken("changed")
                while data := file.read(_CHUNK):
                    spool.write(data)
                    renew()
                if server_folders.standing(file) != before:
                    raise Untaken("changed")
        except OSError as error:
            raise Untaken(
                "gone" if isinstance(error, FileNotFoundError) else "unreadable"
            ) from error


class ZipSource:
    """A ZIP, read in the sandbox."""

    def __init__(
        self, sandbox: Sandbox, reader: BinaryIO, size: int, places: Mapping[int, int]
    ) -> None:
        """Read a ZIP of `size` bytes; `places`: the place in it of each file of the batch."""
        self._whole = Whole(sandbox, CONTAINERS[packages.ZIP], reader, size)
        self._places = places

    def found(self) -> list[Found]:
        """Return every file in the ZIP."""
        members = self._whole.members()
        if isinstance(members, Failed):
            raise _closed(members)
        return list(_found(members))

    def take(self, place: Item | Found, spool: Spool, renew: Callable[[], None]) -> None:
        """Inflate a file within its limits."""
        n = place.place if isinstance(place, Found) else self._places.get(place.ordinal)
        if n is None:
            raise Untaken("gone")

        def write(piece: bytes) -> None:
            spool.write(piece)
            renew()

        if failed := self._whole.member(n, spool.limit, write):
            raise Untaken(str(failed.reason))


class SentSource:
    """Files that somebody is about to send, beside the list that says what they are."""

    def __init__(
        self, name: str, reader: BinaryIO, size: int, files: Iterable[tuple[str, int]]
    ) -> None:
        """Read a list of `size` bytes, called `name`; `files` are paths and bytes."""
        self.name = name
        self.reader = reader
        self.size = size
        self._files = files

    def found(self) -> list[Found]:
        """Return what will be sent; of two files of one path the second is not taken."""
        seen: set[str] = set()
        found = []
        for file, size in self._files:
            found.append(Found(file, size, "name" if file in seen else None))
            seen.add(file)
        return found

    def take(self, place: Item | Found, spool: Spool, renew: Callable[[], None]) -> None:  # noqa: ARG002
        """Have nothing: such files are sent by people."""
        raise Untaken("gone")


def content(source: Source, one: Found, folder: Path, renew: Callable[[], None]) -> BinaryIO:
    """Return the bytes of a list that lies in a source, in memory: lists are small."""
    with Spool(folder, manifests.LARGEST) as spool:
        source.take(one, spool, renew)
        spool.seek(0)
        return io.BytesIO(cast("BinaryIO", spool).read())


def _closed(failed: Failed) -> Refusal:
    if failed.reason is Reason.TOO_COMPLEX:
        return Invalid("This ZIP is made to cost more than it may, or holds too many files.")
    return Invalid("This ZIP is damaged or cannot be read.")


def _found(members: Iterable[Member]) -> Iterable[Found]:
    """Return members as files; two of one name are told apart by nobody: the second is refused."""
    seen: set[str] = set()
    for one in members:
        path = items.clean_path(one.name)
        yield Found(path, one.size, "name" if path in seen else one.refusal, one.n)
        seen.add(path)
