"""Bundle jobs: a part of the log is packed for an auditor and lies ready for a while."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

from indexer import work
from indexer.work import Ended, Work
from service import jobs
from service.archive import Archive
from service.blobs.names import object_name
from service.bundles import envelopes, making
from service.bundles.asked import Asked, key_aad
from service.bundles.exports import State
from service.bundles.making import Made
from service.crypto import Corrupt, seal
from service.db import Session
from service.errors import TooLarge, Unavailable
from service.models import AuditExport
from service.spool import Spool

KINDS = ("bundle",)

#: Seconds between two marks of how far it is; the job is held anew with each.
_TOLD = 2.0

#: Bytes of a bundle that is too long for anybody.
_LONGEST = 16 * 1024**3


@dataclass(frozen=True, slots=True)
class _Stored:
    """A bundle that lies in the store."""

    made: Made
    size: int
    stored_size: int
    sha256: str
    key: bytes


def run(archive: Archive, holder: str, beat: Callable[[], None]) -> int:
    """Make one waiting bundle; return how many were made."""
    if not work.waiting(archive, KINDS):
        return 0
    done = 0
    for one in work.take(archive, holder, KINDS, 1):
        ended, stored = _made(archive, one, _Telling(archive, one, holder, beat))
        also = None if ended.again else partial(_settle, one.job.subject, ended.error, stored)
        work.finish(archive, [ended], also and partial(_with_limits, archive, also))
        done += not ended.again
    return done


def _made(archive: Archive, one: Work, telling: "_Telling") -> tuple[Ended, _Stored | None]:
    try:
        return Ended(one), _make(archive, one.job.subject, telling)
    except Unavailable as error:
        return Ended(one, error=f"unavailable.{error.part}", again=True, counted=False), None
    except TooLarge:
        return Ended(one, error="too_large"), None
    except Corrupt:
        return Ended(one, error="corrupt"), None


def _make(archive: Archive, export_id: str, telling: "_Telling") -> _Stored | None:
    """Make and store it; None where another run of the job did so before."""
    with archive.ring() as ring:
        key = ring.blind("export")
    with archive.db.read() as db:
        row = db.get_one(AuditExport, export_id)
        if row.state not in (State.WAITING, State.RUNNING):
            return None
        asked = Asked.opened(key, row.asked_ct, export_id, row.cause)
        left = row.blob
    if left:  # of a run that was interrupted
        archive.blobs.delete(object_name(left))
    folder = archive.settings.data / "spool"
    with ExitStack() as open_spools:
        spool = open_spools.enter_context(Spool(folder, _LONGEST))
        made = making.write(archive, spool, asked, telling)
        if asked.certificate:
            if spool.plain_size > envelopes.MOST:
                raise TooLarge("The bundle is too large to be encrypted in one piece.")
            plain, spool = spool, open_spools.enter_context(Spool(folder, _LONGEST))
            making.encrypted(plain, asked, spool)
        sealed = spool.encrypted()
        with archive.db.write() as db:
            # written down first: no object is ever in the store that no row knows
            row = db.get_one(AuditExport, export_id)
            row.state, row.blob = str(State.RUNNING), spool.blob_id
        archive.blobs.put(object_name(spool.blob_id), sealed, spool.stored_size)
        return _Stored(
            made,
            spool.plain_size,
            spool.stored_size,
            spool.sha256.hex(),
            seal(key, spool.key, key_aad(export_id)),
        )


def _with_limits(archive: Archive, also: Callable[[Session, timedelta], None], db: Session) -> None:
    also(db, timedelta(hours=archive.policies.current(db).limits.bundle.hours))


def _settle(
    export_id: str, error: str | None, stored: _Stored | None, db: Session, kept: timedelta
) -> None:
    row = db.get_one(AuditExport, export_id)
    now = datetime.now(UTC)
    if error is not None:
        row.state, row.error, row.finished = str(State.FAILED), error, now
    elif stored is not None:
        row.state, row.error, row.finished, row.expires = str(State.READY), None, now, now + kept
        row.size, row.stored_size, row.sha256 = stored.size, stored.stored_size, stored.sha256
        row.key_ct, row.signed, row.matching = stored.key, stored.made.signed, stored.made.matching
        row.done = row.last - row.first + 1


class _Telling:
    """Says how far it is, once in a while, and keeps hold of the job meanwhile."""

    def __init__(self, archive: Archive, one: Work, holder: str, beat: Callable[[], None]) -> None:
        self._archive, self._export, self._holder = archive, one.job.subject, holder
        self._beat = beat
        self._told = monotonic()

    def __call__(self, done: int) -> None:
        """Note that so many entries are packed."""
        self._beat()
        now = monotonic()
        if now - self._told < _TOLD:
            return
        self._told = now
        with self._archive.db.write() as db:
            jobs.renew(db, self._holder)
            row = db.get_one(AuditExport, self._export)
            row.state, row.done = str(State.RUNNING), max(row.done, done)
