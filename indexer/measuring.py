"""What pages show and cannot wait for: a worker compares and counts, and leaves the result.

One worker at a time, every few minutes: index against database, keystore against mirror, what
is stored. It only reads; the results are rows of `service.probing`.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from indexer.reconcile import drift
from service import jobs, probing, storage, unusual_news
from service.archive import Archive
from service.errors import Unavailable
from service.search.port import GenerationMismatch

log = structlog.get_logger()

#: Seconds between two measurements, and between two looks whether it is time.
EVERY = 600.0
LOOK = 15.0

#: The lease of the worker that measures, and seconds after which another may.
_LEASE = "measure"
_HOLD = 300

#: Ids that are kept of each difference.
_IDS = 20


def keep(archive: Archive) -> None:
    """Measure in a thread as long as the process lives."""

    def rounds() -> None:
        pause = threading.Event()
        while True:
            try:
                measure_if_due(archive, jobs.holder())
            except Unavailable as error:
                log.warning("part_away", part=error.part)
            except Exception:
                # the rest of the worker goes on; the page says how old the last result is
                log.exception("measuring_failed")
            pause.wait(LOOK)

    threading.Thread(target=rounds, name="measure", daemon=True).start()


def measure_if_due(archive: Archive, holder: str) -> bool:
    """Measure unless somebody has lately, or does now; return whether it was done."""
    now = datetime.now(UTC)
    with archive.db.read() as db:
        last = probing.readings(db).get(probing.STORAGE)
    if last is not None and abs((now - last.taken).total_seconds()) < EVERY:
        return False
    with archive.db.write() as db:
        if not jobs.lease(db, _LEASE, holder, _HOLD):
            return False
    try:
        measure(archive)
    finally:
        with archive.db.write() as db:
            jobs.release(db, _LEASE, holder)
    return True


def measure(archive: Archive) -> None:
    """Measure everything once; what is away or fails is left with the age of its last result."""
    measures: Mapping[str, Callable[[Archive], Mapping[str, Any]]] = {
        probing.INDEX: _index,
        probing.KEYSTORE: _keystore,
        probing.UNUSUAL: unusual_news.measured,
        # last: its age says whether it is time again
        probing.STORAGE: _storage,
    }
    for name, taken in measures.items():
        try:
            body = taken(archive)
            with archive.db.write() as db:
                probing.put(db, name, body)
        except Unavailable as error:
            log.warning("part_away", part=error.part)
        except Exception:
            log.exception("measuring_failed", what=name)


def _index(archive: Archive) -> Mapping[str, Any]:
    server = _told(archive.engine.server)
    try:
        found = drift(archive)
    except GenerationMismatch:
        return {"unusable": True, "server": server}
    members = found.members()
    ids = [*found.missing, *found.surplus, *found.outdated]
    counts = {how: len(getattr(found, how)) for how in ("missing", "surplus", "outdated")}
    return {**members, **counts, "ids": ids[:_IDS], "server": server}


def _told(ask: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
    """Return what a server tells of its version; that it does not is no reason not to measure."""
    try:
        return dict(ask())
    except Unavailable as error:
        log.warning("part_away", part=error.part)
    except Exception:
        log.exception("measuring_failed", what="server")
    return {}


def _keystore(archive: Archive) -> Mapping[str, Any]:
    state = archive.keystore.state()
    newest = state.newest.isoformat() if state.newest else None
    return {
        "keys": state.keys,
        "destructions": state.destructions,
        "newest": newest,
        "mirror": str(state.mirror),
    }


def _storage(archive: Archive) -> Mapping[str, Any]:
    with archive.db.read() as db:
        body: dict[str, Any] = dict(storage.counted(db))
    body["server"] = _told(archive.blobs.server)
    if archive.settings.search_url.startswith("embedded:"):
        folder = Path(archive.settings.search_url.removeprefix("embedded:"))
        body["index"] = storage.weight(folder)
    return body
