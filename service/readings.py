"""A reading: somebody has a version open. Further pieces of it refer to the first entry."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.archive import Archive, Call
from service.ids import new_id
from service.models import Reading
from service.permissions import Actor


def begin(call: Call, version_id: str) -> None:
    """Start a reading of a version with this call's outcome."""
    person = call.actor.person

    def put(db: Session, seq: int) -> None:
        now = datetime.now(UTC)
        db.execute(delete(Reading).where(Reading.opened < now - timedelta(days=1)))
        db.add(Reading(id=new_id(), person=person, version=version_id, seq=seq, opened=now))
        db.flush()

    call.at_outcome(put)


def current(archive: Archive, actor: Actor, version_id: str) -> int | None:
    """Return the entry under which this person opened this version lately, if any."""
    with archive.db.read() as db:
        minutes = archive.policies.current(db).limits.reading.minutes
        oldest = datetime.now(UTC) - timedelta(minutes=minutes)
        return db.scalars(
            select(Reading.seq)
            .where(
                Reading.person == actor.person,
                Reading.version == version_id,
                Reading.opened > oldest,
            )
            .order_by(Reading.opened.desc())
            .limit(1)
        ).first()
