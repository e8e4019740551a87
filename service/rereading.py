"""Queueing a file to be read or drawn once more, with the password somebody gave for this once."""

from sqlalchemy import select

from service import jobs
from service.archive import Call
from service.crypto import seal_secret
from service.errors import Invalid
from service.models import Job

#: Longer is no password of a file.
_LONGEST = 1024


def queue(call: Call, version: str, password: str) -> None:
    """Let a version be read again; `password` goes with the job, sealed, and is erased with it."""
    failed = select(Job).where(Job.subject == version, Job.kind == "extract", Job.state == "failed")
    for job in call.db.scalars(failed):
        job.state = "done"
    call.db.flush()
    _add(call, "extract", version, password)


def draw(call: Call, version: str, password: str) -> None:
    """Let the next pages of a locked version be drawn that were not; `password` as in `queue`."""
    _add(call, "render", version, password)


def _add(call: Call, kind: str, version: str, password: str) -> None:
    if len(password) > _LONGEST:
        raise Invalid("The password is too long.", fields={"password": "too_long"})
    secret = None
    if password:
        secret = seal_secret(call.ring.version(version), password, version=version)
    job = jobs.New(kind, version, secret=secret)
    call.at_outcome(lambda db, number: jobs.add(db, [job], cause=number))
