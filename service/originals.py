"""Handing out originals: byte for byte, in ranges, each delivery in the log."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Self

from sqlalchemy import select

from service import readings, stored_files
from service.archive import Archive, Call
from service.blobs.port import BlobMissing
from service.codes import Processing
from service.crypto import Corrupt, Place, unseal_value
from service.documents import SEALED_AS, has_original, hold, version_of
from service.errors import Conflict, Denied, NotFound, Unavailable, Unsatisfiable
from service.models import Blob, Version
from service.permissions import Actor
from service.streams import DecryptingReader

#: One more than the number of a version can be: the database holds it in 32 bits.
_VERSIONS = 2**31


@dataclass(frozen=True, slots=True)
class Original:
    """A file to hand out: `chunks()` gives `length` bytes from `start` of `size`."""

    partial: bool
    file_name: str
    media_type: str
    size: int
    start: int
    length: int
    sha256: str
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A byte range as asked: first and last included; None for open ends (`-500`: last 500).

    `of`: the digest of the content it is a range of; of other content the whole is wanted.
    """

    first: int | None
    last: int | None
    of: str | None = None

    def within(self, size: int) -> tuple[int, int]:
        """Return (start, length) in a file of `size` bytes; raises `Unsatisfiable` if outside."""
        if self.first is None:
            start = max(0, size - (self.last or 0))
            stop = size
        else:
            start = self.first
            stop = size if self.last is None else min(size, self.last + 1)
        if start >= size or stop <= start:
            raise Unsatisfiable("This range is not in the file.", size=size)
        return start, stop - start


def reading_of(
    archive: Archive, actor: Actor, document_id: str, version_no: int | None
) -> int | None:
    """Return the entry of a running reading of this version, for calls that fetch a piece."""
    if version_no is not None and not 0 < version_no < _VERSIONS:
        return None  # the call says what is wrong with it
    with archive.db.read() as db:
        wanted = select(Version.id).where(Version.document == document_id)
        if version_no is not None:
            wanted = wanted.where(Version.no == version_no)
        version = db.scalars(wanted.order_by(Version.no.desc()).limit(1)).first()
    return readings.current(archive, actor, version) if version else None


def fetch(
    call: Call, document_id: str, *, version_no: int | None = None, wanted: Wanted | None = None
) -> Original:
    """Return an original for sending after the call; what was sent is logged at its end."""
    db = call.db
    held = hold(call, db, document_id)
    if not has_original(call, held):
        raise Denied(
            "Your role gets watermarked copies of this document, not the original: export it.",
            rule=f"{call.action}:withheld",
        )
    version = version_of(db, held, version_no)
    call.about(version=version.id)
    if version.processing == Processing.QUARANTINED:
        raise Conflict("This file waits for the virus scanner.", rule="document:quarantined")
    call.touched(document_id, "downloaded")
    blob = db.scalars(
        select(Blob).where(Blob.version == version.id, Blob.role == "original")
    ).first()
    if blob is None:
        raise NotFound
    key = call.ring.field(held.document.customer, SEALED_AS)

    def plain(sealed: bytes, column: str) -> str:
        return unseal_value(key, sealed, Place(version.id, held.document.customer, column))

    sha256 = plain(version.sha256_ct, "sha256")
    if wanted and wanted.of not in (None, sha256):
        wanted = None
    start, length = wanted.within(version.size) if wanted else (0, version.size)
    if wanted:
        call.say(part={"from": start, "to": start + length - 1})
    if not call.is_piece:
        readings.begin(call, version.id)
    reader = stored_files.opened(
        call.archive.blobs, call.ring.version(version.id), blob.id, blob.stored_size
    )
    chunks = _chunks(reader, start, length)
    # the first piece is fetched now: a store that is away is a refusal, not a broken download
    first = next(chunks, b"")
    return Original(
        wanted is not None,
        plain(version.file_name_ct, "file_name"),
        version.media_type,
        version.size,
        start,
        length,
        sha256,
        partial(Delivery, call, chain([first], chunks), length),
    )


def _chunks(reader: DecryptingReader, start: int, length: int) -> Iterator[bytes]:
    try:
        for chunk in reader.chunks(start, start + length):
            yield bytes(chunk)
    except BlobMissing as error:
        raise Unavailable("blobs", "The stored file is missing.") from error
    except Corrupt as error:
        raise Unavailable("blobs", "The stored file is damaged.") from error
    finally:
        reader.close()


class Delivery:
    """The bytes on their way out. Closing says in the log how many left, even if none did.

    No generator: one that was never started is closed without a word.
    """

    def __init__(self, call: Call, chunks: Iterator[bytes], length: int) -> None:
        """Begin with nothing sent."""
        self._call = call
        self._chunks = chunks
        self._length = length
        self._sent = 0
        self._handed = 0
        self._closed = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        # what was handed out last has left: the next piece is asked for
        self._sent += self._handed
        self._handed = 0
        try:
            chunk = next(self._chunks)
        except BaseException:
            self.close()
            raise
        self._handed = len(chunk)
        return chunk

    def close(self) -> None:
        """End the delivery; a further piece of a reading was logged before it left."""
        if self._closed:
            return
        self._closed = True
        if not self._call.is_piece:
            complete = self._sent == self._length
            self._call.archive.delivered(self._call, self._sent, complete=complete)
