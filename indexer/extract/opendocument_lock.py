"""Opens OpenDocument files that a password locks, part by part, as their manifest says how.

A part is deflated, then locked: by AES or, in files of before 2012, by Blowfish. Files of
LibreOffice 24.8 and later may be locked as a whole in another way, which is not known here.
"""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from indexer.extract.package import Package
from indexer.extract.result import Reason, Unreadable
from indexer.extract.xml_stream import Attributes, XmlStream
from service.foreign_ciphers import open_aes_cbc, open_blowfish

MANIFEST: Final = "META-INF/manifest.xml"
#: The one part of a file that is locked as a whole.
WHOLE: Final = "encrypted-package"
_NAMESPACE: Final = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
_LARGEST: Final = 64 * 1024 * 1024
_CHUNK: Final = 64 * 1024
#: LibreOffice writes 100,000; what takes much longer was made to.
_ITERATIONS: Final = range(1, 1_000_001)
#: The checksum is of so many bytes.
_CHECKED: Final = 1024
_BLOCK: Final = 16


@dataclass(slots=True)
class _Lock:
    """What the manifest says of how a part is locked: attributes by the names of elements."""

    said: dict[str, Attributes] = field(default_factory=dict)

    def word(self, element: str, name: str, default: str = "") -> str:
        return self.said.get(element, {}).get(f"{_NAMESPACE} {name}", default)

    def number(self, element: str, name: str, default: int = 0) -> int:
        value = self.word(element, name) or str(default)
        return int(value) if value.isdecimal() and len(value) < 10 else 0  # noqa: PLR2004 - digits

    def raw(self, element: str, name: str) -> bytes:
        try:
            return base64.b64decode(self.word(element, name), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Unreadable(Reason.DAMAGED, "manifest") from error


class LockedPackage(Package):
    """The parts of a document of which some are locked. Reading one raises `Unreadable`."""

    def __init__(self, source: BinaryIO, password: str | None) -> None:
        """Read what is locked; raises `Unreadable` where something is, and there is no password."""
        super().__init__(source)
        self._password = password
        self._locks: dict[str, _Lock] = {}
        if WHOLE in self:
            raise Unreadable(Reason.UNSUPPORTED, "lock")
        if MANIFEST in self:
            self._read_manifest()
        if self._locks and not password:
            raise Unreadable(Reason.PASSWORD, "odf")

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield one part piece by piece."""
        lock = self._locks.get(name)
        if lock is None:
            yield from super().chunks(name)
            return
        packed = _opened(self._held(name), lock, self._password or "")
        try:
            yield from self.bounded(_inflated(packed), len(packed))
        except zlib.error as error:
            # without a checksum, this is how another password shows
            checked = lock.word("encryption-data", "checksum")
            reason = Reason.DAMAGED if checked else Reason.PASSWORD
            raise Unreadable(reason, "part") from error

    def _held(self, name: str) -> bytes:
        held = bytearray()
        for piece in super().chunks(name):
            held += piece
            if len(held) > _LARGEST:
                raise Unreadable(Reason.TOO_COMPLEX, "size")
        return bytes(held)

    def _read_manifest(self) -> None:
        part, here = "", f"{_NAMESPACE} "

        def note(tag: str, attributes: Attributes) -> None:
            nonlocal part
            element = tag.removeprefix(here)
            if element == "file-entry":
                part = attributes.get(f"{here}full-path", "")
            elif element == "encryption-data":
                self._locks[part] = _Lock({element: attributes})
            elif part in self._locks:
                self._locks[part].said[element] = attributes

        self.parse(MANIFEST, XmlStream(start=note))


def _opened(content: bytes, lock: _Lock, password: str) -> bytes:
    """Return a part as it was deflated. Raises `Unreadable` when the password is another."""
    key, vector = _key(lock, password), lock.raw("algorithm", "initialisation-vector")
    name = lock.word("algorithm", "algorithm-name").lower()
    try:
        if "aes" in name and name.endswith("-cbc"):
            plain = _unfilled(open_aes_cbc(key, vector, content))
        elif "blowfish" in name:
            plain = open_blowfish(key, vector, content)
        else:
            raise Unreadable(Reason.UNSUPPORTED, "cipher")
    except ValueError as error:
        raise Unreadable(Reason.DAMAGED, "part") from error
    _check(lock, plain)
    return plain


def _unfilled(plain: bytes) -> bytes:
    """Leave away what fills the last block up: its last byte says how much that is."""
    fill = plain[-1] if plain else 0
    return plain[:-fill] if 0 < fill <= _BLOCK else plain


def _key(lock: _Lock, password: str) -> bytes:
    if lock.word("key-derivation", "key-derivation-name").rpartition("#")[2].upper() != "PBKDF2":
        raise Unreadable(Reason.UNSUPPORTED, "key")
    rounds = lock.number("key-derivation", "iteration-count")
    if rounds not in _ITERATIONS:
        raise Unreadable(Reason.TOO_COMPLEX, "iterations")
    size = lock.number("key-derivation", "key-size", 16)
    if size not in (16, 24, 32):
        raise Unreadable(Reason.DAMAGED, "key")
    name = lock.word("start-key-generation", "start-key-generation-name", "SHA1").lower()
    digest = hashlib.sha256 if name.endswith("sha256") else hashlib.sha1
    start, salt = digest(password.encode()).digest(), lock.raw("key-derivation", "salt")
    return hashlib.pbkdf2_hmac("sha1", start, salt, rounds, size)


def _check(lock: _Lock, plain: bytes) -> None:
    """Refuse what is not what was locked, where the manifest says enough to tell."""
    kind = lock.word("encryption-data", "checksum-type").lower()
    wanted = lock.raw("encryption-data", "checksum")
    part = plain[:_CHECKED] if kind.endswith("1k") else plain
    digest = hashlib.sha256(part) if "sha256" in kind else hashlib.sha1(part)  # noqa: S324 - theirs
    if wanted and digest.digest() != wanted:
        raise Unreadable(Reason.PASSWORD, "wrong")


def _inflated(packed: bytes) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    piece = inflater.decompress(packed, _CHUNK)
    while piece:
        yield piece
        piece = inflater.decompress(inflater.unconsumed_tail, _CHUNK)
    if not inflater.eof:
        raise Unreadable(Reason.DAMAGED, "part")
