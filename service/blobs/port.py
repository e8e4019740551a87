"""What the archive asks of a place that keeps bytes. Implemented by `folder` and `s3`.

Names are `ab/<blob id>`; the bytes are always ciphertext already. An object is written once
and never changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from service.errors import Unavailable


class BlobMissing(Exception):
    """There is no object of that name."""


class BlobExists(Exception):
    """An object of that name is there already; objects are never overwritten."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the store lists it: size in bytes, time of writing in UTC."""

    name: str
    size: int
    written: datetime


class Blobs(Protocol):
    """A store of immutable objects.

    Every method raises `Unavailable("blobs")` when the store does not answer in time.
    """

    def put(self, name: str, source: BinaryIO, size: int) -> None:
        """Store exactly `size` bytes from `source`, durable when this returns.

        A failed or interrupted put leaves no object of that name.
        Raises `BlobExists` if the name is taken.
        """

    def open(self, name: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Return a stream of the object's bytes from `start`; raises `BlobMissing`."""

    def size(self, name: str) -> int:
        """Return the object's size in bytes; raises `BlobMissing`."""

    def delete(self, name: str) -> None:
        """Remove the object and all its versions; removing an absent one is no error."""

    def list(self) -> Iterator[Stored]:
        """Return every object in the store, in no particular order."""

    def prepare(self) -> None:
        """Make what the store needs before its first object, if it is absent."""

    def server(self) -> Mapping[str, str]:
        """Return what the server tells of its name and version; empty where it tells nothing."""

    def check(self) -> None:
        """Raise `Unavailable("blobs")` unless the store answers and the bucket is there."""


__all__ = ["BlobExists", "BlobMissing", "Blobs", "Stored", "Unavailable"]
