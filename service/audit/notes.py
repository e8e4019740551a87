"""Notes and keys as the database holds them: found there by everybody, trusted by nobody."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from service.audit import checkpoints, rekeying
from service.audit.rekeying import KeyChange, fingerprint
from service.models import AuditCheckpoint, Instance
from service.models.columns import instant_text
from service.rows import add_new

#: How facts about keys are called among those of the archive.
_KEY, _CHANGE = "anchor", "rekey"


def key_name(public: bytes) -> str:
    """Return the name under which a public key is kept."""
    return f"{_KEY}:{fingerprint(public)}"


def rekey_name(public: bytes) -> str:
    """Return the name under which the signature for a newer key is kept."""
    return f"{_CHANGE}:{fingerprint(public)}"


def insert(db: Session, size: int, note: str, now: datetime) -> None:
    """Keep a note; one of the same size stays."""
    row = {"tree_size": size, "note": note, "created": instant_text(now)}
    add_new(db, AuditCheckpoint, [row])


def notes(db: Session) -> tuple[str, ...]:
    """Return every note, oldest first."""
    return tuple(db.scalars(select(AuditCheckpoint.note).order_by(AuditCheckpoint.tree_size)))


def newest(db: Session) -> str:
    """Return the newest note; empty when there is none."""
    last = select(AuditCheckpoint.note).order_by(AuditCheckpoint.tree_size.desc()).limit(1)
    return db.scalar(last) or ""


def keys(db: Session) -> tuple[Ed25519PublicKey, ...]:
    """Return the public keys that the database names."""
    found = []
    for text in db.scalars(_facts(_KEY)):
        try:
            found.append(checkpoints.read_pem(text))
        except ValueError:
            continue
    return tuple(found)


def changes(db: Session, origin: str) -> tuple[KeyChange, ...]:
    """Return what older keys signed for newer ones."""
    found = []
    for line in db.scalars(_facts(_CHANGE)):
        try:
            found.append(rekeying.read(origin, line))
        except ValueError:
            continue
    return tuple(found)


def origin_of(db: Session) -> str:
    """Return the first line of this archive's notes; empty before it was set up."""
    row = db.get(Instance, "keystore")
    return checkpoints.origin(row.value) if row else ""


def _facts(kind: str) -> Select[tuple[str]]:
    of_kind = Instance.name.startswith(f"{kind}:")
    return select(Instance.value).where(of_kind).order_by(Instance.name)
