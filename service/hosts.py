"""One host alone for an archive on SQLite or with an embedded index: a second one is refused.

A lease in the database says which host has it, and the web and the worker renew it. Clocks of
two hosts that differ by more than `HOLD` would undo this; so would a copy of the data folder.
"""

import os
import platform
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from service import jobs
from service.archive import Archive
from service.errors import Unavailable
from service.settings import Settings, SettingsError

log = structlog.get_logger()

LEASE = "host"
#: Seconds for which a host has the archive, and after which it renews that.
HOLD = 30
RENEW = 10.0

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_host() -> str:
    """Return a name for the running system: containers on it share it, other hosts do not.

    (A host's name would not do: each container has its own.)
    """
    return _BOOT.read_text("ascii").strip() if _BOOT.exists() else platform.node()[:80]


def one_alone(settings: Settings) -> bool:
    """Say whether a part of the archive can serve one host only."""
    sqlite = settings.database_url.startswith("sqlite")
    return sqlite or settings.search_url.startswith("embedded:")


def claim(db: Session, settings: Settings) -> None:
    """Take the archive for this host; raises `SettingsError` while another one has it."""
    if one_alone(settings) and not _leased(db):
        message = (
            "another host has this archive open: SQLite and the embedded index serve one host "
            f"alone. If that host has just stopped, start again in {HOLD} seconds"
        )
        raise SettingsError(message)


def _leased(db: Session) -> bool:
    return jobs.lease(db, LEASE, this_host(), HOLD, longest=None)


def stop_this_process() -> None:
    """End this process as a person would."""
    os.kill(os.getpid(), signal.SIGTERM)


def keep(
    archive: Archive, *, every: float = RENEW, lost: Callable[[], None] = stop_this_process
) -> None:
    """Go on holding the archive for this host, in a thread, as long as the process lives.

    `lost` is called when another host has it: this one slept, or lost the database, too long.
    `every` is in seconds.
    """
    if not one_alone(archive.settings):
        return

    def renew() -> None:
        pause = threading.Event()
        while not pause.wait(every):
            if not _renewed(archive):
                log.error("another_host_has_the_archive")
                lost()
                return

    threading.Thread(target=renew, name="host", daemon=True).start()


def _renewed(archive: Archive) -> bool:
    try:
        with archive.db.write() as db:
            return _leased(db)
    except Unavailable:  # whoever cannot reach the database does no harm in it
        return True
