"""Locks old Office files in the ways in which no program here can write them."""

import hashlib
import io
import struct
from collections.abc import Callable, Iterator

import olefile
from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from msoffcrypto.method.xor_obfuscation import DocumentXOR

from tests.indexer.oles import ole

_SALT = bytes(range(16))
_OPEN = (0x809, 0x2F, 0xE1)
_BOUND_SHEET = 0x85


def xls_by_xor(content: bytes, password: str) -> bytes:
    """Return an XLS locked by the cipher of Excel 95, as programs wrote it until 2003."""
    key = DocumentXOR.create_xor_array_method1(password)
    check = next(n for n in range(1 << 16) if DocumentXOR.verifypw(password, n))
    said = struct.pack("<3H", 0, DocumentXOR.create_xor_key_method1(password), check)

    def hidden(book: bytes, at: int, size: int) -> bytes:
        turned = ((n >> 3 | n << 5) & 0xFF for n in book[at : at + size])
        return bytes(n ^ key[(at + size + i) % 16] for i, n in enumerate(turned))

    return _locked_xls(content, said, hidden)


def xls_by_cryptoapi(content: bytes, password: str) -> bytes:
    """Return an XLS locked as Excel 2003 does where it is told to."""

    def hidden(book: bytes, at: int, size: int) -> bytes:
        first, last = at // 1024, (at + size) // 1024 + 1
        stream = b"".join(
            _by_rc4(password, block, book[block * 1024 : (block + 1) * 1024])
            for block in range(first, last)
        )
        return stream[at - first * 1024 :][:size]

    return _locked_xls(content, b"\x01\0" + _said(password), hidden)


def ppt(content: bytes, password: str) -> bytes:
    """Return a PPT locked as PowerPoint does."""
    with olefile.OleFileIO(io.BytesIO(content)) as file:
        user = bytearray(file.openstream("Current User").read())
        deck = file.openstream("PowerPoint Document").read()
    (edit,) = struct.unpack_from("<L", user, 16)
    (directory,) = struct.unpack_from("<L", deck, edit + 20)
    (size,) = struct.unpack_from("<4xL", deck, directory)
    (head,) = struct.unpack_from("<L", deck, directory + 8)
    count, session = head >> 20, head >> 20
    assert (head & 0xFFFFF, size) == (1, 4 + 4 * count)
    places = list(struct.unpack_from(f"<{count}L", deck, directory + 12))
    locked = bytearray(deck)
    for number, at in enumerate(places, 1):
        length = 8 + struct.unpack_from("<4xL", deck, at)[0]
        locked[at : at + length] = _by_rc4(password, number, deck[at : at + length])
    said, session = _said(password), count + 1
    places.append(len(locked))
    locked += struct.pack("<2HL", 0xF, 0x2F14, len(said)) + said
    listed = len(locked)
    locked += struct.pack("<2HLL", 0, 0x1772, size + 4, session << 20 | 1)
    locked += struct.pack(f"<{session}L", *places)
    edits = len(locked)
    body = bytearray(deck[edit + 8 : edit + 36])
    struct.pack_into(
        "<LLLL", body, 8, 0, listed, struct.unpack_from("<L", body, 16)[0], session + 1
    )
    locked += struct.pack("<2HL", 0, 0x0FF5, 32) + body + struct.pack("<L", session)
    struct.pack_into("<LL", user, 12, 0xF3D1C4DF, edits)
    return ole({"Current User": bytes(user), "PowerPoint Document": bytes(locked)})


def _locked_xls(content: bytes, said: bytes, hidden: Callable[[bytes, int, int], bytes]) -> bytes:
    with olefile.OleFileIO(io.BytesIO(content)) as file:
        book = file.openstream("Workbook").read()
    pass_record = struct.pack("<2H", 0x2F, len(said)) + said
    (first,) = struct.unpack_from("<2xH", book)
    longer = book[: 4 + first] + pass_record + book[4 + first :]
    locked = bytearray(longer)
    for kind, at, _ in _records(longer):
        if kind == _BOUND_SHEET:
            (place,) = struct.unpack_from("<L", longer, at)
            struct.pack_into("<L", locked, at, place + len(pass_record))
    plain = bytes(locked)
    for kind, at, size in _records(plain):
        if kind not in _OPEN:
            skipped = 4 if kind == _BOUND_SHEET else 0
            locked[at + skipped : at + size] = hidden(plain, at, size)[skipped:]
    return ole({"Workbook": bytes(locked)})


def _records(book: bytes) -> Iterator[tuple[int, int, int]]:
    at = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<2H", book, at)
        yield kind, at + 4, size
        at += 4 + size


def _said(password: str) -> bytes:
    """Return what a file says of a lock of CryptoAPI with a key of 128 bits."""
    name = "Microsoft Enhanced Cryptographic Provider v1.0\0".encode("utf-16-le")
    head = struct.pack("<8L", 4, 0, 0x6801, 0x8004, 128, 1, 0, 0) + name
    check = bytes(range(100, 116))
    proof = _by_rc4(password, 0, check + _sha1(check))
    verifier = struct.pack("<L", 16) + _SALT + proof[:16] + struct.pack("<L", 20) + proof[16:]
    return struct.pack("<2HLL", 4, 2, 4, len(head)) + head + verifier


def _by_rc4(password: str, block: int, content: bytes) -> bytes:
    start = _sha1(_SALT + password.encode("utf-16-le"))
    key = _sha1(start + struct.pack("<L", block))[:16]
    return Cipher(ARC4(key), None).encryptor().update(content)


def _sha1(content: bytes) -> bytes:
    return hashlib.new("sha1", content, usedforsecurity=False).digest()
