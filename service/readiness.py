"""Whether each part the archive needs answers, by name."""

from collections.abc import Callable, Mapping

from service.archive import Archive
from service.errors import Unavailable


def parts(archive: Archive) -> Mapping[str, bool]:
    """Ask each part once; True where it answers."""
    checks: Mapping[str, Callable[[], None]] = {
        "database": archive.db.check,
        "keystore": archive.keystore.check,
        "blobs": archive.blobs.check,
        "search": archive.engine.check,
    }
    return {name: _answers(check) for name, check in checks.items()}


def _answers(check: Callable[[], None]) -> bool:
    try:
        check()
    except Unavailable:
        return False
    return True
