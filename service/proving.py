"""One entry of the log proven against the newest signed note: a file that needs no database.

It holds hashes alone (RFC 6962, 2.1.1): the leaf, its place, the hashes beside its way up, the
root, and the note that was signed of it. What the entry says is not in it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.audit import checkpoints, merkle, notes, rekeying, stored
from service.audit.checkpoints import NoteError, SignatureError
from service.audit.verdicts import Bad, Code
from service.bundles.proofs import Leaves
from service.errors import Conflict, NotFound
from service.models import AuditBody, AuditHead

FORMAT = "guidang.inclusion.v1"


class UnreadableError(ValueError):
    """A file that is no proof of ours."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that an entry is in the log that a note was signed of; hashes are bytes."""

    seq: int
    leaf: bytes
    size: int
    path: tuple[bytes, ...]
    root: bytes
    note: str
    #: public keys that the archive names, as PEM, and what older ones signed for newer ones
    keys: tuple[str, ...]
    changes: tuple[str, ...]

    def text(self) -> str:
        """Return the proof as a file (JSON)."""
        members = {
            "format": FORMAT,
            "seq": self.seq,
            "leaf": self.leaf.hex(),
            "index": self.seq - 1,
            "size": self.size,
            "path": [node.hex() for node in self.path],
            "root": self.root.hex(),
            "note": self.note,
            "keys": list(self.keys),
            "changes": list(self.changes),
        }
        return json.dumps(members, indent=1, ensure_ascii=False) + "\n"


def prove(db: Session, seq: int) -> Proof:
    """Return the proof of one entry against the newest note that is signed.

    The leaf is computed from the body while that is there. Raises `NotFound` for a number that no
    entry has, `Conflict` for one that no note covers yet, and `Bad` where log and note differ.
    """
    last = db.scalar(select(AuditHead.seq)) or 0
    if not 1 <= seq <= last:
        raise NotFound("There is no entry of this number.")
    note = notes.newest(db)
    if not note:
        raise Conflict("Nothing of the log is signed yet: start the anchor (guidang anchor run).")
    origin = notes.origin_of(db)
    changes = notes.changes(db, origin)
    signed = _signed(note, rekeying.followed(notes.keys(db), changes))
    if signed.origin != origin:
        raise Bad(Code.SIGNATURE, signed.size, "a note of another archive")
    if signed.size > last:
        raise Bad(Code.SHORTER, last + 1, f"the log was {signed.size} entries long already")
    if seq > signed.size:
        raise Conflict(
            "The newest signed note covers entries up to %(last)s: wait for the next one.",
            last=signed.size,
        )
    gathered = bytearray()
    for _, leaf, _ in stored.leaves(db, last=signed.size):
        gathered += leaf
    tree = Leaves(gathered)
    if len(tree) != signed.size:
        raise Bad(Code.GAP, None, "an entry is missing before the note")
    body = db.scalar(select(AuditBody.body).where(AuditBody.seq == seq))
    leaf = merkle.leaf_hash(bytes(body)) if body is not None else tree[seq - 1]
    path = tuple(merkle.inclusion_proof(tree, seq - 1))
    if leaf != tree[seq - 1]:
        raise Bad(Code.BODY, seq, "the body is not the one whose hash is in the tree")
    if not merkle.includes(leaf, seq - 1, signed.size, path, signed.root):
        raise Bad(Code.REWRITTEN, None, f"the root at {signed.size} is not the one signed")
    keys = tuple(checkpoints.pem(key) for key in notes.keys(db))
    lines = tuple(each.line() for each in changes)
    return Proof(seq, leaf, signed.size, path, signed.root, note, keys, lines)


def read(text: str) -> Proof:
    """Read a proof from its file; raises `UnreadableError`."""
    try:
        told: Any = json.loads(text)
        proof = Proof(
            seq=_whole(told["seq"]),
            leaf=bytes.fromhex(told["leaf"]),
            size=_whole(told["size"]),
            path=tuple(bytes.fromhex(node) for node in told["path"]),
            root=bytes.fromhex(told["root"]),
            note=str(told["note"]),
            keys=tuple(map(str, told["keys"])),
            changes=tuple(map(str, told["changes"])),
        )
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise UnreadableError("This is no proof of an entry.") from error
    if told.get("format") != FORMAT or told.get("index") != proof.seq - 1:
        raise UnreadableError("This is no proof of an entry.")
    return proof


def _whole(value: object) -> int:
    if type(value) is not int:
        message = "not a whole number"
        raise TypeError(message)
    return value


def check(proof: Proof, trusted: Sequence[Ed25519PublicKey] = (), body: str | None = None) -> None:
    """Check a proof by itself; raises `Bad` with what does not hold.

    `trusted` are keys from elsewhere; without any, those in the file have to do. `body` is what
    the entry is said to be.
    """
    if body is not None and merkle.leaf_hash(body.encode()) != proof.leaf:
        raise Bad(Code.BODY, proof.seq, "this body is not the one that was proven")
    try:
        origin = checkpoints.parse(proof.note).checkpoint.origin
        changes = [rekeying.read(origin, line) for line in proof.changes]
        keys = trusted or [checkpoints.read_pem(text) for text in proof.keys]
    except ValueError as error:
        raise Bad(Code.SIGNATURE, None, f"a note or key that cannot be read: {error}") from error
    signed = _signed(proof.note, rekeying.followed(keys, changes))
    if (signed.size, signed.root) != (proof.size, proof.root):
        raise Bad(Code.REWRITTEN, None, "size or root are not those of the note")
    if not merkle.includes(proof.leaf, proof.seq - 1, proof.size, proof.path, proof.root):
        raise Bad(Code.REWRITTEN, proof.seq, "the hashes do not lead to the root that was signed")


def _signed(note: str, keys: Sequence[Ed25519PublicKey]) -> checkpoints.Checkpoint:
    try:
        return checkpoints.verify(note, keys)
    except NoteError as error:
        raise Bad(Code.SIGNATURE, None, f"a note that cannot be read: {error}") from error
    except SignatureError as error:
        raise Bad(Code.SIGNATURE, None, f"the note is {error}") from error
