"""Bundle jobs: a part of the log is packed for an auditor and lies ready for a while."""

from collections.abc import Callable
from contextlib import ExitStack

from indexer.making import Making
from indexer.making import run as make
from service.archive import Archive
from service.bundles import exports, making
from service.bundles.asked import Asked
from service.bundles.making import Made
from service.db import Session
from service.models import AuditExport
from service.policy import Policy
from service.spool import Spool

KINDS = ("bundle",)


def run(archive: Archive, holder: str, beat: Callable[[], None]) -> int:
    """Make one waiting bundle; return how many were made. `beat` is called while it lasts."""
    return make(archive, holder, beat, KINDS, _Bundle)


class _Bundle(Making[AuditExport]):
    """One bundle."""

    table = AuditExport
    _asked: Asked
    _made_of: Made

    def begin(self, db: Session, row: AuditExport, key: bytes) -> None:
        self._asked = Asked.opened(key, row.asked_ct, row.id, row.cause)
        exports.check_maker(self.archive, db, self._asked)

    def write(self, spools: ExitStack) -> Spool:
        spool = self.spool(spools)
        self._made_of = making.write(self.archive, spool, self._asked, self.tell)
        if self._asked.certificate:
            plain, spool = spool, self.spool(spools)
            making.encrypted(plain, self._asked, spool, self.renew)
        return spool

    def settle(self, row: AuditExport, policy: Policy) -> int:
        row.signed, row.matching = self._made_of.signed, self._made_of.matching
        row.done = row.last - row.first + 1
        return policy.limits.bundle.hours
