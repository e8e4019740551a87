"""Opens a message of Outlook (MSG): storages with properties, in Unicode or in a code page."""

import codecs
import io
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import olefile

from indexer.extract.mail_words import Words
from indexer.extract.result import Reason, Unreadable

_LARGEST: Final = 256 * 1024 * 1024
_ENTRIES: Final = 20_000
_PROPERTIES: Final = "__properties_version1.0"
_TEXT: Final = "001F"
_BYTES_OF_TEXT: Final = "001E"
BINARY: Final = "0102"
EMBEDDED: Final = "000D"
_CODEPAGE: Final = (0x3FFD, 0x3FDE)
_PROPERTY: Final = 16
#: Before the list of properties: of the outermost message, of one in another, of an attachment.
_HEADS: Final = (32, 24, 8)
_CODECS: Final = {
    932: "cp932",
    936: "gb18030",
    949: "cp949",
    950: "cp950",
    1200: "utf-16-le",
    1250: "cp1250",
    1251: "cp1251",
    1252: "cp1252",
    20936: "gb18030",
    28591: "cp1252",
    50220: "iso2022_jp",
    51932: "euc_jp",
    51936: "gb18030",
    52936: "hz",
    54936: "gb18030",
    65001: "utf-8",
}
_ALPHABETS: Final = frozenset({"cp1250", "cp1251"})
for _codec in _CODECS.values():
    codecs.lookup(_codec)  # in the sandbox nothing can be loaded later


def opened(source: BinaryIO) -> olefile.OleFileIO:
    """Open the file; raises `Unreadable` for what is none, or too much."""
    content = source.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Unreadable(Reason.TOO_COMPLEX, "size")
    try:
        ole = olefile.OleFileIO(io.BytesIO(content))
        entries = ole.listdir(streams=True, storages=True)
    except (OSError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise Unreadable(Reason.DAMAGED, "ole") from error
    if len(entries) > _ENTRIES:
        raise Unreadable(Reason.TOO_COMPLEX, "entries")
    return ole


@dataclass(slots=True)
class Storage:
    """One message or attachment in the file, by its path."""

    ole: Any
    path: tuple[str, ...] = ()
    words: Words = field(default_factory=Words)

    def children(self, start: str) -> list["Storage"]:
        """Return the storages right below whose names begin so, in the order of their names."""
        here = len(self.path)
        names = sorted(
            entry[here]
            for entry in self.ole.listdir(streams=False, storages=True)
            if len(entry) == here + 1
            and tuple(entry[:here]) == self.path
            and entry[here].startswith(start)
        )
        return [Storage(self.ole, (*self.path, name), self.words) for name in names]

    def within(self, name: str) -> "Storage":
        """Return a storage below by its name."""
        return Storage(self.ole, (*self.path, name), self.words)

    def has(self, name: str) -> bool:
        """Tell whether there is such a stream or storage."""
        return bool(self.ole.exists([*self.path, name]))

    def binary(self, tag: int) -> bytes:
        """Return a property of bytes; nothing if there is none."""
        return self._stream(f"__substg1.0_{tag:04X}{BINARY}")

    def text(self, tag: int, codepage: int = 0) -> str:
        """Return a property of text: Unicode, or in the code page of the message."""
        raw = self._stream(f"__substg1.0_{tag:04X}{_TEXT}")
        if raw:
            return raw.decode("utf-16-le", "replace").rstrip("\0")
        raw = self._stream(f"__substg1.0_{tag:04X}{_BYTES_OF_TEXT}").rstrip(b"\0")
        codec = _CODECS.get(codepage, "")
        if codec in _ALPHABETS:  # nothing else is told from what it is like
            return raw.decode(codec, "replace")
        return self.words.text(raw, codec) if raw else ""

    def number(self, tag: int) -> int:
        """Return a property that is a number of 32 bits; 0 if there is none."""
        return self.wide(tag) & 0xFFFFFFFF

    def wide(self, tag: int) -> int:
        """Return a property that is a number of up to 64 bits; 0 if there is none."""
        listed = self._stream(_PROPERTIES)
        head = _HEADS[0] if not self.path else _HEADS[2 if "__attach" in self.path[-1] else 1]
        for at in range(head, len(listed) - _PROPERTY + 1, _PROPERTY):
            if int.from_bytes(listed[at + 2 : at + 4], "little") == tag:
                return int.from_bytes(listed[at + 8 : at + 16], "little")
        return 0

    @property
    def codepage(self) -> int:
        """Return the code page of text that is not Unicode; 0 when nothing is said."""
        return next((page for tag in _CODEPAGE if (page := self.number(tag))), 0)

    def _stream(self, name: str) -> bytes:
        path = [*self.path, name]
        if not self.ole.exists(path):
            return b""
        try:
            with self.ole.openstream(path) as stream:
                return bytes(stream.read())
        except (OSError, ValueError, IndexError, TypeError) as error:
            raise Unreadable(Reason.DAMAGED, "stream") from error
