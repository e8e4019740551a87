"""Checkpoints: the log's size and root in three lines, signed by a key that is not the archive's.

A note is a signed note of C2SP: the text, an empty line, and a line for each
signature. `openssl pkeyutl -verify -rawin` checks it without this program.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

#: What a signature by Ed25519 is called in the id of its key.
_ED25519 = b"\x01"

_ORIGIN = re.compile(r"guidang/[a-z2-7]{26}/audit\Z")
_SIZE = re.compile(r"(0|[1-9][0-9]{0,15})\Z")
_SIGNATURE = re.compile(r"— ([!-*,-~]+) ([A-Za-z0-9+/]+={0,2})\Z")

#: Bytes of a root, of the id of a key, of a signature.
_ROOT, _ID, _SIGNED = 32, 4, 64

#: A note is longer than this only if somebody made it so.
_LONGEST = 16_384


class NoteError(ValueError):
    """These are not the lines of a note."""


class SignatureError(Exception):
    """A note that none of the known keys has signed."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How long the log was, and its root then; `origin` says whose log."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature under a note: by whom, by which of their keys."""

    name: str
    key_id: bytes
    signed: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint and the signatures under it; nothing is said of their truth yet."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]


def origin(instance: str) -> str:
    """Return the first line of the notes of an archive."""
    return f"guidang/{instance}/audit"


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the signed note."""
    return f"{checkpoint.text}\n{signature_line(checkpoint.origin, checkpoint.text, key)}"


def signature_line(name: str, text: str, key: Ed25519PrivateKey) -> str:
    """Return the line that says that the key of `name` signed `text`."""
    stated = key_id(name, key.public_key()) + key.sign(text.encode())
    return f"— {name} {base64.b64encode(stated).decode()}\n"


def parse(note: str) -> Note:
    """Read a note, of one form only; raises `NoteError`."""
    text, gap, rest = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or not rest.endswith("\n") or len(note) > _LONGEST:
        raise NoteError("no text with signatures")
    if len(lines) != 3:  # noqa: PLR2004 - origin, size, root
        raise NoteError("not three lines")
    if not _ORIGIN.match(lines[0]):
        raise NoteError("not the name of a log")
    if not _SIZE.match(lines[1]):
        raise NoteError("not a size")
    checkpoint = Checkpoint(lines[0], int(lines[1]), _decoded(lines[2], _ROOT))
    return Note(checkpoint, tuple(_signature(line) for line in rest[:-1].split("\n")))


def verify(note: str, keys: Iterable[Ed25519PublicKey]) -> Checkpoint:
    """Return what one of the keys has signed; raises `NoteError`, `SignatureError`."""
    read = parse(note)
    checkpoint = read.checkpoint
    known = {key_id(checkpoint.origin, key): key for key in keys}
    for signature in read.signatures:
        key = known.get(signature.key_id)
        if key is None or signature.name != checkpoint.origin:
            continue  # a witness, perhaps: whoever knows their key asks about it
        try:
            key.verify(signature.signed, checkpoint.text.encode())
        except InvalidSignature as error:
            raise SignatureError("a signature that does not fit the text") from error
        return checkpoint
    raise SignatureError("signed by nobody who is known here")


def key_id(name: str, key: Ed25519PublicKey) -> bytes:
    """Return the four bytes by which a signature names its key."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + raw(key)).digest()[:_ID]


def raw(key: Ed25519PublicKey) -> bytes:
    """Return the 32 bytes of a public key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def pem(key: Ed25519PublicKey) -> str:
    """Return a public key as the file that openssl reads."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_pem(text: str) -> Ed25519PublicKey:
    """Return the public key of a file; raises `ValueError` for anything else."""
    key = load_pem_public_key(text.encode())
    if not isinstance(key, Ed25519PublicKey):
        message = "not a public key of Ed25519"
        raise ValueError(message)  # noqa: TRY004 - a file of the wrong content
    return key


def _signature(line: str) -> Signature:
    found = _SIGNATURE.match(line)
    if found is None:
        raise NoteError("not a signature")
    stated = _decoded(found[2], _ID + _SIGNED)
    return Signature(found[1], stated[:_ID], stated[_ID:])


def _decoded(text: str, length: int) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise NoteError("not base64") from error
    if len(data) != length or base64.b64encode(data).decode() != text:
        raise NoteError("base64 of another length or form")
    return data
