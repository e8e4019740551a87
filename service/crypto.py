"""Sealing of single values under keys from the keystore, and the tokens that stand for values.

Whole files are in `streams`, the keys themselves in `keystore`. The strings bound to a sealed
value (its AAD) are part of the format: changing one makes every stored value unreadable.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from zlib_ng import zlib_ng

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
SALT_BYTES = 32
TOKEN_BYTES = 16

#: Titles, file names and notes of documents are sealed under this module's field key.
DOCUMENT_MODULE = "document"

#: A text part holds about 64 k characters; anything far beyond that is not one of ours.
_TEXT_PART_LIMIT = 4 * 1024 * 1024

#: A layout tells of at most some thousand lines of a page.
_LAYOUT_LIMIT = 16 * 1024 * 1024


class Corrupt(Exception):
    """These bytes were not made with this key for this place, or were changed since."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lies: it opens nowhere else.

    `row` is the id of the field value, document or version, `column` the field's key.
    """

    row: str
    customer: str
    column: str

    @property
    def aad(self) -> str:
        """Return the string that is bound to the value."""
        return f"{self.row}|{self.customer}|{self.column}"


def new_key() -> bytes:
    """Return a fresh random key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, aad: str | bytes) -> bytes:
    """Return nonce and ciphertext (AES-256-GCM) of `plaintext`, bound to `aad`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, _octets(aad))


def unseal(key: bytes, sealed: bytes, aad: str | bytes) -> bytes:
    """Return what `seal` was given; raises `Corrupt` if anything differs."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise Corrupt("a sealed value is too short")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _octets(aad))
    except InvalidTag as error:
        raise Corrupt("a sealed value does not open") from error


def field_key(customer_key: bytes, module: str) -> bytes:
    """Return the key of one customer's values in one module."""
    info = f"guidang.field.v1|{module}".encode()
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(customer_key)


def seal_value(key: bytes, value: str, place: Place) -> bytes:
    """Seal a field value, title, file name or note under its field key."""
    return seal(key, value.encode(), place.aad)


def unseal_value(key: bytes, sealed: bytes, place: Place) -> str:
    """Return the value that `seal_value` was given for the same place."""
    return unseal(key, sealed, place.aad).decode()


def seal_secret(version_key: bytes, secret: str, *, version: str) -> bytes:
    """Seal what opens a version's file, for the job that reads it."""
    return seal(version_key, secret.encode(), f"guidang.secret.v1|{version}")


def unseal_secret(version_key: bytes, sealed: bytes, *, version: str) -> str:
    """Return the secret that `seal_secret` was given."""
    return unseal(version_key, sealed, f"guidang.secret.v1|{version}").decode()


def seal_text(version_key: bytes, text: str, *, text_id: str, part: int) -> bytes:
    """Compress and seal part `part` of an extracted text under its version's key."""
    return seal(version_key, zlib_ng.compress(text.encode(), 6), _text_aad(text_id, part))


def unseal_text(version_key: bytes, sealed: bytes, *, text_id: str, part: int) -> str:
    """Return the text part that `seal_text` was given."""
    packed = unseal(version_key, sealed, _text_aad(text_id, part))
    return _unpacked(packed, _TEXT_PART_LIMIT)


def seal_layout(version_key: bytes, layout: str, *, text_id: str, no: int) -> bytes:
    """Compress and seal where the lines of page `no` stand, under its version's key."""
    return seal(version_key, zlib_ng.compress(layout.encode(), 6), _layout_aad(text_id, no))


def unseal_layout(version_key: bytes, sealed: bytes, *, text_id: str, no: int) -> str:
    """Return what `seal_layout` was given."""
    return _unpacked(unseal(version_key, sealed, _layout_aad(text_id, no)), _LAYOUT_LIMIT)


def blind_token(key: bytes, kind: str, value: str) -> str:
    """Return the token under which the index knows a personal number.

    `value` must be in its normal form already: equal values, and only those, give equal tokens.
    """
    digest = hmac.digest(key, value.encode(), "sha256")
    return f"{kind}:{digest[:TOKEN_BYTES].hex()}"


def content_token(key: bytes, sha256: bytes) -> str:
    """Return the token by which two equal files are recognised, from the file's SHA-256."""
    return hmac.digest(key, sha256, "sha256").hex()


def new_salt() -> bytes:
    """Return a fresh salt for a commitment."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(salt: bytes, detail: bytes) -> bytes:
    """Return the digest by which a log entry stands for its detail after that is erased."""
    if len(salt) != SALT_BYTES:
        raise ValueError("the salt of a commitment has 32 bytes")
    return hashlib.sha256(b"guidang.detail.v1" + salt + detail).digest()


def _unpacked(packed: bytes, limit: int) -> str:
    unpacking = zlib_ng.decompressobj()
    text = unpacking.decompress(packed, limit)
    if not unpacking.eof:
        raise Corrupt("a sealed text does not unpack")
    return text.decode()


def _layout_aad(text_id: str, no: int) -> str:
    return f"guidang.layout.v1|{text_id}|{no}"


def _text_aad(text_id: str, part: int) -> str:
    return f"guidang.text.v1|{text_id}|{part}"


def _octets(aad: str | bytes) -> bytes:
    return aad.encode() if isinstance(aad, str) else aad
