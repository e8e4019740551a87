"""What is too long to measure for a page: measured by a worker, kept with the time it was taken."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.models import Probe
from service.rows import claim

log = structlog.get_logger()

#: Names of what workers measure.
INDEX, STORAGE, KEYSTORE, UNUSUAL = "index", "storage", "keystore", "unusual"

#: The last check of the log, that one is asked for, and how far a running one is.
LOG, LOG_ASKED, LOG_GOING = "log", "log_asked", "log_going"

#: What each of them has, unless the index cannot be used.
_MEMBERS: Mapping[str, frozenset[str]] = {
    INDEX: frozenset(
        "drift generation analyzer documents indexed missing surplus outdated waiting categories "
        "ids".split()
    ),
    STORAGE: frozenset(("objects", "bytes", "database")),
    KEYSTORE: frozenset(("keys", "destructions", "newest", "mirror")),
    UNUSUAL: frozenset(("findings",)),
    LOG: frozenset(("code", "first_bad", "entries")),
    LOG_GOING: frozenset(("done", "of")),
}

#: How old signs of life are when nobody asks for them any more.
_FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement: its name, when it was taken, and its counts, codes and ids."""

    name: str
    taken: datetime
    body: Mapping[str, Any]

    def age(self, now: datetime) -> float:
        """Return its age in seconds; that of the future (a clock was set back) is 0."""
        return max(0.0, (now - self.taken).total_seconds())


def put(db: Session, name: str, body: Mapping[str, Any]) -> None:
    """Keep a measurement in the place of the last one of that name."""
    now, text = datetime.now(UTC), json.dumps(body, sort_keys=True)
    row = claim(db, Probe, name, {"name": name, "taken": now, "body": text})
    row.taken, row.body = now, text


def forget(db: Session, name: str) -> None:
    """Take a measurement away."""
    db.execute(delete(Probe).where(Probe.name == name))


def alive(db: Session, part: str, holder: str, body: Mapping[str, Any]) -> None:
    """Keep that a process lives; processes that have not been seen for a day are forgotten."""
    put(db, f"{part}:{holder}", body)
    db.execute(delete(Probe).where(Probe.name.contains(":"), Probe.taken < _yesterday()))


def _yesterday() -> datetime:
    return datetime.now(UTC) - _FORGOTTEN


def readings(db: Session) -> Mapping[str, Reading]:
    """Return every measurement by its name; those of processes are `part:holder`.

    What cannot be read, or has not what is shown of it, is as if it had not been taken.
    """
    rows = db.execute(select(Probe.name, Probe.taken, Probe.body).order_by(Probe.name)).tuples()
    found = {}
    for name, taken, text in rows:
        body = _body(name, text)
        if body is None:
            log.error("measurement_unreadable", what=name.partition(":")[0])
        else:
            found[name] = Reading(name, taken, body)
    return found


def reading(db: Session, name: str) -> Reading | None:
    """Return one measurement; None where there is none that can be read."""
    row = db.get(Probe, name)
    body = _body(name, row.body) if row else None
    return Reading(name, row.taken, body) if row and body is not None else None


def _body(name: str, text: str) -> Mapping[str, Any] | None:
    try:
        body = json.loads(text)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    return body if body.get("unusable") or body.keys() >= _MEMBERS.get(name, frozenset()) else None


def seen(found: Mapping[str, Reading], part: str, *, since: datetime) -> list[Reading]:
    """Return the signs of life of all processes of a part that showed one since then."""
    named = (one for name, one in found.items() if name.startswith(f"{part}:"))
    return [one for one in named if one.taken >= since]


def last_seen(found: Mapping[str, Reading], part: str) -> Reading | None:
    """Return the newest sign of life of a part, of whichever of its processes."""
    seen = [one for name, one in found.items() if name.startswith(f"{part}:")]
    return max(seen, key=lambda one: one.taken, default=None)
