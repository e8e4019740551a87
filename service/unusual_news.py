"""What stands out and somebody has not looked at yet, counted for the entry in their menu.

To find out what stands out takes long: a worker does it every few minutes, and a menu compares two
short lists of digests.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, bindparam, delete, insert
from sqlalchemy.orm import Session

from service import probing, unusual
from service.archive import Archive, Call
from service.models import UnusualKnown
from service.unusual import Finding

_ROW = cast("Table", UnusualKnown.__table__)
_FORGET = delete(_ROW).where(_ROW.c.person == bindparam("who"))
_INSERT = insert(_ROW)


def measured(archive: Archive) -> Mapping[str, list[str]]:
    """Return what stands out now, as a worker keeps it: by digests, which name nobody."""
    zone = ZoneInfo(archive.settings.timezone)
    with archive.db.read() as db:
        limits = archive.policies.current(db).limits.unusual
        found = unusual.standing_out(db, limits, zone, datetime.now(UTC))
    return {"findings": _digests(found)}


def look(call: Call) -> unusual.Found:
    """Return what stands out; from then on the person who calls knows of it."""
    found = unusual.look(call)
    call.keep(_FORGET, who=call.actor.person)
    known = json.dumps(_digests(found.items))
    call.keep(_INSERT, person=call.actor.person, findings=known)
    return found


def count(db: Session, person: str) -> int:
    """Return how much stood out at the last measurement that a person has not looked at."""
    last = probing.reading(db, probing.UNUSUAL)
    if last is None or not last.body["findings"]:
        return 0
    row = db.get(UnusualKnown, person)
    known = json.loads(row.findings) if row else []
    return len({*last.body["findings"]} - {*known})


def _digests(found: Iterable[Finding]) -> list[str]:
    return sorted(one.digest for one in found)
