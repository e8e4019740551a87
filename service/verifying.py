"""What verifying has to go by: the database, and what was signed of it, wherever it is kept."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.anchors.holding import PUBLIC, Holding
from service.audit import checkpoints, notes, rekeying
from service.audit.evidence import Evidence
from service.audit.rekeying import KeyChange
from service.audit.second import Second
from service.audit.verdicts import Report
from service.audit.verify import begun as begin
from service.audit.verify import verify as verify_log
from service.audit.walking import Walk
from service.db import Database
from service.errors import Invalid, Unavailable
from service.keystore import Keystore, read_root_key
from service.models import AuditHead
from service.restored import witness
from service.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever verifies brings along."""

    anchors: Path | None = None
    public: tuple[Path, ...] = ()
    longest: timedelta | None = None
    start: int = 1
    #: a second process takes a share of so many entries and more
    shared: int = 100_000


@dataclass(frozen=True, slots=True)
class Verified:
    """The verdict, and whether the keys came from outside the database."""

    report: Report
    pinned: bool


def verify(
    settings: Settings, asked: Asked, begun: Callable[[Walk], None] = lambda _: None
) -> Verified:
    """Verify the log; details are opened where their keys still exist.

    `begun` is given the walk before it begins: its `seq` says how far it is. Raises `Unavailable`,
    `Invalid` for a key file that is none, `SettingsError`, `KeystoreRefused`.
    """
    if absent(settings.database_url):
        raise Unavailable("database")
    db = Database(settings.database_url)
    second = _second(db, asked)
    keystore = _keystore(settings)
    try:
        with db.read() as session:
            if second:
                second.join(db, session)
            evidence = gathered(session, settings, asked)
            key = keystore.detail_key if keystore else None
            walk = begin(session, evidence)
            begun(walk)
            report = verify_log(
                session, key, evidence=evidence, start=asked.start, walk=walk, second=second
            )
    finally:
        db.close()
        if second:
            second.close()
        if keystore:
            keystore.close()
    return Verified(report, bool(evidence.trusted))


def _second(db: Database, asked: Asked) -> Second | None:
    """Start a second process where it has time to begin, and a processor to itself."""
    with db.read() as session:
        last = session.scalar(select(AuditHead.seq))
    long = type(last) is int and last - asked.start >= asked.shared
    return Second(db.url) if long and len(os.sched_getaffinity(0)) > 1 else None


def gathered(db: Session, settings: Settings, asked: Asked) -> Evidence:
    """Collect notes and keys: of the database, of the anchor's folder, of those brought along."""
    origin = notes.origin_of(db)
    kept = _own(settings)
    brought = _brought(asked.anchors)
    changes = [*notes.changes(db, origin), *_changes(asked.anchors, origin)]
    public = [_public(path) for path in (*asked.public, *_keys(asked.anchors))]
    return Evidence(
        notes=tuple(dict.fromkeys((*notes.notes(db), *kept.notes, *brought))),
        trusted=(*public, *kept.keys) if not asked.public else tuple(public),
        stated=notes.keys(db),
        changes=tuple(dict.fromkeys(changes)),
        origin=origin,
        longest=asked.longest,
        orphans=True,
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    notes: tuple[str, ...] = ()
    keys: tuple[Ed25519PublicKey, ...] = ()


def _own(settings: Settings) -> _Kept:
    """Return what the anchor holds where it runs on this host and its folder can be read."""
    seen = tuple(filter(None, [witness(settings.data)]))
    path = settings.anchor_path / PUBLIC
    try:
        public = checkpoints.read_pem(path.read_text(encoding="ascii"))
        state = Holding(settings.anchor_path).state()
    except (OSError, ValueError, SettingsError):
        return _Kept(seen)
    older = [rekeying.read("", line).old for line in state.changes]
    keys = (public, *map(Ed25519PublicKey.from_public_bytes, older))
    return _Kept((*seen, state.note) if state.note else seen, keys)


def _brought(folder: Path | None) -> Iterable[str]:
    paths = sorted(folder.rglob("*.note")) if folder else []
    return [path.read_text(encoding="utf-8", errors="replace") for path in paths]


def _keys(folder: Path | None) -> Iterable[Path]:
    return sorted(folder.rglob("pub-*.pem")) if folder else []


def _changes(folder: Path | None, origin: str) -> Iterable[KeyChange]:
    for path in sorted(folder.rglob("rekey-*.txt")) if folder else []:
        try:
            yield rekeying.read(origin, path.read_text(encoding="ascii").strip())
        except ValueError as error:
            message = f"{path.name} is not a change of keys"
            raise Invalid(message) from error


def _public(path: Path) -> Ed25519PublicKey:
    try:
        return checkpoints.read_pem(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        message = f"{path.name} is not a public key of Ed25519"
        raise Invalid(message) from error


def absent(url: str) -> bool:
    """Say whether an SQLite file is missing: opening it would make an empty one."""
    return url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists()


def _keystore(settings: Settings) -> Keystore | None:
    """Open the keystore if it and its root key are here; the log verifies without them too."""
    if not settings.root_key_path.exists() or absent(settings.keystore_url):
        return None
    return Keystore.open(settings.keystore_url, read_root_key(settings.root_key_path))
