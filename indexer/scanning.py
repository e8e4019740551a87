"""Scan jobs: what came while the virus scanner was away is shown to it, then read or kept away."""

from functools import partial
from typing import BinaryIO, cast

from indexer import work
from indexer.work import Ended, Work
from service import jobs, processing, stored_files, viruses
from service.archive import Archive
from service.blobs.port import BlobMissing
from service.codes import Processing
from service.crypto import Corrupt
from service.db import Session
from service.errors import Unavailable
from service.keystore import KeyMissing

KINDS = ("scan",)


def run(archive: Archive, holder: str) -> int:
    """Do one waiting job; return how many were done."""
    if not work.waiting(archive, KINDS):
        return 0
    done = 0
    for one in work.take(archive, holder, KINDS, 1):
        found: str | None = None
        try:
            found = _found(archive, one.job.subject)
            ended = Ended(one, error="virus" if found else None)
        except Unavailable as error:
            ended = Ended(one, error=f"unavailable.{error.part}", again=True, counted=False)
        except (BlobMissing, KeyMissing, Corrupt):
            ended = Ended(one, error="corrupt")
        clean = ended.error is None
        work.finish(archive, [ended], None if ended.again else partial(_settle, one, clean))
        done += not ended.again
    return done


def _found(archive: Archive, version: str) -> str | None:
    """Return the name of the virus in a version; without a scanner nothing is looked for."""
    with archive.db.read() as db:
        source = processing.source(db, version)
    if source is None or not archive.settings.clamd:
        return None
    with archive.ring() as ring:
        reader = stored_files.opened(
            archive.blobs, ring.version(version), source.blob, source.stored_size
        )
        with reader:
            return viruses.scan(archive.settings.clamd, cast("BinaryIO", reader))


def _settle(one: Work, clean: bool, db: Session) -> None:  # noqa: FBT001 - bound by `partial`
    """Let a clean file be read; one with a virus stays where nobody gets it."""
    version = processing.versions(db, [one.job.subject]).get(one.job.subject)
    if version is None or version.processing != Processing.QUARANTINED:
        return
    if not clean:
        version.error = "virus"
        return
    version.processing = str(Processing.STORED)
    jobs.add(db, [jobs.New("extract", version.id, jobs.Lane(one.job.lane))], cause=one.intent)
