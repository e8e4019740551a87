"""Export jobs: a part of the archive is written for who asked, and lies ready for a while."""

from collections.abc import Callable
from contextlib import ExitStack

from indexer.making import Making
from indexer.making import run as make
from service.archive import Archive
from service.db import Session
from service.exporting import making, requests
from service.exporting.asked import Asked, What
from service.exporting.making import Order
from service.models import ArchiveExport
from service.policy import Policy
from service.spool import Spool

KINDS = tuple(requests.JOBS.values())


def run(archive: Archive, holder: str, beat: Callable[[], None]) -> int:
    """Make one waiting export; return how many were made. `beat` is called while it lasts."""
    return make(archive, holder, beat, KINDS, _Export)


class _Export(Making[ArchiveExport]):
    """One export."""

    table = ArchiveExport
    _order: Order
    _key: bytes
    _held: Asked

    def begin(self, db: Session, row: ArchiveExport, key: bytes) -> None:
        asked = Asked.opened(key, row.asked_ct, row.id, row.cause)
        maker = requests.maker(self.archive, db, row, asked)
        self._key, self._order = key, Order(row.id, What(row.what), asked, maker)

    def write(self, spools: ExitStack) -> Spool:
        spool = self.spool(spools)
        self._held = making.write(self.archive, spool, self._order, self.tell)
        return spool

    def settle(self, row: ArchiveExport, policy: Policy) -> int:
        row.asked_ct = self._held.sealed(self._key, row.id)
        row.done = len(self._held.documents)
        row.left_out = row.wanted - row.done
        return policy.limits.export.hours
