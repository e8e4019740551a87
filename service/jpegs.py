"""Heads of JPEGs: how large a picture is, in which colours, how the camera was held.

Nothing is decoded: what stands before the picture is looked at, within bounds.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

#: Bytes of a file in which its picture must have begun: cameras write thumbnails before it.
_HEAD: Final = 4 * 1024 * 1024
_MOST_SEGMENTS: Final = 1_000
#: Bytes that fill the room between segments: hardly a program writes any, each is looked at alone.
_MOST_FILLING: Final = 10_000
_MOST_TAGS: Final = 200

_START: Final = b"\xff\xd8"
#: Heads of pictures that every reader of PDF decodes: baseline, extended and progressive.
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_OTHER_FRAMES: Final = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_SCAN, _END, _APP1, _APP14 = 0xDA, 0xD9, 0xE1, 0xEE
_ORIENTATION: Final = 0x0112
_COLOURS: Final = frozenset({1, 3, 4})
#: How cameras number the ways they are held: upright, and seven others.
UPRIGHT: Final = 1
_TURNS: Final = frozenset(range(1, 9))
#: Ways in which width and height change places.
_LYING: Final = frozenset({5, 6, 7, 8})
_BITS: Final = 8


@dataclass(frozen=True, slots=True)
class Photo:
    """What the head of a JPEG says: pixels, colours, how it is turned."""

    width: int
    height: int
    colours: int
    turn: int = UPRIGHT
    inverted: bool = False

    @property
    def seen(self) -> tuple[int, int]:
        """Return width and height as people see it."""
        return (self.height, self.width) if self.turn in _LYING else (self.width, self.height)


def head(source: BinaryIO) -> Photo:
    """Return what the head of a JPEG says; raises `ValueError` for anything else."""
    if source.read(2) != _START:
        message = "no JPEG"
        raise ValueError(message)
    turn, inverted = UPRIGHT, False
    for kind, body in _segments(source):
        if kind == _APP1 and body.startswith(b"Exif\0\0"):
            turn = _turn(body[6:])
        elif kind == _APP14 and body.startswith(b"Adobe"):
            inverted = True
        elif kind in _FRAMES and len(body) >= 6:  # noqa: PLR2004 - bits, two sizes, colours
            bits, height, width, colours = struct.unpack(">BHHB", body[:6])
            if bits == _BITS and height and width and colours in _COLOURS:
                return Photo(width, height, colours, turn, inverted and colours == len("CMYK"))
            break
        elif kind in _OTHER_FRAMES:
            break
    message = "no JPEG that every reader decodes"
    raise ValueError(message)


def _segments(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield kind and body of what stands before the picture, within bounds."""
    left, filling = _HEAD, _MOST_FILLING
    for _ in range(_MOST_SEGMENTS):
        sign, kind = _bytes(source, 2)
        while kind == 0xFF and filling:  # noqa: PLR2004
            (kind,) = _bytes(source, 1)
            filling -= 1
        if sign != 0xFF or kind in (_SCAN, _END, 0, 0xFF):  # noqa: PLR2004
            break
        if kind in _ALONE:
            continue
        length = int.from_bytes(_bytes(source, 2), "big") - 2
        left -= length
        if length < 0 or left < 0:
            break
        yield kind, _bytes(source, length)
    message = "no picture begins"
    raise ValueError(message)


def _bytes(source: BinaryIO, size: int) -> bytes:
    found = source.read(size)
    if len(found) < size:
        message = "cut off"
        raise ValueError(message)
    return found


def _turn(exif: bytes) -> int:
    """Return how the camera was held, as EXIF numbers it; upright for anything odd."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    try:
        if order is None:
            return UPRIGHT
        (start,) = struct.unpack_from(f"{order}L", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for n in range(min(count, _MOST_TAGS)):
            tag, _, _, value = struct.unpack_from(f"{order}HHLH", exif, start + 2 + 12 * n)
            if tag == _ORIENTATION:
                return value if value in _TURNS else UPRIGHT
    except struct.error:
        return UPRIGHT
    return UPRIGHT
