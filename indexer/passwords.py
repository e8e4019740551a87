"""What somebody gave to open a file with, for this once: it waits sealed with a job."""

from indexer.work import Work
from service.crypto import unseal_secret
from service.keystore import Ring


def password(ring: Ring, work: Work) -> str | None:
    """Return the password that came with a job about a version, if one did."""
    job = work.job
    if job.secret is None:
        return None
    return unseal_secret(ring.version(job.subject), job.secret, version=job.subject)
