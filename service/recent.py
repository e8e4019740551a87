"""A person's own recent searches: sealed, private, theirs to clear. The log keeps its own."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Table, bindparam, delete, insert, or_, select

from service.archive import Call
from service.crypto import Corrupt, blind_token, seal, unseal
from service.ids import new_id
from service.models import RecentSearch as Row

_KEPT = 20
_SHOWN = 4
_LONGEST = 200


_ROW = cast("Table", Row.__table__)
_MINE = _ROW.c.person == bindparam("whose")
_INSERT = insert(_ROW)
_NEWEST = select(_ROW.c.id).where(_MINE).order_by(_ROW.c.at.desc()).limit(_KEPT - 1)
_MAKE_ROOM = delete(_ROW).where(
    _MINE, or_(_ROW.c.token == bindparam("same"), _ROW.c.id.not_in(_NEWEST))
)


@dataclass(frozen=True, slots=True)
class RecentSearch:
    """One earlier search."""

    q: str
    at: datetime


def remember(call: Call, q: str) -> None:
    """Keep a search with this call's outcome; the same words move to the front."""
    person = call.actor.id
    if person is None or len(q) > _LONGEST:
        return
    q = q.encode("utf-8", "replace").decode()
    key = call.ring.blind("recent")
    token = blind_token(key, "recent", f"{person}|{q}")
    row_id = new_id()
    sealed = seal(key, q.encode(), f"guidang.recent.v1|{row_id}")

    call.keep(_MAKE_ROOM, whose=person, same=token)
    call.keep(_INSERT, id=row_id, person=person, token=token, query_ct=sealed, at=datetime.now(UTC))


def latest(call: Call) -> tuple[RecentSearch, ...]:
    """Return the person's latest searches."""
    rows = call.db.scalars(
        select(Row).where(Row.person == call.actor.id).order_by(Row.at.desc()).limit(_SHOWN)
    ).all()
    key = call.ring.blind("recent")
    found = []
    for row in rows:
        try:
            q = unseal(key, row.query_ct, f"guidang.recent.v1|{row.id}").decode()
        except Corrupt:
            continue
        found.append(RecentSearch(q, row.at))
    return tuple(found)


def clear(call: Call) -> None:
    """Forget the person's recent searches; the log stays."""
    call.require()
    call.db.execute(delete(Row).where(Row.person == call.actor.id))
