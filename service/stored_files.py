"""Opens stored files of versions: originals and images of pages, under their version's key."""

from functools import partial

from service.blobs.names import object_name
from service.blobs.port import Blobs
from service.streams import DecryptingReader, blob_aad


def opened(
    blobs: Blobs, key: bytes, blob_id: str, stored_size: int, *, role: str = "original"
) -> DecryptingReader:
    """Return what reads a stored file of `stored_size` bytes anywhere, decrypting as it goes.

    `key` is that of the file's version. Reading raises `BlobMissing`, `Corrupt`, or `Unavailable`
    when the store is away.
    """
    return DecryptingReader(
        partial(blobs.open, object_name(blob_id)), key, blob_aad(blob_id, role), stored_size
    )
