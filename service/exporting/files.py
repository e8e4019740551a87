"""The file that a set holds of a document: the original, or a watermarked copy of it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Protocol

from sqlalchemy import select

from service import stored_files
from service.archive import Call
from service.blobs.port import BlobMissing
from service.crypto import Place, unseal_value
from service.documents import SEALED_AS
from service.exporting import rows
from service.exporting.copies import Copier, LeftOut, Mark
from service.exporting.rows import Row
from service.models import Blob, Version
from service.permissions import original_scopes
from service.spool import Spool

_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """A file on its way into a set: what its name ends with, its bytes and their digest.

    `said`: what the manifest says of it in place of what it says of the original.
    """

    ending: str
    pieces: Iterator[bytes]
    sha256: str
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document that a set is to hold: its row, its version, and what is sealed with that."""

    call: Call
    row: Row
    version: Version

    @property
    def sha256(self) -> str:
        """Return the digest of the original."""
        return self._plain("sha256", self.version.sha256_ct)

    @property
    def ending(self) -> str:
        """Return what the original's name ends with, if that is an ordinary ending."""
        found = _ENDING.search(self._plain("file_name", self.version.file_name_ct))
        return found[0] if found else ""

    def _plain(self, column: str, sealed: bytes) -> str:
        key = self.call.ring.field(self.row.customer, SEALED_AS)
        return unseal_value(key, sealed, Place(self.version.id, self.row.customer, column))


class Files(Protocol):
    """What a set holds of each document."""

    #: what the manifest calls this form of a set, and its columns beside those of every form
    form: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    def of(self, one: Wanted, held: ExitStack) -> File | str:
        """Return the file, whose source is closed with `held`; or why there is none, as a code."""


class Originals:
    """Files as they were brought, of the documents of which one may have the original."""

    form: ClassVar[str] = "guidang.documents.v1"
    columns: ClassVar[tuple[str, ...]] = ()

    def __init__(self, call: Call, documents: tuple[str, ...]) -> None:
        """Ask which these are."""
        mine = original_scopes(call.policy, call.actor)
        self._mine = rows.readable(call.db, mine, documents)

    def of(self, one: Wanted, held: ExitStack) -> File | str:
        """Return the original."""
        if one.row.document not in self._mine:
            return "withheld"
        blob = one.call.db.scalars(
            select(Blob).where(Blob.version == one.version.id, Blob.role == "original")
        ).first()
        if blob is None:
            return "missing"
        key, blobs = one.call.ring.version(one.version.id), one.call.archive.blobs
        try:
            reader = stored_files.opened(blobs, key, blob.id, blob.stored_size)
            held.callback(reader.close)
            pieces = (bytes(piece) for piece in reader.chunks(0, one.version.size))
            # asked for now: a file that is not there is named, and no empty one stands for it
            first = next(pieces, b"")
        except BlobMissing:
            return "missing"
        return File(one.ending, chain([first], pieces), one.sha256, {})


class Copies:
    """Watermarked copies of all that one may read, as far as pages can be made of it."""

    form: ClassVar[str] = "guidang.copies.v1"
    columns: ClassVar[tuple[str, ...]] = ("copy_of", "pages", "original_sha256")

    def __init__(self, call: Call, mark: Mark, copier: Copier) -> None:
        """Begin with no pages made."""
        self._mark, self._copier = mark, copier
        self._limits = call.policy.limits.export_copies
        self._left = self._limits.set_pages

    def of(self, one: Wanted, held: ExitStack) -> File | str:
        """Return the copy."""
        most = min(self._limits.document_pages, self._left)
        made = self._copier(one.call, one.row, self._mark, held, most) if most else LeftOut.SET_FULL
        if isinstance(made, LeftOut):
            full = made is LeftOut.TOO_MANY_PAGES and most < self._limits.document_pages
            return str(LeftOut.SET_FULL if full else made)
        self._left -= made.pages
        made.file.seal()
        sha256 = made.file.sha256.hex()
        said = {
            "media_type": "application/pdf",
            "size": made.file.plain_size,
            "sha256": sha256,
            "copy_of": str(made.of),
            "pages": made.pages,
            "original_sha256": one.sha256,
        }
        return File(".pdf", _pieces(made.file), sha256, said)


def _pieces(file: Spool) -> Iterator[bytes]:
    file.seek(0)
    while data := file.read(_PIECE):
        yield data
