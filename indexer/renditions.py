"""The rendition of a version: stored, or printed by a program of this host."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from indexer.extract.result import Failed
from indexer.office.printing import Office
from service import jobs, page_images, processing, renditions, stored_files
from service.archive import Archive
from service.db import Session
from service.jobs import Lane
from service.keystore import Ring
from service.processing import Source


@dataclass(frozen=True, slots=True)
class Rendition:
    """A PDF of `size` bytes."""

    reader: BinaryIO
    size: int


def is_stored(db: Session, version_id: str) -> bool:
    """Say whether a version has a rendition."""
    return page_images.stored(db, version_id, renditions.RENDER, 0) is not None


def stored(archive: Archive, ring: Ring, version_id: str) -> Rendition | None:
    """Return the rendition of a version; None where none was printed yet.

    Raises `BlobMissing`, `Corrupt` and `Unavailable` as reading a stored file does.
    """
    with archive.db.read() as db:
        blob = page_images.stored(db, version_id, renditions.RENDER, 0)
    if blob is None:
        return None
    key = ring.version(version_id)
    reader = stored_files.opened(
        archive.blobs, key, blob.id, blob.stored_size, role=renditions.RENDER
    )
    return Rendition(cast("BinaryIO", reader), blob.size)


def printed(
    archive: Archive,
    office: Office,
    ring: Ring,
    version_id: str,
    source: Source,
    beat: Callable[[], None],
) -> list[dict[str, Any]] | Failed:
    """Print a version and store that; return the row of its blob, or why there is none.

    Raises like `stored`, and `OSError` where there is no room.
    """
    found = as_pdf(archive, office, ring, version_id, source, beat)
    if isinstance(found, Failed):
        return found
    content = [(renditions.RENDER, found)]
    return page_images.store(archive.blobs, ring, version_id, 0, content)


def as_pdf(
    archive: Archive,
    office: Office,
    ring: Ring,
    version_id: str,
    source: Source,
    beat: Callable[[], None],
) -> bytes | Failed:
    """Print a version; return the PDF, or why there is none. Raises like `printed`."""
    key = ring.version(version_id)
    with stored_files.opened(archive.blobs, key, source.blob, source.stored_size) as original:
        ending = renditions.ENDINGS[source.media_type]
        return office.printed(cast("BinaryIO", original), source.size, ending, beat)


def queue_missing(archive: Archive) -> int:
    """Have laid out what was read while no host could do that; return how many versions."""
    with archive.db.read() as db:
        if not processing.unrendered(db, renditions.ENDINGS, limit=1):
            return 0
    with archive.db.write() as db:
        wanted = processing.unrendered(db, renditions.ENDINGS)
        jobs.add(db, [jobs.New("lay_out", one, Lane.BULK) for one in wanted], cause=None)
    return len(wanted)
