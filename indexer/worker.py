"""The worker's loop: takes jobs, reads files in sandbox processes, writes the index.

Everything it does can be interrupted anywhere: jobs stay or are taken again.
"""

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from types import FrameType
from typing import Self

import structlog

from indexer import (
    bundling,
    exporting,
    importing,
    indexing,
    laying_out,
    rendering,
    renditions,
    rewrapping,
    scanning,
    unpacking,
    work,
)
from indexer.extract.sandbox import Sandbox
from indexer.office.printing import Office
from indexer.reading import Reading
from service import jobs, opening, page_images
from service.archive import Archive
from service.bundles import handing as bundles
from service.errors import Unavailable
from service.exporting import handing as exports
from service.health import LOOPS, Pulse
from service.imports import packages
from service.jobs import Lane
from service.renditions import ENDINGS

log = structlog.get_logger()

#: Seconds between looks for work when there is none, and after something was away.
IDLE = 0.2
AWAY = 2.0

#: The same where somebody sits before a page that is not there yet.
SOON = 0.05

#: Seconds between two looks for ZIPs of imports that nothing more will come out of, and for
#: compliance bundles and exports that are over.
CLEARED = 60.0

#: Seconds between two looks for bundles and exports that wait: nobody waits for one by the second.
UNHURRIED = 1.0

#: Seconds between two commits to the index while an import is read. Each costs the same for one
#: document as for a hundred; what somebody waits for goes at once.
PACE = 1.0


@dataclass(frozen=True, slots=True)
class _Loop:
    """What one thread does again and again: a step returns how much it has done.

    `name` is one of `LOOPS`; after a step that found nothing `idle` seconds pass.
    """

    name: str
    step: Callable[[], int]
    idle: float = IDLE


class Worker:
    """One worker process: a pool of sandbox children, and a thread that writes the index."""

    def __init__(
        self,
        archive: Archive,
        *,
        children: int,
        sandbox: Sandbox | None = None,
        lays_out: bool = True,
    ) -> None:
        """Start the sandbox unless one is lent; its processes are forked before any thread.

        `lays_out`: LibreOffice is used where it may be; another worker makes up for it if not.
        """
        self.archive = archive
        self.holder = jobs.holder()
        self.children = children
        self.sandbox = sandbox or Sandbox(children=children)
        settings = archive.settings
        self.office = Office(settings if lays_out else replace(settings, soffice="none"))
        self._lent = sandbox is not None
        self._stop = threading.Event()
        self._writes = False
        self._indexed = float("-inf")
        self._prepared = False
        self._made_up = False
        self._next_try = 0.0
        self._pulses = {loop: Pulse(archive.settings.data, loop) for loop in LOOPS}
        self._emptied = float("-inf")
        self._cleared = float("-inf")

    def __enter__(self) -> Self:
        """Return the worker."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let another worker write the index; end the sandbox, unless it was lent."""
        if self._writes:
            with suppress(Unavailable):  # then the lease runs out by itself
                indexing.release_lease(self.archive, self.holder)
        if not self._lent:
            self.sandbox.close()

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Finish what is running, then end."""
        self._stop.set()

    def run(self) -> None:
        """Work until stopped."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        self.go_round()

    def go_round(self) -> None:
        """Work until `stop` is called; the first of the loops is that of the calling thread."""
        (first, *others) = self._loops()
        threads = [
            threading.Thread(target=self._forever, args=(loop,), name=loop.name, daemon=True)
            for loop in others
        ]
        for thread in threads:
            thread.start()
        log.info("worker_started", children=self.children)
        self._forever(first)
        for thread in threads:
            thread.join(timeout=30)
        log.info("worker_stopped")

    def _loops(self) -> tuple[_Loop, ...]:
        return (
            _Loop("extract", self.extract_waiting),
            _Loop("index", lambda: self.rewrap_waiting() + self._index_in_pace()),
            _Loop("unpack", lambda: self.scan_waiting() + self.unpack_waiting()),
            _Loop("render", self.render_waiting, idle=SOON),
            _Loop("lay_out", lambda: self._lay_out_missing() + self.lay_out_waiting()),
            _Loop("import", self.import_waiting),
            _Loop("bundle", self.bundle_waiting, idle=UNHURRIED),
        )

    def _forever(self, loop: _Loop) -> None:
        while not self._stop.is_set():
            self._pulses[loop.name].beat()
            pause = loop.idle
            try:
                if loop.step() > 0:
                    continue
            except Unavailable as error:
                log.warning("part_away", part=error.part)
                pause = AWAY
            except Exception:
                # one bad job must not end the worker: it is given back when its hold runs out
                log.exception("worker_step_failed")
                pause = AWAY
            self._stop.wait(pause)

    def _lay_out_missing(self) -> int:
        """Once, queue what was read before this host could lay it out; return how much."""
        if self._made_up or not self.office.ready:
            return 0
        queued = renditions.queue_missing(self.archive)
        self._made_up = True
        return queued

    def _index_in_pace(self) -> int:
        """Index what people wait for, or what an import has gathered; return how much."""
        hurry = work.waiting(self.archive, indexing.KINDS, lane=Lane.INTERACTIVE)
        if not hurry and monotonic() - self._indexed < PACE:
            return 0
        done = self.index_waiting()
        if 0 < done < indexing.BATCH:
            self._indexed = monotonic()
        return done

    def index_waiting(self) -> int:
        """Do waiting index jobs once, if this process may write; return how many there were."""
        self._prepare()
        if not work.waiting(self.archive, indexing.KINDS):
            return 0
        if not indexing.hold_lease(self.archive, self.holder):
            return 0
        self._writes = True
        return indexing.run(self.archive, self.holder)

    def _prepare(self) -> None:
        """Make up for what was away when this worker started: the first generation, the bucket."""
        if self._prepared or monotonic() < self._next_try:
            return
        self._next_try = monotonic() + AWAY
        with suppress(Unavailable):  # whatever needs it says so
            opening.prepare(self.archive)
            self._prepared = True

    def rewrap_waiting(self) -> int:
        """Wrap keys of moved documents anew; return how many documents."""
        return rewrapping.run(self.archive, self.holder)

    def render_waiting(self) -> int:
        """Draw pages for one waiting job, if it is its turn; return how many jobs were done."""
        return rendering.run(self.archive, self.sandbox, self.holder, self._pulses["render"].beat)

    def lay_out_waiting(self) -> int:
        """Have one waiting file printed, if it is its turn; return how many were."""
        return laying_out.run(self.archive, self.office, self.holder, self._pulses["lay_out"].beat)

    def told(self) -> dict[str, object]:
        """Return what the status page shall know of this worker."""
        return {"walls": self.sandbox.walls(), "office": str(self.office.state)}

    @property
    def drawn(self) -> frozenset[str]:
        """Return the media types of which this worker makes images."""
        return page_images.DRAWN | (frozenset(ENDINGS) if self.office.ready else frozenset())

    def import_waiting(self) -> int:
        """Bring the files of one waiting import; return how many imports."""
        done = importing.run(self.archive, self.sandbox, self.holder, self._pulses["import"].beat)
        if done or monotonic() - self._cleared > CLEARED:
            packages.clear(self.archive)
            self._cleared = monotonic()
        return done

    def bundle_waiting(self) -> int:
        """Make one waiting bundle and one export, take old ones away; return how many were made."""
        beat = self._pulses["bundle"].beat
        done = bundling.run(self.archive, self.holder, beat)
        done += exporting.run(self.archive, self.sandbox, self.holder, beat, self.office)
        if monotonic() - self._emptied > CLEARED:
            bundles.clear(self.archive)
            exports.clear(self.archive)
            self._emptied = monotonic()
        return done

    def scan_waiting(self) -> int:
        """Show one file that came while the virus scanner was away to it; return how many."""
        return scanning.run(self.archive, self.holder)

    def unpack_waiting(self) -> int:
        """Take the files out of one waiting ZIP, message or PDF; return how many there were."""
        return unpacking.run(self.archive, self.sandbox, self.holder, self._pulses["unpack"].beat)

    def extract_waiting(self) -> int:
        """Read waiting files until none is left; return how many were read."""
        with Reading(
            self.archive,
            self.sandbox,
            self.holder,
            children=self.children,
            stop=self._stop,
            beat=self._pulses["extract"].beat,
            drawn=self.drawn,
        ) as reading:
            while outcomes := reading.some():
                away = next((o.away for o in outcomes if o.away), None)
                if away and not self._stop.is_set():
                    log.warning("part_away", part=away)
                    self._stop.wait(AWAY)
            return reading.count

    def drain(self) -> None:
        """Do everything that waits, then return: for tests, imports and the demo."""
        while (
            self.import_waiting()
            + self.bundle_waiting()
            + self.scan_waiting()
            + self.extract_waiting()
            + self.unpack_waiting()
            + self.rewrap_waiting()
            + self.index_waiting()
            > 0
        ):
            pass
        while self.lay_out_waiting() + self.render_waiting() > 0:
            pass
