"""Export jobs: a part of the archive is written for who asked, and lies ready for a while."""

from collections.abc import Callable
from contextlib import ExitStack

from indexer.copying import Copying
from indexer.extract.sandbox import Sandbox
from indexer.holding import Hold
from indexer.making import Making
from indexer.making import run as make
from indexer.office.printing import Office
from indexer.work import Work
from service.archive import Archive
from service.db import Session
from service.exporting import making, requests
from service.exporting.asked import Asked, What
from service.exporting.making import Order
from service.models import ArchiveExport
from service.policy import Policy
from service.spool import Spool

KINDS = tuple(requests.JOBS.values())


def run(
    archive: Archive,
    sandbox: Sandbox,
    holder: str,
    beat: Callable[[], None],
    office: Office | None = None,
) -> int:
    """Make one waiting export; return how many were made. `beat` is called while it lasts.

    `office` lays out what has no pages, if it can, where copies of pages are wanted.
    """

    def making(archive: Archive, one: Work, hold: Hold) -> Making[ArchiveExport]:
        return _Export(archive, one, hold, sandbox, office)

    return make(archive, holder, beat, KINDS, making)


class _Export(Making[ArchiveExport]):
    """One export."""

    table = ArchiveExport

    def __init__(
        self, archive: Archive, one: Work, hold: Hold, sandbox: Sandbox, office: Office | None
    ) -> None:
        super().__init__(archive, one, hold)
        self._copying = Copying(sandbox, office, self.renew)

    _order: Order
    _key: bytes
    _held: Asked

    def begin(self, db: Session, row: ArchiveExport, key: bytes) -> None:
        asked = Asked.opened(key, row.asked_ct, row.id, row.cause)
        maker = requests.maker(self.archive, db, row, asked)
        self._key, self._order = key, Order(row.id, What(row.what), asked, maker)

    def write(self, spools: ExitStack) -> Spool:
        spool = self.spool(spools)
        self._held = making.write(self.archive, spool, self._order, self.tell, self._copying)
        return spool

    def settle(self, row: ArchiveExport, policy: Policy) -> int:
        row.asked_ct = self._held.sealed(self._key, row.id)
        row.done = len(self._held.documents)
        row.left_out = row.wanted - row.done
        return policy.limits.export.hours
