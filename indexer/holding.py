"""Keeping hold of a job that lasts long."""

from collections.abc import Callable
from time import monotonic

from service import jobs
from service.archive import Archive

#: Seconds after which the job is held anew; far below `jobs.HOLD`.
RENEW = 30.0


class Hold:
    """Keeps hold of a job, and shows life, as long as bytes or files come."""

    def __init__(self, archive: Archive, holder: str, beat: Callable[[], None]) -> None:
        """Hold the jobs of `holder`; `beat` is called whenever something came."""
        self._archive = archive
        self._holder = holder
        self._beat = beat
        self._renewed = monotonic()

    def renew(self) -> None:
        """Hold on, once in a while."""
        self._beat()
        now = monotonic()
        if now - self._renewed > RENEW:
            self._renewed = now
            with self._archive.db.write() as db:
                jobs.renew(db, self._holder)
