"""ZIPs that somebody sends for imports in tests, one after the other or at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import BinaryIO

from service.audit.entries import Subject
from service.errors import TooMany
from service.imports import packages
from service.imports.batches import New, Source
from service.intake import Upload
from service.permissions import Action
from service.spool import Spool
from tests.indexer import zips
from tests.world import World


class Sent(Spool):
    """An upload that says when it is about to be stored."""

    stored: Callable[[], object] = int

    def encrypted(self) -> BinaryIO:
        """Return the sealed file, for the store."""
        self.stored()
        return super().encrypted()


def a_zip(world: World, customer: str, by: str, stored: Callable[[], object] = int) -> bool:
    """Send a ZIP for a client's file; say whether it was taken, or there were too many."""
    settings = world.archive.settings
    with Sent(settings.data / "spool", settings.upload_limit) as spooled:
        spooled.stored = stored
        spooled.write(zips.packed(("a.txt", b"a")))
        spooled.seal()
        try:
            with world.archive.call(
                world.actor(by), Action.IMPORT_RUN, Subject("import"), writes=True
            ) as call:
                new = New(Source.ZIP, customer, "minutes")
                packages.receive(call, Upload(spooled, "交接.zip"), new)
        except TooMany:
            return False
        return True


def zips_at_once(world: World, customer: str, by: str, number: int) -> int:
    """Send ZIPs none of which is refused before all are about to be stored; count the taken."""
    together = Barrier(number)
    with ThreadPoolExecutor(number) as pool:
        sent = pool.map(lambda _: a_zip(world, customer, by, together.wait), range(number))
        return sum(sent)
