"""Whether the database is the one that was here before: an older copy is not gone on with.

Every process that stays keeps, beside the database, the newest signed note it has seen; where
the anchor's folder can be read, its last note counts too. At a start the log must still be at
least as long as they say, and have the same root there.
"""

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.anchors.holding import Holding
from service.audit import checkpoints, notes
from service.audit.checkpoints import Checkpoint, NoteError
from service.audit.roots import root_of
from service.models import AuditCheckpoint, AuditHead
from service.settings import Settings, SettingsError

#: The file with the newest note that was seen on this host.
WITNESS = "newest.note"


def witness(data: Path) -> str:
    """Return the newest note that was seen here; empty when there is none."""
    try:
        return (data / WITNESS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def remember(db: Session, data: Path) -> None:
    """Keep the newest note beside the database, where it is longer than the one there."""
    note = notes.newest(db)
    if not note or _size(note) <= _size(witness(data)):
        return
    draft = data / f".{WITNESS}.{os.getpid()}"
    draft.write_text(note, encoding="utf-8")
    draft.replace(data / WITNESS)


def forget(data: Path) -> None:
    """Keep it no longer: the log says that it goes on from an older copy."""
    (data / WITNESS).unlink(missing_ok=True)


def missing(db: Session, settings: Settings) -> Checkpoint | None:
    """Return the newest known note that the database is older than, or does not fit."""
    origin = notes.origin_of(db)
    for checkpoint in sorted(_known(settings), key=lambda c: -c.size):
        if checkpoint.origin == origin and not fits(db, checkpoint):
            return checkpoint
    return None


def refuse(db: Session, settings: Settings) -> None:
    """Raise `SettingsError` for a database that is older than what was signed of it."""
    lost = missing(db, settings)
    if lost is None:
        return
    length = db.get_one(AuditHead, 1).seq
    message = (
        f"the log ends with entry {length}, but a signed note covers {lost.size}: this database "
        "is an older copy, or was changed. Put the newer one back; if there is none, "
        "`guidang audit resume` says so in the log and goes on"
        if lost.size > length
        else f"the log differs from the signed note of {lost.size} entries: this database is not "
        "the one that was here. Put that one back; if it was lost, `guidang audit resume` says "
        "so in the log and goes on"
    )
    raise SettingsError(message)


def _known(settings: Settings) -> list[Checkpoint]:
    found = [witness(settings.data)]
    with suppress(SettingsError):  # another user's folder: the anchor looks by itself
        found.append(Holding(settings.anchor_path).state().note)
    known = []
    for note in filter(None, found):
        try:
            known.append(checkpoints.parse(note).checkpoint)
        except NoteError:
            continue  # of a disk that was full; the evidence is kept elsewhere
    return known


def fits(db: Session, checkpoint: Checkpoint) -> bool:
    """Say whether the log is what a note says of it."""
    if checkpoint.size > db.get_one(AuditHead, 1).seq:
        return False
    kept = select(AuditCheckpoint.note).where(AuditCheckpoint.tree_size == checkpoint.size)
    note = db.scalar(kept)
    if note and note.startswith(f"{checkpoint.text}\n"):
        return True
    return root_of(db, checkpoint.size) == checkpoint.root


def _size(note: str) -> int:
    try:
        return checkpoints.parse(note).checkpoint.size
    except NoteError:
        return -1
