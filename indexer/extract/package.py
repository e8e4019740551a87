"""Opens a document that is a ZIP (DOCX and its kin) and inflates its parts within limits.

The limits hold while inflating: a megabyte that grows to a gigabyte is refused long before.
"""

import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final, Self
from xml.parsers import expat

from indexer.extract.result import Reason, Unreadable
from indexer.extract.xml_stream import Attributes, XmlStream

_ENTRIES: Final = 10_000
_TOTAL: Final = 400 * 1024 * 1024
_RATIO: Final = 100
_RATIO_FROM: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = 0x1
#: How Office packs; what else zipfile could unpack is no document, and dearer to refuse.
_PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_RELATIONSHIP: Final = "http://schemas.openxmlformats.org/package/2006/relationships"


class Package:
    """The parts of one document."""

    def __init__(self, source: BinaryIO) -> None:
        """Read the list of parts; refuse a locked, damaged or crafted package."""
        if source.read(len(OLE)) == OLE:  # Office wraps a locked document like this
            raise Unreadable(Reason.PASSWORD, "ole")
        try:
            # RuntimeError: what zipfile says of a packing that it does not know
            self._zip = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, RuntimeError, ValueError, EOFError) as error:
            raise Unreadable(Reason.DAMAGED, "zip") from error
        self._parts = {info.filename: info for info in self._zip.infolist()}
        self._inflated = 0
        _examine(self._zip.infolist())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._parts

    def names(self) -> list[str]:
        """Return the names of all parts."""
        return list(self._parts)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield one part piece by piece."""
        info = self._parts[name]
        if info.compress_type not in _PACKED:
            raise Unreadable(Reason.DAMAGED, "compression")
        try:
            with self._zip.open(info) as part:
                yield from self.bounded(iter(lambda: part.read(_CHUNK), b""), info.compress_size)
        except (zipfile.BadZipFile, RuntimeError, EOFError, OSError, zlib.error) as e:
            raise Unreadable(Reason.DAMAGED, "part") from e

    def bounded(self, pieces: Iterable[bytes], packed: int) -> Iterator[bytes]:
        """Yield pieces that are inflated from `packed` bytes, as long as they do not grow much."""
        size = 0
        for piece in pieces:
            size += len(piece)
            self._inflated += len(piece)
            if self._inflated > _TOTAL:
                raise Unreadable(Reason.TOO_COMPLEX, "inflated size")
            if size > _RATIO_FROM and size > _RATIO * packed:
                raise Unreadable(Reason.TOO_COMPLEX, "inflation ratio")
            yield piece

    def parse(self, name: str, stream: XmlStream) -> None:
        """Send one part through an XML stream."""
        try:
            for piece in self.chunks(name):
                stream.feed(piece)
            stream.close()
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise Unreadable(Reason.DAMAGED, "xml") from error

    def main_part(self, what: str) -> str:
        """Return the part that everything hangs on; `what` says in the refusal which is missing."""
        for kind, part in self.related():
            if kind == "officeDocument":
                return part
        raise Unreadable(Reason.DAMAGED, f"no {what} part")

    def related(self, name: str = "") -> list[tuple[str, str]]:
        """Return (type, part) for every part a part refers to, in the order of the file."""
        return list(self.relations(name).values())

    def relations(self, name: str = "") -> dict[str, tuple[str, str]]:
        """Return, by the id of the relation, (type, part) for every part a part refers to."""
        folder, base = posixpath.split(name)
        index = posixpath.join(folder, "_rels", f"{base}.rels")
        if index not in self._parts:
            return {}
        found: dict[str, tuple[str, str]] = {}

        def note(tag: str, attributes: Attributes) -> None:
            if tag != f"{_RELATIONSHIP} Relationship" or attributes.get("TargetMode") == "External":
                return
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
            if target[1:] in self._parts:
                kind = attributes.get("Type", "").rpartition("/")[2]
                found.setdefault(attributes.get("Id", ""), (kind, target[1:]))

        self.parse(index, XmlStream(start=note))
        return found


def _examine(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > _ENTRIES:
        raise Unreadable(Reason.TOO_COMPLEX, "entries")
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise Unreadable(Reason.PASSWORD, "zip")
    end = 0
    for part in sorted(parts, key=lambda part: part.header_offset):
        if part.header_offset < end:
            raise Unreadable(Reason.TOO_COMPLEX, "overlapping entries")
        end = part.header_offset + part.compress_size
