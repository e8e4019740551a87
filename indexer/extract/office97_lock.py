"""Opens DOC, XLS and PPT that a password locks: RC4, RC4 CryptoAPI, and XOR of old workbooks.

Passwords are tried, and pieces opened, by `msoffcrypto-tool`. Its own classes for these files
write to a temporary file, and the sandbox has none: here the open file is made in memory.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import olefile
from msoffcrypto.method.rc4 import DocumentRC4
from msoffcrypto.method.rc4_cryptoapi import DocumentRC4CryptoAPI
from msoffcrypto.method.xor_obfuscation import DocumentXOR

from indexer.extract.result import Reason, Unreadable

#: What Excel locks workbooks with whose structure alone is protected: it asks nobody.
NOBODYS: Final = "VelvetSweatshop"
#: The first version of RC4, and those of CryptoAPI.
_OLDER: Final = (1, 1)
_NEWER: Final = {(2, 2), (3, 2), (4, 2)}
_BITS: Final = range(40, 129, 8)

#: Word: what stands open at the start of its stream, and how much is opened with one key.
_WORD_HEAD: Final = 68
_WORD_PIECE: Final = 512
_LOCKED, _SECOND_TABLE, _BY_XOR = 0x0100, 0x0200, 0x8000

_BOOK_PIECE: Final = 1024
_FILE_PASS: Final = 0x2F
_BOUND_SHEET: Final = 0x85
#: Records that are never locked: BOF, UsrExcl, FileLock, InterfaceHdr, RRDInfo, RRDHead.
_OPEN_RECORDS: Final = frozenset({0x809, 0x194, 0x195, 0xE1, 0x196, 0x138})
_LONGEST_XOR: Final = 15
#: A byte turned left by three bits, as XOR of Excel leaves it.
_TURNED: Final = bytes((n << 3 | n >> 5) & 0xFF for n in range(256))

_USER_EDIT, _DIRECTORY, _SESSION = 0x0FF5, 0x1772, 0x2F14
_OPEN_TOKEN: Final = 0xE391C05F
_MOST_EDITS: Final = 1_000


@dataclass(frozen=True, slots=True)
class _Key:
    """A password that fits; `bits` of a key of CryptoAPI, none of the older kind."""

    password: str
    salt: bytes
    bits: int | None

    def opened(self, content: bytes, piece: int, block: int = 0) -> bytes:
        """Open content in pieces of so many bytes, each with the key of its block."""
        source = io.BytesIO(content)
        if self.bits is None:
            return bytes(
                DocumentRC4.decrypt(self.password, self.salt, source, blocksize=piece).read()
            )
        return bytes(
            DocumentRC4CryptoAPI.decrypt(
                self.password, self.salt, self.bits, source, blocksize=piece, block=block
            ).read()
        )


def doc(content: bytes, password: str) -> bytes:
    """Return a DOC without its lock. Raises `Unreadable`, as `xls` and `ppt` do."""
    with olefile.OleFileIO(io.BytesIO(content)) as ole:
        word = _stream(ole, "WordDocument")
        flags, length = struct.unpack_from("<H2xL", word, 10)
        if not flags & _LOCKED:
            return content
        if flags & _BY_XOR:
            raise Unreadable(Reason.UNSUPPORTED, "xor")
        name = "1Table" if flags & _SECOND_TABLE else "0Table"
        table = _stream(ole, name)
        key = _key(table[:length], password)
        head = bytearray(word[:_WORD_HEAD])
        struct.pack_into("<H", head, 10, flags & ~_LOCKED)
        struct.pack_into("<L", head, 14, 0)
        body = key.opened(word, _WORD_PIECE)[_WORD_HEAD:]
        opened = {
            "WordDocument": bytes(head) + body,
            name: key.opened(table, _WORD_PIECE),
        }
        return _written(content, opened)


def xls(content: bytes, password: str) -> bytes:
    """Return an XLS without its lock."""
    with olefile.OleFileIO(io.BytesIO(content)) as ole:
        name = "Workbook" if ole.exists("Workbook") else "Book"
        book = _stream(ole, name)
    lock = next((r for r in _records(book) if r.kind == _FILE_PASS), None)
    if lock is None:
        return content
    said = book[lock.start : lock.end]
    # workbooks of 1995 know one cipher, and do not say which
    kind = struct.unpack_from("<H", said)[0] if len(said) > 4 else 0  # noqa: PLR2004 - 2 numbers
    if kind:
        plain = bytearray(_key(said[2:], password).opened(book, _BOOK_PIECE))
    else:
        plain = _without_xor(book, said[-4:], password)
    for record in _records(book):
        untouched = record.start
        if record.kind in _OPEN_RECORDS:
            untouched = record.end
        elif record.kind == _BOUND_SHEET:
            untouched = min(record.start + 4, record.end)
        plain[record.start - 4 : untouched] = book[record.start - 4 : untouched]
    plain[lock.start - 4 : lock.end] = struct.pack("<2H", 0, len(said)) + bytes(len(said))
    return _written(content, {name: bytes(plain)})


def ppt(content: bytes, password: str) -> bytes:
    """Return a PPT without its lock: the slides, not the pictures on them."""
    with olefile.OleFileIO(io.BytesIO(content)) as ole:
        user = bytearray(_stream(ole, "Current User"))
        deck = _stream(ole, "PowerPoint Document")
    (edit,) = struct.unpack_from("<L", user, 16)
    kind, length = struct.unpack_from("<2xHL", deck, edit)
    if kind != _USER_EDIT or length < 32:  # noqa: PLR2004 - the length with a session
        return content
    objects = _objects(deck, edit)
    (session,) = struct.unpack_from("<L", deck, edit + 36)
    if session not in objects:
        raise Unreadable(Reason.DAMAGED, "session")
    kind, size = struct.unpack_from("<2xHL", deck, objects[session])
    if kind != _SESSION:
        raise Unreadable(Reason.DAMAGED, "session")
    key = _key(deck[objects[session] + 8 : objects[session] + 8 + size], password)
    plain = bytearray(deck)
    for number, at in objects.items():
        if number != session:
            (size,) = struct.unpack_from("<4xL", key.opened(deck[at : at + 8], 8, number))
            size = min(size + 8, len(deck) - at)
            plain[at : at + size] = key.opened(deck[at : at + size], size, number)
    struct.pack_into("<L", plain, edit + 4, length - 4)
    struct.pack_into("<L", user, 12, _OPEN_TOKEN)
    return _written(content, {"Current User": bytes(user), "PowerPoint Document": bytes(plain)})


def _key(said: bytes, password: str) -> _Key:
    """Return the key that a password gives with what a file says of its lock."""
    version = struct.unpack_from("<2H", said)
    if version == _OLDER:
        salt, check, digest = said[4:20], said[20:36], said[36:52]
        bits, right = None, DocumentRC4.verifypw(password, salt, check, digest)
    elif version in _NEWER:
        (length,) = struct.unpack_from("<L", said, 8)
        bits = struct.unpack_from("<L", said, 28)[0] or 40
        if bits not in _BITS:
            raise Unreadable(Reason.DAMAGED, "key")
        at = 12 + length
        salt, check, digest = (said[at + a : at + b] for a, b in ((4, 20), (20, 36), (40, 60)))
        right = DocumentRC4CryptoAPI.verifypw(password, salt, bits, check, digest)
    else:
        raise Unreadable(Reason.UNSUPPORTED, "cipher")
    if not right:
        raise Unreadable(Reason.PASSWORD, "wrong")
    return _Key(password, salt, bits)


@dataclass(frozen=True, slots=True)
class _Record:
    kind: int
    start: int
    end: int


def _records(book: bytes) -> Iterator[_Record]:
    at = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<2H", book, at)
        yield _Record(kind, at + 4, min(at + 4 + size, len(book)))
        at += 4 + size


def _without_xor(book: bytes, said: bytes, password: str) -> bytearray:
    """Open a workbook by the cipher that knows only the first bytes of passwords."""
    raw = password.encode("gb18030")[:_LONGEST_XOR].decode("latin-1")
    (check,) = struct.unpack_from("<2xH", said)
    if not raw or not DocumentXOR.verifypw(raw, check):
        raise Unreadable(Reason.PASSWORD, "wrong")
    key = bytes(DocumentXOR.create_xor_array_method1(raw))
    plain = bytearray(book)
    for record in _records(book):
        size = record.end - record.start
        first = record.end % 16
        mask = (key[first:] + key * (size // 16 + 1))[:size]
        piece = int.from_bytes(book[record.start : record.end]) ^ int.from_bytes(mask)
        plain[record.start : record.end] = piece.to_bytes(size).translate(_TURNED)
    return plain


def _objects(deck: bytes, edit: int) -> dict[int, int]:
    """Return where the parts of a deck stand, by their numbers; of many states the newest."""
    found: dict[int, int] = {}
    for _ in range(_MOST_EDITS):
        kind, before, directory = struct.unpack_from("<2xH12xLL", deck, edit)
        if kind != _USER_EDIT:
            raise Unreadable(Reason.DAMAGED, "edit")
        for number, at in _listed(deck, directory):
            found.setdefault(number, at)
        if not before:
            return found
        edit = before
    raise Unreadable(Reason.TOO_COMPLEX, "edits")


def _listed(deck: bytes, directory: int) -> Iterator[tuple[int, int]]:
    kind, size = struct.unpack_from("<2xHL", deck, directory)
    if kind != _DIRECTORY:
        raise Unreadable(Reason.DAMAGED, "directory")
    at, end = directory + 8, directory + 8 + size
    while at < end:
        (head,) = struct.unpack_from("<L", deck, at)
        first, count = head & 0xFFFFF, head >> 20
        for n in range(count):
            yield first + n, struct.unpack_from("<L", deck, at + 4 + 4 * n)[0]
        at += 4 + 4 * count


def _stream(ole: olefile.OleFileIO, name: str) -> bytes:
    with ole.openstream(name) as stream:
        return bytes(stream.read())


def _written(content: bytes, streams: dict[str, bytes]) -> bytes:
    """Return the file with other streams of the same lengths."""
    target = io.BytesIO(content)
    with olefile.OleFileIO(target, write_mode=True) as ole:
        for name, stream in streams.items():
            ole.write_stream(name, stream)
        return target.getvalue()
