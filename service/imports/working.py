"""What the worker and the command line settle of a batch while they bring its files."""

from collections.abc import Mapping

from sqlalchemy import select

from service.archive import Archive
from service.imports import batches, items
from service.imports.batches import State
from service.imports.items import ItemState
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


def leave(archive: Archive, batch_id: str) -> None:
    """Stop a batch that whoever sends its files leaves before its end."""
    with archive.db.write() as db:
        row = batches.lock(db, batch_id)
        if row.state == State.OPEN:
            row.state = str(State.STOPPED)
            row.rev += 1
