"""Going on after an older copy was restored: the log itself says what is missing from it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from service import restored
from service.anchors.holding import Holding
from service.archive import Archive
from service.audit import checkpoints, notes
from service.audit.checkpoints import Checkpoint, NoteError
from service.audit.entries import Subject
from service.errors import Conflict, Invalid
from service.permissions import Action, service_actor
from service.settings import SettingsError


@dataclass(frozen=True, slots=True)
class Gap:
    """What was lost: from and to which number; the entry that says so."""

    start: int
    stop: int
    event: int | None


def resume(archive: Archive, reason: str, note: str = "") -> Gap:
    """Write into the log that it goes on from an older copy; return what was lost.

    `note` is a signed note from outside that the database is older than, where none is known
    here. Raises `Conflict` when nothing is missing, and `Invalid` for what is no note.
    """
    with archive.db.read() as db:
        lost = _lost(db, archive, note)
        start = _first_lost(db)
    subject = Subject("checkpoint", lost.root.hex()[:32])
    detail = {"reason": reason, "size": lost.size, "root": lost.root.hex()}
    cli = service_actor("cli")
    with archive.call(cli, Action.AUDIT_RESUME, subject, detail=detail, writes=True) as call:
        call.require()
        call.say(part={"from": start, "to": max(lost.size, start)})
    restored.forget(archive.settings.data)
    return Gap(start, lost.size, call.event)


def _lost(db: Session, archive: Archive, note: str) -> Checkpoint:
    try:
        given = checkpoints.parse(note).checkpoint if note else None
    except NoteError as error:
        raise Invalid("This is no signed note of a log.") from error
    if given and given.origin != notes.origin_of(db):
        raise Invalid("This note is of another archive.")
    if given and not restored.fits(db, given):
        return given
    lost = restored.missing(db, archive.settings)
    if lost is None:
        raise Conflict("Nothing is missing: the log fits every signed note that is known here.")
    return lost


def _first_lost(db: Session) -> int:
    """Return the first number that no note of this copy vouches for."""
    sizes = [0]
    for text in notes.notes(db):
        try:
            checkpoint = checkpoints.parse(text).checkpoint
        except NoteError:
            continue
        if restored.fits(db, checkpoint):
            sizes.append(checkpoint.size)
    return max(sizes) + 1


def anchor_is_here(archive: Archive) -> bool:
    """Say whether the anchor that signed runs from this host's folder."""
    try:
        return bool(Holding(archive.settings.anchor_path).state().note)
    except SettingsError:
        return False
