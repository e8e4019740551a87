"""Jobs that make a file for somebody: it lies sealed in the store until it is fetched.

What goes into it, and who may have it, each kind of file says for itself (`bundling`,
`exporting`).
"""

from abc import abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Generic, TypeVar

from indexer import work
from indexer.holding import Hold
from indexer.work import Ended, Work
from service.archive import Archive
from service.blobs.names import object_name
from service.crypto import Corrupt, seal
from service.db import Session
from service.errors import Denied, TooLarge, Unavailable
from service.made_files import GOING, State, key_aad
from service.models import MadeFile
from service.policy import Policy
from service.spool import Spool

#: Seconds between two marks of how far it is.
_TOLD = 2.0

#: Bytes of a file that is too long for anybody.
_LONGEST = 16 * 1024**3

Row = TypeVar("Row", bound=MadeFile)


class Overtaken(Exception):
    """Another worker has the job by now, and its own object in the row."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A file that lies in the store."""

    blob: str
    size: int
    stored_size: int
    sha256: str
    key: bytes


class Making(Generic[Row]):
    """One job, from what was asked to the row that says where the file lies."""

    #: the table in which the files are
    table: type[Row]

    def __init__(self, archive: Archive, one: Work, hold: Hold) -> None:
        """Begin with nothing made."""
        self.archive, self._work, self._hold = archive, one, hold
        self.row_id = one.job.subject
        #: the object that the row names as far as this run knows
        self._blob: str | None = None
        self._stored: _Stored | None = None
        self._told = monotonic()

    @abstractmethod
    def begin(self, db: Session, row: Row, key: bytes) -> None:
        """Read what was asked for, sealed under `key`; raises `Corrupt`, and `Denied`.

        Refused is what its maker may not have any more, as their rights are now.
        """

    @abstractmethod
    def write(self, spools: ExitStack) -> Spool:
        """Write the file; `spool` gives where to, `tell` and `renew` are called meanwhile."""

    @abstractmethod
    def settle(self, row: Row, policy: Policy) -> int:
        """Say in the row what is in the file; return the hours that it lies ready."""

    def run(self) -> Ended:
        """Make it, and commit how that ended."""
        ended = self._made()
        left = ended.again or ended.overtaken
        try:
            work.finish(self.archive, [ended], None if left else partial(self._settle, ended))
        except Overtaken:
            if self._stored:
                self.archive.blobs.delete(object_name(self._stored.blob))
            ended = _overtaken(self._work)
            work.finish(self.archive, [ended])
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
        archive = self.archive
        with archive.ring() as ring:
            key = ring.blind("export")
        with archive.db.read() as db:
            row = db.get_one(self.table, self.row_id)
            self._blob = row.blob
            if row.state not in GOING:
                return None
            self.begin(db, row, key)
        with ExitStack() as spools:
            spool = self.write(spools)
            sealed = self._hold.passing(spool.encrypted())
            self._write_down(spool.blob_id)
            archive.blobs.put(object_name(spool.blob_id), sealed, spool.stored_size)
            return _Stored(
                spool.blob_id,
                spool.plain_size,
                spool.stored_size,
                spool.sha256.hex(),
                seal(key, spool.key, key_aad(self.row_id)),
            )

    def spool(self, spools: ExitStack) -> Spool:
        """Return a spool to write into, closed with `spools`."""
        return spools.enter_context(Spool(self.archive.settings.data / "spool", _LONGEST))

    def renew(self) -> None:
        """Hold on to the job, once in a while."""
        self._hold.renew()

    def tell(self, done: int) -> None:
        """Note that so much is in, once in a while; raises `Overtaken`."""
        self._hold.renew()
        now = monotonic()
        if now - self._told < _TOLD:
            return
        self._told = now
        with self.archive.db.write() as db:
            row = self._row(db)
            row.state, row.done = str(State.RUNNING), max(row.done, done)

    def _write_down(self, blob: str) -> None:
        """Name the object in the row before it is there: none is in the store that no row knows.

        Whoever had the job before is overtaken from now on, and what they left behind goes: in
        this order, so that nothing is deleted that they could still make known. Raises `Overtaken`.
        """
        with self.archive.db.write() as db:
            row = self._row(db)
            left, row.state, row.blob = row.blob, str(State.RUNNING), blob
        self._blob = blob
        if left:
            self.archive.blobs.delete(object_name(left))

    def _row(self, db: Session) -> Row:
        """Return the row, held until the end of the transaction; raises `Overtaken`."""
        row = db.get_one(self.table, self.row_id, with_for_update=True)
        if row.state not in GOING or row.blob != self._blob:
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
        hours = self.settle(row, self.archive.policies.current(db))
        row.state, row.expires = str(State.READY), now + timedelta(hours=hours)
        row.size, row.stored_size, row.sha256 = stored.size, stored.stored_size, stored.sha256
        row.key_ct = stored.key


def run(
    archive: Archive,
    holder: str,
    beat: Callable[[], None],
    kinds: tuple[str, ...],
    making: Callable[[Archive, Work, Hold], Making[Row]],
) -> int:
    """Make one waiting file; return how many were made. `beat` is called while it lasts."""
    if not work.waiting(archive, kinds):
        return 0
    works = work.take(archive, holder, kinds, 1)
    ended = [making(archive, one, Hold(archive, holder, beat)).run() for one in works]
    return sum(not (one.again or one.overtaken) for one in ended)


def _overtaken(one: Work) -> Ended:
    return Ended(one, error="overtaken", overtaken=True)
