"""Several photos become one document: a PDF that holds the JPEGs byte for byte, a page each.

Nothing of a picture is decoded here: of each file the head is looked at, within bounds, for its
size and for how the camera was held; turning is a word in the PDF. Other kinds of pictures are
refused: to convert them would change what somebody photographed, and takes decoding.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from service.errors import Invalid, TooLarge, Unsupported
from service.intake import Upload
from service.spool import Spool

#: How many photos one document may have.
MOST: Final = 100

#: Bytes of a file in which its picture must have begun: cameras write thumbnails before it.
_HEAD: Final = 4 * 1024 * 1024
_MOST_SEGMENTS: Final = 1_000
#: Bytes that fill the room between segments: hardly a program writes any, each is looked at alone.
_MOST_FILLING: Final = 10_000
_MOST_TAGS: Final = 200
_CHUNK: Final = 1 << 18
#: Points of the box that a page fits into: A4, whichever way.
_LONG, _SHORT = 841.89, 595.28

_START: Final = b"\xff\xd8"
#: Heads of pictures that every reader of PDF decodes: baseline, extended and progressive.
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_OTHER_FRAMES: Final = frozenset({0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_SCAN, _END, _APP1, _APP14 = 0xDA, 0xD9, 0xE1, 0xEE
_ORIENTATION: Final = 0x0112
_SPACES: Final = {1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}
_BITS: Final = 8
#: Where the unit square of a picture goes on a page of width 1 and height 1, by the number that
#: cameras write: columns of the matrix are where right and up of the picture point to.
_TURNS: Final = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
_LYING: Final = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Photo:
    """What the head of a JPEG says: pixels, colours, how it is turned."""

    width: int
    height: int
    colours: int
    turn: int = 1
    inverted: bool = False

    @property
    def page(self) -> tuple[float, float]:
        """Return width and height of its page in points, as people see it."""
        seen = (self.height, self.width) if self.turn in _LYING else (self.width, self.height)
        scale = min(_LONG / max(seen), _SHORT / min(seen))
        return seen[0] * scale, seen[1] * scale


def bound(uploads: Sequence[Upload], into: Spool) -> None:
    """Write the PDF of photos in this order. The same photos always give the same bytes.

    Raises `Invalid` for none or too many, `Unsupported` for a file that is no JPEG, `TooLarge`
    when they are too large together.
    """
    if not uploads:
        raise Invalid("Choose a photo.", fields={"photo": "required"})
    if len(uploads) > MOST:
        raise Invalid(
            "A document has at most %(most)s photos.", fields={"photo": "too_many"}, most=MOST
        )
    photos = [_photo(one) for one in uploads]
    if sum(one.spool.plain_size for one in uploads) > into.limit:
        raise TooLarge(
            "The file is larger than %(limit)s MB.",
            fields={"photo": "too_large"},
            limit=into.limit // (1024 * 1024),
        )
    _Writer(into).write(photos, [cast("BinaryIO", one.spool) for one in uploads])


def _photo(upload: Upload) -> Photo:
    upload.spool.seal()
    upload.spool.seek(0)
    name = upload.file_name
    if upload.spool.plain_size == 0:
        raise Invalid("The photo %(name)s is empty.", fields={"photo": "empty"}, name=name)
    try:
        return head(cast("BinaryIO", upload.spool))
    except ValueError as error:
        raise Unsupported(
            "Only photos in JPEG are joined to a document, and %(name)s is none that can be read. "
            "Upload it as a file of its own.",
            fields={"photo": "unsupported"},
            name=name,
        ) from error


def head(source: BinaryIO) -> Photo:
    """Return what the head of a JPEG says; raises `ValueError` for anything else."""
    if source.read(2) != _START:
        message = "no JPEG"
        raise ValueError(message)
    turn, inverted = 1, False
    for kind, body in _segments(source):
        if kind == _APP1 and body.startswith(b"Exif\0\0"):
            turn = _turn(body[6:])
        elif kind == _APP14 and body.startswith(b"Adobe"):
            inverted = True
        elif kind in _FRAMES and len(body) >= 6:  # noqa: PLR2004 - bits, two sizes, colours
            bits, height, width, colours = struct.unpack(">BHHB", body[:6])
            if bits == _BITS and height and width and colours in _SPACES:
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
    """Return how the camera was held, as EXIF numbers it; 1 (upright) for anything odd."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    try:
        if order is None:
            return 1
        (start,) = struct.unpack_from(f"{order}L", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for n in range(min(count, _MOST_TAGS)):
            tag, _, _, value = struct.unpack_from(f"{order}HHLH", exif, start + 2 + 12 * n)
            if tag == _ORIENTATION:
                return value if value in _TURNS else 1
    except struct.error:
        return 1
    return 1


class _Writer:
    """Writes a PDF as it comes: objects in a row, then the table of where each begins."""

    def __init__(self, into: Spool) -> None:
        self._into = into
        self._places: list[int] = []

    def write(self, photos: Sequence[Photo], sources: Sequence[BinaryIO]) -> None:
        """Write it whole."""
        self._out(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        pages = " ".join(f"{3 + 3 * n} 0 R" for n in range(len(photos)))
        self._object("<< /Type /Catalog /Pages 2 0 R >>")
        self._object(f"<< /Type /Pages /Count {len(photos)} /Kids [{pages}] >>")
        for n, (photo, source) in enumerate(zip(photos, sources, strict=True)):
            self._page(photo, source, 3 + 3 * n)
        table = self._into.plain_size
        count = len(self._places) + 1
        rows = "".join(f"{place:010d} 00000 n \n" for place in self._places)
        self._out(f"xref\n0 {count}\n0000000000 65535 f \n{rows}".encode())
        self._out(f"trailer << /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n".encode())

    def _page(self, photo: Photo, source: BinaryIO, first: int) -> None:
        width, height = photo.page
        right, up, *rest = _TURNS[photo.turn]
        matrix = [right * width, up * height]
        matrix += [part * (height if n % 2 else width) for n, part in enumerate(rest)]
        drawn = " ".join(f"{part:.2f}" for part in matrix)
        content = f"q {drawn} cm /P Do Q"
        self._object(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] "
            f"/Resources << /XObject << /P {first + 2} 0 R >> >> /Contents {first + 1} 0 R >>"
        )
        self._object(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        source.seek(0, 2)
        size = source.tell()
        decode = " /Decode [1 0 1 0 1 0 1 0]" if photo.inverted else ""
        self._begin(
            f"<< /Type /XObject /Subtype /Image /Width {photo.width} /Height {photo.height} "
            f"/ColorSpace {_SPACES[photo.colours]} /BitsPerComponent 8 /Filter /DCTDecode{decode} "
            f"/Length {size} >>\nstream\n"
        )
        source.seek(0)
        while data := source.read(_CHUNK):
            self._out(data)
        self._out(b"\nendstream\nendobj\n")

    def _object(self, text: str) -> None:
        self._begin(f"{text}\nendobj\n")

    def _begin(self, text: str) -> None:
        self._places.append(self._into.plain_size)
        self._out(f"{len(self._places)} 0 obj\n{text}".encode())

    def _out(self, data: bytes) -> None:
        self._into.write(data)
