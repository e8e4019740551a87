"""How many files of a batch stand where, and their bytes: every file is in exactly one sum."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from service.codes import Filing, Processing
from service.documents import TAKEN_BACK
from service.imports.items import ItemState
from service.models import ImportItem, Version


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of files and their bytes."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Return both together."""
        return Tally(self.files + other.files, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class Sums:
    """What became of a batch's files. `received` is told apart by how reading went.

    `expected` is counted by itself, all others by state: `agrees` compares them.
    """

    expected: Tally
    received: Tally
    duplicates: Tally
    failed: Tally
    skipped: Tally
    left: Tally
    searchable: int = 0
    reading: int = 0
    unreadable: int = 0
    properties_only: int = 0
    taken_back: int = 0

    @property
    def agrees(self) -> bool:
        """Say whether the parts add up to the whole, in files and in bytes."""
        parts = (self.received, self.duplicates, self.failed, self.skipped, self.left)
        return sum(parts, Tally()) == self.expected

    @property
    def troubled(self) -> int:
        """Return how many files failed to come, or could not be read."""
        return self.failed.files + self.unreadable


def of(db: Session, batches: Sequence[str]) -> dict[str, Sums]:
    """Return the sums of these batches."""
    wanted = ImportItem.batch.in_(batches)
    whole = _tallies(
        db.execute(
            select(ImportItem.batch, func.count(), func.sum(ImportItem.expected_size))
            .where(wanted)
            .group_by(ImportItem.batch)
        ).tuples()
    )
    counted = case(
        (ImportItem.received_size.is_not(None), ImportItem.received_size),
        else_=ImportItem.expected_size,
    )
    rows = db.execute(
        select(ImportItem.batch, ImportItem.state, func.count(), func.sum(counted))
        .where(wanted)
        .group_by(ImportItem.batch, ImportItem.state)
    ).tuples()
    parts: dict[tuple[str, str], Tally] = {
        (batch, state): Tally(files, int(size or 0)) for batch, state, files, size in rows
    }
    stages = _stages(db, batches)
    return {
        batch: Sums(
            expected=whole.get(batch, Tally()),
            received=parts.get((batch, ItemState.RECEIVED), Tally()),
            duplicates=parts.get((batch, ItemState.DUPLICATE), Tally()),
            failed=parts.get((batch, ItemState.FAILED), Tally()),
            skipped=parts.get((batch, ItemState.SKIPPED), Tally()),
            left=parts.get((batch, ItemState.EXPECTED), Tally()),
            **stages.get(batch, {}),
        )
        for batch in batches
    }


def _tallies(rows: Iterable[tuple[str, int, int | None]]) -> dict[str, Tally]:
    return {batch: Tally(files, int(size or 0)) for batch, files, size in rows}


#: the sum in which a received file is counted, by what its version's state is seen as
_STAGE = {
    Processing.SEARCHABLE: "searchable",
    Processing.PROPERTIES_ONLY: "properties_only",
    Processing.FAILED: "unreadable",
}


def _stages(db: Session, batches: Sequence[str]) -> dict[str, dict[str, int]]:
    rows = db.execute(
        select(
            ImportItem.batch,
            Version.processing,
            Version.filing,
            Version.indexed.is_not(None),
            func.count(),
        )
        .join(Version, Version.id == ImportItem.version)
        .where(ImportItem.batch.in_(batches), ImportItem.state == str(ItemState.RECEIVED))
        .group_by(
            ImportItem.batch, Version.processing, Version.filing, Version.indexed.is_not(None)
        )
    ).tuples()
    found: dict[str, dict[str, int]] = {}
    for batch, processing, filing, indexed, files in rows:
        stage = _stage(Processing(processing), Filing(filing), indexed=bool(indexed))
        sums = found.setdefault(batch, {})
        sums[stage] = sums.get(stage, 0) + files
    return found


def _stage(processing: Processing, filing: Filing, *, indexed: bool) -> str:
    """Return the sum for a version, as `documents.apparent` shows its state."""
    if filing in TAKEN_BACK:
        return "taken_back"
    if processing is Processing.FAILED:
        return "unreadable"
    return _STAGE.get(processing, "reading") if indexed else "reading"
