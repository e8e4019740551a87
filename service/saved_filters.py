"""Questions to the log that a person keeps under a name: sealed, private, theirs to take away."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, select

from service.archive import Call
from service.crypto import Corrupt, seal, unseal
from service.errors import Conflict, Invalid, NotFound
from service.ids import new_id
from service.models import SavedFilter as Row
from service.rows import in_turn

_MOST = 20
_LONGEST_NAME = 40
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """One kept question: the conditions are those of an address."""

    id: str
    name: str
    conditions: Mapping[str, str]


def save(call: Call, name: str, conditions: Mapping[str, str]) -> None:
    """Keep the conditions under a name; raises `Invalid`, or `Conflict` for too many."""
    call.require()
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME:
        raise Invalid("Some values cannot be taken as they are.", fields={"name": "length"})
    if not name.isprintable():
        raise Invalid("Some values cannot be taken as they are.", fields={"name": "format"})
    if not conditions:
        raise Invalid("There is no condition to keep.", fields={"name": "required"})
    text = json.dumps({"name": name, "conditions": dict(conditions)}, ensure_ascii=False)
    if len(text) > _LONGEST:
        raise Invalid("Some values cannot be taken as they are.", fields={"name": "too_long"})
    key = call.ring.blind("filter")
    in_turn(call.db, call.actor.person)
    kept = call.db.scalar(
        select(func.count()).select_from(Row).where(Row.person == call.actor.person)
    )
    if (kept or 0) >= _MOST:
        raise Conflict("No more than %(most)s filters are kept: take one away.", most=_MOST)
    if name in {one.name for one in own(call)}:
        raise Invalid("You keep a filter of this name already.", fields={"name": "taken"})
    row_id = new_id()
    sealed = seal(key, text.encode(), _aad(row_id))
    call.db.add(
        Row(id=row_id, person=call.actor.person, filter_ct=sealed, created=datetime.now(UTC))
    )
    call.note(name=name, filters=dict(conditions))


def forget(call: Call, filter_id: str) -> None:
    """Take one away; raises `NotFound` for what is not the person's own."""
    call.require()
    mine = (Row.id == filter_id, Row.person == call.actor.person)
    if call.db.scalars(select(Row.id).where(*mine)).first() is None:
        raise NotFound
    call.db.execute(delete(Row).where(*mine))


def own(call: Call) -> tuple[SavedFilter, ...]:
    """Return the person's kept questions, oldest first."""
    mine = select(Row).where(Row.person == call.actor.person).order_by(Row.created, Row.id)
    rows = call.db.scalars(mine).all()
    key = call.ring.blind("filter") if rows else b""
    found = []
    for row in rows:
        try:
            said = json.loads(unseal(key, row.filter_ct, _aad(row.id)))
        except Corrupt:
            continue
        found.append(SavedFilter(row.id, said["name"], said["conditions"]))
    return tuple(found)


def _aad(row_id: str) -> str:
    return f"guidang.filter.v1|{row_id}"
