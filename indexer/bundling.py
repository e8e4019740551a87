"""Bundle jobs: a part of the log is packed for an auditor and lies ready for a while."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic

from indexer import work
from indexer.holding import Hold
from indexer.work import Ended, Work
from service.archive import Archive
from service.blobs.names import object_name
from service.bundles import exports, making
from service.bundles.asked import Asked, key_aad
from service.bundles.exports import State
from service.bundles.making import Made
from service.crypto import Corrupt, seal
from service.db import Session
from service.errors import Denied, TooLarge, Unavailable
from service.models import AuditExport
from service.spool import Spool

KINDS = ("bundle",)

#: Seconds between two marks of how far it is.
_TOLD = 2.0

#: Bytes of a bundle that is too long for anybody.
_LONGEST = 16 * 1024**3

#: The states in which a bundle is still to be made.
_GOING = (State.WAITING, State.RUNNING)


class Overtaken(Exception):
    """Another worker has the job by now, and its own object in the row."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A bundle that lies in the store."""

    made: Made
    blob: str
    size: int
    stored_size: int
    sha256: str
    key: bytes


def run(archive: Archive, holder: str, beat: Callable[[], None]) -> int:
    """Make one waiting bundle; return how many were made. `beat` is called while it lasts."""
    if not work.waiting(archive, KINDS):
        return 0
    works = work.take(archive, holder, KINDS, 1)
    ended = [_Making(archive, one, Hold(archive, holder, beat)).run() for one in works]
    return sum(not (one.again or one.overtaken) for one in ended)


class _Making:
    """One job, from what was asked to the row that says where the bundle lies."""

    def __init__(self, archive: Archive, one: Work, hold: Hold) -> None:
        self._archive, self._work, self._hold = archive, one, hold
        self._export = one.job.subject
        #: the object that the row names as far as this run knows
        self._blob: str | None = None
        self._stored: _Stored | None = None
        self._told = monotonic()

    def run(self) -> Ended:
        """Make it, and commit how that ended."""
        ended = self._made()
        left = ended.again or ended.overtaken
        try:
            work.finish(self._archive, [ended], None if left else partial(self._settle, ended))
        except Overtaken:
            if self._stored:
                self._archive.blobs.delete(object_name(self._stored.blob))
            ended = _overtaken(self._work)
            work.finish(self._archive, [ended])
        return ended

    def _made(self) -> Ended:
        try:
            self._stored = self._make()
        except Unavailable as error:
            return Ended(self._work, error=f"unavailable.{error.part}", again=True, counted=False)
        except TooLarge:
            return Ended(self._work, error="too_large")
        except Corrupt:
            return Ended(self._work, error="corrupt")
        except Denied:
            return Ended(self._work, error="denied")
        except Overtaken:
            return _overtaken(self._work)
        return Ended(self._work)

    def _make(self) -> _Stored | None:
        """Make and store it; None where another run of the job did so before."""
        archive = self._archive
        with archive.ring() as ring:
            key = ring.blind("export")
        with archive.db.read() as db:
            row = db.get_one(AuditExport, self._export)
            self._blob = row.blob
            if row.state not in _GOING:
                return None
            asked = Asked.opened(key, row.asked_ct, self._export, row.cause)
            exports.check_maker(archive, db, asked)
        with ExitStack() as open_spools:
            spool = open_spools.enter_context(self._spool())
            made = making.write(archive, spool, asked, self._tell)
            if asked.certificate:
                plain, spool = spool, open_spools.enter_context(self._spool())
                making.encrypted(plain, asked, spool, self._hold.renew)
            sealed = self._hold.passing(spool.encrypted())
            self._write_down(spool.blob_id)
            archive.blobs.put(object_name(spool.blob_id), sealed, spool.stored_size)
            return _Stored(
                made,
                spool.blob_id,
                spool.plain_size,
                spool.stored_size,
                spool.sha256.hex(),
                seal(key, spool.key, key_aad(self._export)),
            )

    def _spool(self) -> Spool:
        return Spool(self._archive.settings.data / "spool", _LONGEST)

    def _write_down(self, blob: str) -> None:
        """Name the object in the row before it is there: none is in the store that no row knows.

        Whoever had the job before is overtaken from now on, and what they left behind goes: in
        this order, so that nothing is deleted that they could still make known. Raises `Overtaken`.
        """
        with self._archive.db.write() as db:
            row = self._row(db)
            left, row.state, row.blob = row.blob, str(State.RUNNING), blob
        self._blob = blob
        if left:
            self._archive.blobs.delete(object_name(left))

    def _row(self, db: Session) -> AuditExport:
        """Return the row, held until the end of the transaction; raises `Overtaken`."""
        row = db.get_one(AuditExport, self._export, with_for_update=True)
        if row.state not in _GOING or row.blob != self._blob:
            raise Overtaken
        return row

    def _settle(self, ended: Ended, db: Session) -> None:
        stored, now = self._stored, datetime.now(UTC)
        if ended.error is None and stored is None:
            return
        row = self._row(db)
        row.error, row.finished = ended.error, now
        if stored is None:
            row.state = str(State.FAILED)
            return
        kept = timedelta(hours=self._archive.policies.current(db).limits.bundle.hours)
        row.state, row.expires = str(State.READY), now + kept
        row.size, row.stored_size, row.sha256 = stored.size, stored.stored_size, stored.sha256
        row.key_ct, row.signed, row.matching = stored.key, stored.made.signed, stored.made.matching
        row.done = row.last - row.first + 1

    def _tell(self, done: int) -> None:
        """Note that so many entries are packed, once in a while."""
        self._hold.renew()
        now = monotonic()
        if now - self._told < _TOLD:
            return
        self._told = now
        with self._archive.db.write() as db:
            row = self._row(db)
            row.state, row.done = str(State.RUNNING), max(row.done, done)


def _overtaken(one: Work) -> Ended:
    return Ended(one, error="overtaken", overtaken=True)
