"""A PDF whose pages are one JPEG each, written as it comes: the bytes of a picture go in unread."""

from collections.abc import Mapping, Sequence
from typing import BinaryIO, Final, Protocol

from service.jpegs import Photo

_CHUNK: Final = 1 << 18
_SPACES: Final = {1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}
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
#: Objects that a page takes: itself, what is drawn on it, the picture.
PAGE: Final = 3
_CATALOGUE, _PAGES = 1, 2
#: Points of the box that a page fits into: A4, whichever way.
_LONG, _SHORT = 841.89, 595.28
_ESCAPED: Final = str.maketrans({one: f"\\{one}" for one in "()\\"})


class Sink(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes, /) -> object:
        """Take all of them."""


class PicturePdf:
    """Writes objects in a row, then the table of where each begins. Nothing but that is kept."""

    def __init__(self, into: Sink) -> None:
        """Begin: the catalogue is object 1, the list of pages 2; others may be from 3 on."""
        self._into = into
        self._size = 0
        self._places: dict[int, int] = {}
        self._out(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self.put(_CATALOGUE, "<< /Type /Catalog /Pages 2 0 R >>")

    def order(self, pages: Sequence[int]) -> None:
        """Write the list of pages, each by the number of its object."""
        kids = " ".join(f"{number} 0 R" for number in pages)
        self.put(_PAGES, f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>")

    def page(self, first: int, photo: Photo, source: BinaryIO, size: tuple[float, float]) -> None:
        """Write a page of a size in points as objects `first` and the two after it."""
        width, height = size
        right, up, *rest = _TURNS[photo.turn]
        matrix = [right * width, up * height]
        matrix += [part * (height if n % 2 else width) for n, part in enumerate(rest)]
        drawn = " ".join(f"{part:.2f}" for part in matrix)
        content = f"q {drawn} cm /P Do Q"
        self.put(
            first,
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] "
            f"/Resources << /XObject << /P {first + 2} 0 R >> >> /Contents {first + 1} 0 R >>",
        )
        self.put(first + 1, f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        source.seek(0, 2)
        length = source.tell()
        decode = " /Decode [1 0 1 0 1 0 1 0]" if photo.inverted else ""
        self._begin(
            first + 2,
            f"<< /Type /XObject /Subtype /Image /Width {photo.width} /Height {photo.height} "
            f"/ColorSpace {_SPACES[photo.colours]} /BitsPerComponent 8 /Filter /DCTDecode{decode} "
            f"/Length {length} >>\nstream\n",
        )
        source.seek(0)
        while data := source.read(_CHUNK):
            self._out(data)
        self._out(b"\nendstream\nendobj\n")

    def about(self, number: int, said: Mapping[str, str]) -> None:
        """Write what the file says of itself, as an object; `close` names its number."""
        words = " ".join(f"/{name} {_words(text)}" for name, text in said.items())
        self.put(number, f"<< {words} >>")

    def put(self, number: int, text: str) -> None:
        """Write an object."""
        self._begin(number, f"{text}\nendobj\n")

    def close(self, about: int | None = None) -> None:
        """Write the table and the end; objects are numbered without a gap by now."""
        table, count = self._size, len(self._places) + 1
        rows = "".join(f"{self._places[n]:010d} 00000 n \n" for n in range(1, count))
        self._out(f"xref\n0 {count}\n0000000000 65535 f \n{rows}".encode())
        info = f" /Info {about} 0 R" if about else ""
        end = f"trailer << /Size {count} /Root 1 0 R{info} >>\nstartxref\n{table}\n%%EOF\n"
        self._out(end.encode())

    def _begin(self, number: int, text: str) -> None:
        self._places[number] = self._size
        self._out(f"{number} 0 obj\n{text}".encode())

    def _out(self, data: bytes) -> None:
        self._into.write(data)
        self._size += len(data)


def a4(photo: Photo) -> tuple[float, float]:
    """Return width and height in points of a page on A4, whichever way, that a picture fills."""
    width, height = photo.seen
    scale = min(_LONG / max(width, height), _SHORT / min(width, height))
    return width * scale, height * scale


def _words(text: str) -> str:
    """Return a text as PDF has it: as it is, or in any language."""
    if text.isascii() and text.isprintable():
        return f"({text.translate(_ESCAPED)})"
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"
