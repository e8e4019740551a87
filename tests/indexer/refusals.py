"""Asks a reader why it does not read a file."""

import io
from collections.abc import Callable
from typing import BinaryIO

import pytest

from indexer.extract.result import Extracted, Reason, Unreadable


def reason_of(read: Callable[[BinaryIO], Extracted], content: bytes) -> Reason:
    """Return why a file is refused; it fails if it is read."""
    with pytest.raises(Unreadable) as refusal:
        read(io.BytesIO(content))
    return refusal.value.reason
