"""Rewrap jobs: after a document moved, its keys are wrapped by its new customer's."""

from indexer import work
from indexer.work import Ended, Work
from service import moving
from service.archive import Archive
from service.crypto import Corrupt
from service.errors import Unavailable
from service.keystore import KeyMissing

KINDS = ("rewrap",)

_TOGETHER = 20


def run(archive: Archive, holder: str) -> int:
    """Do waiting rewrap jobs once; return how many were done."""
    if not work.waiting(archive, KINDS):
        return 0
    works = work.take(archive, holder, KINDS, _TOGETHER)
    ended = [_rewrapped(archive, one) for one in works]
    work.finish(archive, ended)
    return sum(not e.again for e in ended)


def _rewrapped(archive: Archive, one: Work) -> Ended:
    try:
        moving.rewrap(archive, one.job.subject)
    except Unavailable as error:
        return Ended(one, error=f"unavailable.{error.part}", again=True, counted=False)
    except KeyMissing:
        # the customer's own key is gone: nothing can be wrapped by it
        return Ended(one, error="missing")
    except Corrupt:
        return Ended(one, error="corrupt", again=True)
    return Ended(one)
