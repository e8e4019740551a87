"""Queueing a file to be read once more, with the password somebody gave for this once."""

from service import jobs
from service.archive import Call
from service.crypto import seal_secret
from service.errors import Invalid

#: Longer is no password of a file.
_LONGEST = 1024


def queue(call: Call, version: str, password: str) -> None:
    """Let a version be read again; `password` goes with the job, sealed, and is erased with it."""
    if len(password) > _LONGEST:
        raise Invalid("The password is too long.", fields={"password": "too_long"})
    secret = None
    if password:
        secret = seal_secret(call.ring.version(version), password, version=version)
    job = jobs.New("extract", version, secret=secret)
    call.at_outcome(lambda db, number: jobs.add(db, [job], cause=number))
