"""Files that a worker makes for somebody: sealed in the store until fetched, then taken away.

Compliance bundles and exports of the archive share this. What is in them and who may have them,
each says for itself.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, partial
from itertools import chain
from typing import Protocol, TypeVar, cast

from sqlalchemy import FromClause, Table, Update, bindparam, or_, select, update
from sqlalchemy.orm import class_mapper

from service import stored_files
from service.archive import Archive, Call
from service.audit.entries import Subject
from service.blobs.names import object_name
from service.blobs.port import BlobMissing
from service.crypto import Corrupt, unseal
from service.errors import Conflict, Unavailable
from service.models import MadeFile
from service.originals import Delivery, Original
from service.permissions import Action, service_actor
from service.streams import DecryptingReader

Row = TypeVar("Row", bound=MadeFile)


class State(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    #: fetched as often as it may be, or too old
    REMOVED = "removed"


#: The states in which a file is still to be made.
GOING = (State.WAITING, State.RUNNING)


def key_aad(row_id: str) -> str:
    """Return what binds the sealed key of a file to its row."""
    return f"guidang.export.key.v1|{row_id}"


class Fetchable(Protocol):
    """What is shown of a file to those who may have it."""

    @property
    def state(self) -> str:
        """Where it stands."""

    @property
    def fetched(self) -> int:
        """How often it was fetched."""

    @property
    def downloads(self) -> int:
        """How often it can be."""

    @property
    def expires(self) -> datetime | None:
        """Until when it lies ready."""


class Made:
    """What follows from the fields of a view of such a file."""

    __slots__ = ()

    @property
    def open(self: Fetchable) -> bool:
        """Say whether it can be fetched."""
        young = self.expires is None or datetime.now(UTC) < self.expires
        return self.state == State.READY and self.fetched < self.downloads and young

    @property
    def going(self: Fetchable) -> bool:
        """Say whether the worker has it before it."""
        return self.state in GOING


def handed_out(
    call: Call, row: MadeFile, file_name: str, media_type: str, *, most: int
) -> Original:
    """Return a file that is there for sending after the call, and count that it was fetched.

    Raises `Unavailable` when the store is away or the file is damaged, `Conflict` if it is gone;
    so does the end of the call, if it was fetched `most` times by then.
    """
    if row.blob is None or row.key_ct is None or row.size is None:
        raise Conflict("This file is no longer there.", rule="export:gone")
    try:
        key = unseal(call.ring.blind("export"), row.key_ct, key_aad(row.id))
    except Corrupt as error:
        raise Unavailable("blobs", "The stored file is damaged.") from error
    reader = stored_files.opened(call.archive.blobs, key, row.blob, row.stored_size or 0)
    pieces = _pieces(reader, row.size)
    # the first piece is fetched now: a store that is away is a refusal, not a broken download
    first = next(pieces, b"")
    call.note(sha256=row.sha256)
    gone = Conflict("This file is no longer there.", rule="export:gone")
    call.claim(_counted(class_mapper(type(row)).local_table), gone, made=row.id, most=most)
    return Original(
        partial=False,
        file_name=file_name,
        media_type=media_type,
        size=row.size,
        start=0,
        length=row.size,
        sha256=row.sha256 or "",
        chunks=partial(Delivery, call, chain([first], pieces), row.size),
    )


@cache
def _counted(table: FromClause) -> Update:
    """Return what counts that a file was fetched, unless it was often enough already."""
    files = cast("Table", table)
    open_still = (files.c.state == str(State.READY), files.c.fetched < bindparam("most"))
    counted = update(files).where(files.c.id == bindparam("made"), *open_still)
    return counted.values(fetched=files.c.fetched + 1).returning(files.c.fetched)


def _pieces(reader: DecryptingReader, size: int) -> Iterator[bytes]:
    try:
        for piece in reader.chunks(0, size):
            yield bytes(piece)
    except BlobMissing as error:
        raise Unavailable("blobs", "The stored file is missing.") from error
    except Corrupt as error:
        raise Unavailable("blobs", "The stored file is damaged.") from error
    finally:
        reader.close()


def clear(
    archive: Archive,
    table: type[Row],
    downloads: int,
    told: Callable[[Row], tuple[Action, Subject]],
) -> int:
    """Take away files that are too old or were fetched often enough; return how many.

    The bytes go first: whatever is interrupted, the row still says where they are. `told` says
    how the log calls it.
    """
    over = or_(table.expires <= datetime.now(UTC), table.fetched >= downloads)
    with archive.db.read() as db:
        found = db.scalars(select(table).where(table.state == str(State.READY), over)).all()
        gone = [(row.id, row.blob, *told(row)) for row in found]
    worker = service_actor("worker")
    for row_id, blob, action, subject in gone:
        if blob:
            archive.blobs.delete(object_name(blob))
        with archive.call(worker, action, subject, writes=True) as call:
            call.require()
            row = call.db.get_one(table, row_id)
            row.state, row.blob, row.key_ct = str(State.REMOVED), None, None
            call.say(after={"status": row.state})
    return len(gone)
