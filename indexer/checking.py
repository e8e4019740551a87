"""The log is verified once a day, and when somebody asks: by one worker, which leaves the result.

It is what `guidang audit verify` does on this host, in the worker's own process: with a log of
some million entries for a minute, once a day.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from service import jobs, log_check, verifying
from service.archive import Archive
from service.audit.verdicts import Report
from service.audit.walking import Walk
from service.errors import Unavailable

log = structlog.get_logger()

#: Seconds between two looks whether it is time, between two words on how far it is, and until
#: another try when something nobody expected came between.
LOOK = 3.0
TELL = 1.0
_AGAIN = 300.0

#: The lease of the worker that checks, and seconds after which another may.
_LEASE = "log_check"
_HOLD = 60


def keep(archive: Archive) -> None:
    """Check in a thread as long as the process lives."""

    def rounds() -> None:
        pause = threading.Event()
        while True:
            wait = LOOK
            try:
                check_if_due(archive, jobs.holder())
            except Unavailable as error:
                log.warning("part_away", part=error.part)
            except Exception:
                # the rest of the worker goes on; the page says how old the last result is
                log.exception("log_check_failed")
                wait = _AGAIN
            pause.wait(wait)

    threading.Thread(target=rounds, name="check", daemon=True).start()


def check_if_due(archive: Archive, holder: str) -> Report | None:
    """Verify the log if it is time and nobody else does; return the verdict."""
    with archive.db.read() as db:
        if not log_check.due(db, datetime.now(UTC)):
            return None
    with archive.db.write() as db:
        if not jobs.lease(db, _LEASE, holder, _HOLD):
            return None
        asked = log_check.begin(db)
    report = None
    try:
        with _told(archive, holder) as walks:
            verified = verifying.verify(
                archive.settings, verifying.Asked(shared=sys.maxsize), walks.append
            )
        report = verified.report
        if report.code in log_check.BROKEN:
            log.error("log_broken", code=int(report.code), entry=report.first_bad)
        return report
    finally:
        with archive.db.write() as db:
            log_check.end(db, asked, report)
            jobs.release(db, _LEASE, holder)


@contextmanager
def _told(archive: Archive, holder: str) -> Iterator[list[Walk]]:
    """Say how far the walk is that is put into the list, and keep the lease, all the while."""
    walks: list[Walk] = []
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(TELL):
            try:
                with archive.db.write() as db:
                    log_check.go_on(db, walks[0].seq if walks else 0)
                    jobs.lease(db, _LEASE, holder, _HOLD)
            except Unavailable as error:
                log.warning("part_away", part=error.part)

    teller = threading.Thread(target=tell, name="check-told")
    teller.start()
    try:
        yield walks
    finally:
        ended.set()
        teller.join()
