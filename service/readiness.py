"""Whether each part the archive needs answers, by name."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait

import structlog

from service.archive import Archive
from service.errors import Unavailable

log = structlog.get_logger()

#: Seconds after which a part that is asked counts as away.
PATIENCE = 3.0


def parts(archive: Archive, *, patience: float = PATIENCE) -> Mapping[str, bool]:
    """Ask all parts at once; True for each that answers within `patience` seconds."""
    checks: Mapping[str, Callable[[], None]] = {
        "database": archive.db.check,
        "keystore": archive.keystore.check,
        "blobs": archive.blobs.check,
        "search": archive.engine.check,
    }
    pool = ThreadPoolExecutor(len(checks), "ready")
    asked = {name: pool.submit(check) for name, check in checks.items()}
    # a part that does not answer keeps its thread until its own time is over, nobody else
    pool.shutdown(wait=False)
    wait(asked.values(), timeout=patience)
    return {name: _answered(name, future) for name, future in asked.items()}


def _answered(name: str, future: Future[None]) -> bool:
    if not future.done():
        return False
    try:
        future.result()
    except Unavailable:
        return False
    except Exception:
        # the others are told of all the same
        log.exception("part_broken", part=name)
        return False
    return True
