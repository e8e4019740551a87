"""Lists the names inside a ZIP or an OLE file without opening any member.

Office formats are such files; what they are shows in the names. Nothing is inflated here, and
every number that a file states is checked against its size before use.
"""

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_END: Final = struct.Struct("<4s4H2LH")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_TAIL: Final = 65_557  # the end record and the longest comment
_DIRECTORY: Final = 1024 * 1024
_LOCAL_NAME: Final = 30

_HEAD: Final = 512
_SHIFTS: Final = (9, 12)
_SECTORS: Final = 512
_OLE_ENTRY: Final = 128


def zip_names(source: BinaryIO, size: int) -> frozenset[str]:
    """Return the names in a ZIP's directory, or what its beginning shows if that is missing."""
    end = _read(source, max(0, size - _TAIL), _TAIL)
    at = end.rfind(b"PK\x05\x06")
    if at >= 0 and len(end) - at >= _END.size:
        *_, length, start, _ = _END.unpack_from(end, at)
        if start + length <= size:
            names = frozenset(_directory(_read(source, start, min(length, _DIRECTORY))))
            if names:
                return names
    return frozenset(_local_names(_read(source, 0, _TAIL)))


def ole_names(source: BinaryIO, size: int) -> frozenset[str]:
    """Return the names of an OLE file's streams and storages."""
    head = _read(source, 0, _HEAD)
    if len(head) < _HEAD:
        return frozenset()
    shift = struct.unpack_from("<H", head, 30)[0]
    if shift not in _SHIFTS:
        return frozenset()
    names = []
    for sector in _chain(source, head, shift):
        if (sector + 1) << shift >= size:
            break
        entries = _read(source, (sector + 1) << shift, 1 << shift)
        names += [_ole_name(entries[at:]) for at in range(0, len(entries), _OLE_ENTRY)]
    return frozenset(names) - {""}


def _directory(directory: bytes) -> Iterator[str]:
    at = 0
    while len(directory) - at >= _ENTRY.size:
        fields = _ENTRY.unpack_from(directory, at)
        if fields[0] != b"PK\x01\x02":
            return
        name, extra, comment = fields[10:13]
        at += _ENTRY.size
        yield directory[at : at + name].decode("utf-8", "replace")
        at += name + extra + comment


def _local_names(head: bytes) -> Iterator[str]:
    at = head.find(b"PK\x03\x04")
    while 0 <= at <= len(head) - _LOCAL_NAME:
        length = struct.unpack_from("<H", head, at + 26)[0]
        yield head[at + _LOCAL_NAME : at + _LOCAL_NAME + length].decode("utf-8", "replace")
        at = head.find(b"PK\x03\x04", at + _LOCAL_NAME)


def _chain(source: BinaryIO, head: bytes, shift: int) -> Iterator[int]:
    """Yield the sectors of the directory, as far as the first table of sectors tells."""
    table = struct.unpack_from("<109L", head, 76)
    sector = struct.unpack_from("<L", head, 48)[0]
    per_sector = (1 << shift) // 4
    for _ in range(_SECTORS):
        yield sector
        part, inside = divmod(sector, per_sector)
        if part >= len(table):
            return
        raw = _read(source, ((table[part] + 1) << shift) + inside * 4, 4)
        sector = int.from_bytes(raw, "little") if len(raw) == 4 else 0xFFFFFFFF  # noqa: PLR2004
        if sector >= 0xFFFFFFFA:  # noqa: PLR2004 - marks for free, end of chain and the like
            return


def _ole_name(entry: bytes) -> str:
    length = min(int.from_bytes(entry[64:66], "little"), 64)
    return entry[: max(0, length - 2)].decode("utf-16-le", "replace")


def _read(source: BinaryIO, start: int, length: int) -> bytes:
    source.seek(start, os.SEEK_SET)
    return source.read(length)
