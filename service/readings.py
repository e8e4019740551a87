"""A reading: somebody has a version open. Further pieces of it refer to the first entry."""

from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, delete, insert, select

from service.archive import Archive, Call
from service.ids import new_id
from service.models import Reading
from service.permissions import Actor

_ROW = cast("Table", Reading.__table__)
_FORGET = delete(_ROW).where(_ROW.c.opened < bindparam("before"))
_INSERT = insert(_ROW)


def begin(call: Call, version_id: str) -> None:
    """Start a reading of a version with this call's outcome."""
    now = datetime.now(UTC)
    row = {"id": new_id(), "person": call.actor.person, "version": version_id, "opened": now}
    call.keep(_FORGET, before=now - timedelta(days=1))
    call.keep(_INSERT, seq=call.event, **row)


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
