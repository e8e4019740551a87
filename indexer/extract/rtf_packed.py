"""Unpacks the RTF that Outlook keeps of a body (MS-OXRTFCP), within a limit."""

import struct
from typing import Final

from indexer.extract.result import Reason, Unreadable

_HEAD: Final = struct.Struct("<LL4sL")
_STORED: Final = b"MELA"
_PACKED: Final = b"LZFu"
_LARGEST: Final = 32 * 1024 * 1024
_WINDOW: Final = 4096
#: What the window holds before anything was unpacked.
_BEGINNING: Final = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def unpacked(content: bytes) -> bytes:
    """Return the RTF. Raises `Unreadable` for what is none or grows too much."""
    if len(content) < _HEAD.size:
        raise Unreadable(Reason.DAMAGED, "packed rtf")
    _, size, kind, _ = _HEAD.unpack_from(content)
    body = content[_HEAD.size :]
    if kind == _STORED:
        return body[:size]
    if kind != _PACKED:
        raise Unreadable(Reason.DAMAGED, "packed rtf")
    if size > _LARGEST:
        raise Unreadable(Reason.TOO_COMPLEX, "packed rtf")
    return _inflated(body)


def _inflated(body: bytes) -> bytes:
    window = bytearray(_BEGINNING.ljust(_WINDOW, b"\0"))
    written, out, at = len(_BEGINNING), bytearray(), 0

    def put(byte: int) -> None:
        nonlocal written
        out.append(byte)
        window[written] = byte
        written = (written + 1) % _WINDOW

    while at < len(body):
        control, at = body[at], at + 1
        for bit in range(8):
            if not control >> bit & 1:
                if at >= len(body):
                    return bytes(out)
                put(body[at])
                at += 1
                continue
            if at + 2 > len(body):
                return bytes(out)
            word, at = int.from_bytes(body[at : at + 2], "big"), at + 2
            start, length = word >> 4, (word & 15) + 2
            if start == written:  # the mark for the end
                return bytes(out)
            for step in range(length):
                put(window[(start + step) % _WINDOW])
        if len(out) > _LARGEST:
            raise Unreadable(Reason.TOO_COMPLEX, "packed rtf")
    return bytes(out)
