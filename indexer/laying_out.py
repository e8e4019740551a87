"""Jobs that lay out: another program prints what has no pages, and these are drawn after that.

A file may take it a minute, and it prints one at a time. A thread of its own waits for it, so that
nobody who looks at other pages does.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from indexer import renditions, work
from indexer.extract.result import Failed
from indexer.holding import Hold
from indexer.office.printing import Office
from indexer.work import Ended, Work
from service import jobs, page_images, processing
from service.archive import Archive
from service.audit.entries import Subject
from service.blobs.names import object_name
from service.blobs.port import BlobMissing
from service.crypto import Corrupt
from service.db import Session
from service.errors import Unavailable
from service.jobs import Lane
from service.keystore import KeyMissing
from service.renditions import ENDINGS

log = structlog.get_logger()

KINDS = ("lay_out",)


@dataclass(slots=True)
class _Printed:
    """What came of one job, to be committed: the row of a PDF, or a code why there is none."""

    blobs: list[dict[str, Any]] = field(default_factory=list)
    failed: str | None = None
    #: whether pages can be drawn now
    ready: bool = False


def run(archive: Archive, office: Office, holder: str, beat: Callable[[], None]) -> int:
    """Do one waiting job if its turn has come; return how many were done.

    Where the program is not there nothing is taken: another worker may have it. `beat` is called
    as long as it takes.
    """
    if not office.ready or not work.in_turn(archive, KINDS):
        return 0
    works = work.take(archive, holder, KINDS, 1)
    hold = Hold(archive, holder, beat)
    for one in works:
        printed = _Printed()
        _finish(archive, one, printed, _laid_out(archive, office, hold, one, printed))
    return len(works)


def _laid_out(archive: Archive, office: Office, hold: Hold, one: Work, printed: _Printed) -> Ended:
    try:
        return _print(archive, office, hold, one, printed)
    except Unavailable as error:
        return Ended(one, error=f"unavailable.{error.part}", again=True, counted=False)
    except (BlobMissing, KeyMissing):
        printed.failed = "missing"
    except Corrupt:
        printed.failed = "corrupt"
    except OSError:
        log.exception("no_room_to_print")
        return Ended(one, error="no_room", again=True)
    return Ended(one, error=printed.failed)


def _print(archive: Archive, office: Office, hold: Hold, one: Work, printed: _Printed) -> Ended:
    version_id = one.job.subject
    with archive.db.read() as db:
        source = processing.source(db, version_id)
        version = processing.versions(db, [version_id]).get(version_id)
        documents = processing.documents(db, [version.document] if version else [])
        there = renditions.is_stored(db, version_id)
    if source is None or source.media_type not in ENDINGS:
        return Ended(one)
    if not there:
        with archive.ring() as ring:
            found = renditions.printed(archive, office, ring, version_id, source, hold.renew)
        if isinstance(found, Failed):
            printed.failed = str(found.reason)
        else:
            printed.blobs = found
    printed.ready = printed.failed is None
    (document,) = documents.values()
    subject = Subject("document", document.id, version_id, customer=document.customer)
    return Ended(one, error=printed.failed, subject=subject)


def _finish(archive: Archive, one: Work, printed: _Printed, ended: Ended) -> None:
    """Commit what was printed, and have its pages drawn; take back what another made meanwhile."""
    surplus: list[str] = []
    version_id = one.job.subject

    def also(db: Session) -> None:
        surplus.extend(page_images.put(db, printed.blobs))
        if printed.ready:
            drawing = jobs.New("render", version_id, Lane(one.job.lane))
            jobs.add(db, [drawing], cause=one.job.cause)
        elif printed.failed:
            page_images.tell(db, version_id, 0, pages=None, error=printed.failed)

    work.finish(archive, [ended], also)
    for blob in surplus:
        with suppress(Unavailable):  # without a row it is harmless
            archive.blobs.delete(object_name(blob))
