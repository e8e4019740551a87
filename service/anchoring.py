"""What the anchor's commands do: start it, give it a new key, let it go on after a restore."""

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from service.anchor import Anchor, forget
from service.anchors import open_places
from service.anchors.holding import Holding
from service.audit import checkpoints, rekeying
from service.audit.notes import key_name, origin_of, rekey_name
from service.db import Database
from service.errors import Conflict
from service.models import AuditEvent, Instance
from service.permissions import Action
from service.rows import add_new
from service.settings import Settings


@contextmanager
def opened(settings: Settings) -> Iterator[Anchor]:
    """Give the anchor that the settings describe; raises `SettingsError` beside another one."""
    holding, db = Holding(settings.anchor_path), _database(settings)
    try:
        with holding.alone():
            yield Anchor(db, holding, open_places(settings), ZoneInfo(settings.timezone))
    finally:
        db.close()


def rekey(settings: Settings) -> str:
    """Let the old key sign a new one, and sign with that from now on; return its name.

    Raises `Conflict` before the first note, and `SettingsError`.
    """
    holding, db = Holding(settings.anchor_path), _database(settings)
    try:
        with holding.alone():
            state = holding.state()
            if not state.note:
                raise Conflict("The anchor has signed nothing yet.")
            old, new = holding.read_key(), Ed25519PrivateKey.generate()
            origin = checkpoints.parse(state.note).checkpoint.origin
            change = rekeying.change(origin, old, new.public_key())
            public = checkpoints.pem(new.public_key())
            with db.write() as session:
                facts = {rekey_name(change.new): change.line(), key_name(change.new): public}
                rows = [{"name": name, "value": value} for name, value in facts.items()]
                add_new(session, Instance, rows)
            state.changes.append(change.line())
            holding.keep(state)
            holding.replace_key(new)
            return rekeying.fingerprint(change.new)
    finally:
        db.close()


def resume(settings: Settings) -> None:
    """Forget the last note when the log says that what it covers was lost by a restore.

    Raises `Conflict` when it does not say so.
    """
    holding, db = Holding(settings.anchor_path), _database(settings)
    try:
        with holding.alone(), db.read() as session:
            state = holding.state()
            if not state.note:
                raise Conflict("The anchor has signed nothing yet.")
            last = checkpoints.parse(state.note).checkpoint
            said = select(AuditEvent.seq).where(
                AuditEvent.action == str(Action.AUDIT_RESUME),
                AuditEvent.object == last.root.hex()[:32],
                AuditEvent.decision == "allow",
            )
            if last.origin != origin_of(session) or session.scalar(said.limit(1)) is None:
                raise Conflict("The log does not say that it goes on after this note.")
            holding.keep(forget(state, state.note))
    finally:
        db.close()


def _database(settings: Settings) -> Database:
    return Database(settings.anchor_database or settings.database_url, pool=2)
