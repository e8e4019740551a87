"""Trouble of the disk that holds files, told as what it is to people."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import Unavailable

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def trouble() -> Iterator[None]:
    """Turn an `OSError` into `Unavailable("blobs")`, with its own sentence for a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise Unavailable("blobs", "There is no room left to store files.") from error
        raise Unavailable("blobs") from error
