"""What the worker and the command line settle of a batch while they bring its files."""

from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.archive import Archive, Call
from service.documents import DocumentView
from service.imports import batches, bringing, items
from service.imports.batches import State
from service.imports.items import ItemState
from service.keystore import Ring
from service.models import ImportItem


def halt(archive: Archive, batch_id: str, code: str) -> None:
    """Stop a batch that cannot go on, with a code why; its person may go on with it later."""
    with archive.db.write() as db:
        row = batches.lock(db, batch_id)
        if row.state == State.RUNNING:
            row.state, row.error = str(State.STOPPED), code
            row.rev += 1


def accept_sizes(archive: Archive, batch_id: str, sizes: Mapping[str, int]) -> None:
    """Take files that failed before as they are now: who tries again means what is there.

    `sizes` is the bytes of each file by its path.
    """
    again = (ImportItem.batch == batch_id) & (ImportItem.tries > 0)
    expected = ImportItem.state == str(ItemState.EXPECTED)
    with archive.db.read() as db:
        if db.scalars(select(ImportItem.ordinal).where(again, expected).limit(1)).first() is None:
            return
    with archive.ring() as ring, archive.db.write() as db:
        batches.lock(db, batch_id)
        for row in db.scalars(select(ImportItem).where(again, expected)):
            size = sizes.get(items.read(ring, row).file)
            if size is not None:
                row.expected_size = size


def received(call: Call, batch_id: str, ordinal: int, view: DocumentView) -> None:
    """Settle a file in the transaction that wrote its document."""
    row = bringing.claim(call.db, batch_id, ordinal)
    row.document, row.version = view.id, view.version.id
    version = view.version
    _settle(call.db, call.ring, row, ItemState.RECEIVED, (version.size, version.sha256))


def present(archive: Archive, batch_id: str, ordinal: int, document: str, digest: bytes) -> None:
    """Settle a file that its person brought before as `document`."""
    with archive.ring() as ring, archive.db.write() as db:
        row = bringing.claim(db, batch_id, ordinal)
        row.document = document
        _settle(db, ring, row, ItemState.DUPLICATE, (row.expected_size, digest.hex()))


def _settle(
    db: Session, ring: Ring, row: ImportItem, state: ItemState, content: tuple[int, str]
) -> None:
    size, digest = content
    row.state, row.changed = str(state), datetime.now(UTC)
    # counted when it was listed: a file may have grown before it was read
    row.expected_size = row.received_size = size
    row.sha256_ct = items.sealed(ring, row.batch, row.ordinal, "sha256", digest)
    row.tries += 1
    db.flush()
    batches.settle_state(db, batches.lock(db, row.batch))


def leave(archive: Archive, batch_id: str) -> None:
    """Stop a batch that whoever sends its files leaves before its end."""
    with archive.db.write() as db:
        row = batches.lock(db, batch_id)
        if row.state == State.OPEN:
            row.state = str(State.STOPPED)
            row.rev += 1
