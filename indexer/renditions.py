"""The rendition of a version: stored, or printed now if this host can."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from indexer.extract.result import Failed
from indexer.office.printing import Office
from service import jobs, page_images, processing, renditions, stored_files
from service.archive import Archive
from service.jobs import Lane
from service.keystore import Ring
from service.processing import Source


@dataclass(frozen=True, slots=True)
class Rendition:
    """A PDF of `size` bytes, and the row of its blob where it was stored only now."""

    reader: BinaryIO
    size: int
    blobs: list[dict[str, Any]] = field(default_factory=list)


def rendition(
    archive: Archive,
    office: Office | None,
    ring: Ring,
    version_id: str,
    source: Source,
    beat: Callable[[], None],
) -> Rendition | Failed | None:
    """Return the rendition of a version, or why there is none; None where nobody can make one.

    Raises `BlobMissing`, `Corrupt` and `Unavailable` as reading a stored file does.
    """
    key = ring.version(version_id)
    with archive.db.read() as db:
        blob = page_images.stored(db, version_id, renditions.RENDER, 0)
    if blob is not None:
        reader = stored_files.opened(
            archive.blobs, key, blob.id, blob.stored_size, role=renditions.RENDER
        )
        return Rendition(cast("BinaryIO", reader), blob.size)
    if office is None or not office.ready:
        return None
    with stored_files.opened(archive.blobs, key, source.blob, source.stored_size) as original:
        ending = renditions.ENDINGS[source.media_type]
        printed = office.printed(cast("BinaryIO", original), source.size, ending, beat)
    if isinstance(printed, Failed):
        return printed
    content = [(renditions.RENDER, printed)]
    blobs = page_images.store(archive.blobs, ring, version_id, 0, content)
    return Rendition(io.BytesIO(printed), len(printed), blobs)


def queue_missing(archive: Archive) -> int:
    """Have laid out what was read while no host could do that; return how many versions."""
    with archive.db.read() as db:
        if not processing.unrendered(db, renditions.ENDINGS, limit=1):
            return 0
    with archive.db.write() as db:
        wanted = processing.unrendered(db, renditions.ENDINGS)
        jobs.add(db, [jobs.New("render", one, Lane.BULK) for one in wanted], cause=None)
    return len(wanted)
