"""A change of the key that signs the log, written into the log by the archive itself."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.archive import Archive
from service.audit import notes, rekeying
from service.audit.entries import Subject
from service.audit.rekeying import KeyChange, fingerprint
from service.errors import Conflict
from service.models import AuditEvent, Instance
from service.permissions import Action, service_actor
from service.rows import claim


def record(archive: Archive) -> int:
    """Log the changes that the anchor has left and no entry names yet; return how many."""
    with archive.db.read() as db:
        changes = notes.changes(db, notes.origin_of(db))
        new = [c for c in changes if not _said(db, c) and rekeying.holds(c)]
    return sum(_recorded(archive, change) for change in new)


def _recorded(archive: Archive, change: KeyChange) -> bool:
    name = notes.rekey_name(change.new)
    subject = Subject("anchor_key", fingerprint(change.new))
    detail = {"old": fingerprint(change.old), "change": change.line()}
    anchor = service_actor("anchor")
    try:
        with archive.call(anchor, Action.ANCHOR_REKEY, subject, detail=detail, writes=True) as call:
            call.require()
            claim(call.db, Instance, name, {"name": name, "value": change.line()})
            if _said(call.db, change):
                raise Conflict("Another process wrote this down already.")
    except Conflict:
        return False
    return True


def _said(db: Session, change: KeyChange) -> bool:
    said = select(AuditEvent.seq).where(
        AuditEvent.action == str(Action.ANCHOR_REKEY),
        AuditEvent.object == fingerprint(change.new),
        AuditEvent.decision == "allow",
    )
    return db.scalar(said.limit(1)) is not None
