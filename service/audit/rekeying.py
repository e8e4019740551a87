"""How one key that signs checkpoints is followed by the next: the old one signs the new one."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from service.audit.checkpoints import raw


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One key signs for the next; public keys as their 32 bytes."""

    origin: str
    old: bytes
    new: bytes
    signature: bytes

    @property
    def text(self) -> str:
        """Return the lines that the old key signs."""
        return _text(self.origin, self.old, self.new)

    def line(self) -> str:
        """Return it as one line, to be kept anywhere."""
        return " ".join(base64.b64encode(x).decode() for x in (self.old, self.new, self.signature))


def change(origin: str, old: Ed25519PrivateKey, new: Ed25519PublicKey) -> KeyChange:
    """Have the old key sign the new one."""
    before, after = raw(old.public_key()), raw(new)
    return KeyChange(origin, before, after, old.sign(_text(origin, before, after).encode()))


def read(origin: str, line: str) -> KeyChange:
    """Read what `KeyChange.line` wrote; raises `ValueError`."""
    old, new, signature = (base64.b64decode(part, validate=True) for part in line.split(" "))
    return KeyChange(origin, old, new, signature)


def fingerprint(public: bytes) -> str:
    """Return the name of a key in the log: half of a digest, 32 hex digits."""
    return hashlib.sha256(public).hexdigest()[:32]


def followed(
    trusted: Iterable[Ed25519PublicKey], changes: Sequence[KeyChange]
) -> tuple[Ed25519PublicKey, ...]:
    """Return the trusted keys and every key that one of them signed for; and so on."""
    known = {raw(key): key for key in trusted}
    for _ in changes:
        for each in changes:
            if each.old in known and each.new not in known and holds(each):
                known[each.new] = Ed25519PublicKey.from_public_bytes(each.new)
    return tuple(known.values())


def unlogged(changes: Iterable[KeyChange], logged: frozenset[str]) -> str | None:
    """Return the name of a new key that no entry of the log names."""
    names = (fingerprint(each.new) for each in changes)
    return next((name for name in names if name not in logged), None)


def _text(origin: str, old: bytes, new: bytes) -> str:
    keys = "\n".join(base64.b64encode(key).decode() for key in (old, new))
    return f"{origin}/key\n{keys}\n"


def holds(each: KeyChange) -> bool:
    """Say whether the old key has signed this."""
    try:
        Ed25519PublicKey.from_public_bytes(each.old).verify(each.signature, each.text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
