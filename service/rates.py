"""How many requests one person may send in a minute, by pages and programs, to all processes.

Counting each in the database would double its commits. A process takes a twentieth of the limit
at a time and counts that down by itself: together they never pass the limit, and a person who
comes by several processes may be told of it a twentieth early for each.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from service.audit.entries import Entry, PolicyRef, Result, Subject
from service.codes import Decision, Phase
from service.errors import TooMany, Unavailable
from service.jobs import AHEAD
from service.keystore import Ring
from service.models import RequestCount
from service.permissions import Action, Actor
from service.rows import claim

if TYPE_CHECKING:
    from service.archive import Archive

#: In how many parts the limit is taken.
_BUNDLES = 20

#: How many minutes ahead a counter is believed.
_AHEAD = int(AHEAD.total_seconds() // 60)

_RULE = "rate:requests"


@dataclass(slots=True)
class _Held:
    """What a process may still let through of a person in a minute; else the refusal's entry."""

    minute: int
    left: int = 0
    event: int | None = None


class Rates:
    """What this process holds of everybody's limits."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Hold nothing yet; the clock gives seconds since 1970."""
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}

    def take(self, archive: "Archive", actor: Actor) -> None:
        """Count a request; raises `TooMany` over the limit, which is logged once a minute.

        Raises `Unavailable("log")` when neither can be written.
        """
        now = self._clock()
        minute = int(now // 60)
        while not self._counted(actor.person, minute):
            event = self._known(actor.person, minute) or self._more(archive, actor, minute)
            if event is not None:
                raise _refusal(event, max(1, 60 - int(now % 60)))

    def _counted(self, person: str, minute: int) -> bool:
        with self._lock:
            held = self._of(person, minute)
            if not held.left:
                return False
            held.left -= 1
            return True

    def _known(self, person: str, minute: int) -> int | None:
        with self._lock:
            return self._of(person, minute).event

    def _more(self, archive: "Archive", actor: Actor, minute: int) -> int | None:
        """Take the next part of the limit; return the refusal's entry if there is none left."""
        try:
            with archive.ring() as ring, archive.db.write() as db:
                taken, event = _taken(archive, db, ring, actor, minute)
        except Unavailable as error:
            raise Unavailable("log") from error
        with self._lock:
            held = self._of(actor.person, minute)
            held.left += taken
            held.event = event
        return event

    def _of(self, person: str, minute: int) -> _Held:
        """Return what is held of a person; what was held for an earlier minute is forgotten."""
        held = self._held.get(person)
        if held is None or held.minute != minute:
            held = self._held[person] = _Held(minute)
        return held


def _taken(
    archive: "Archive", db: Session, ring: Ring, actor: Actor, minute: int
) -> tuple[int, int | None]:
    """Return how many more requests there may be, or under which entry they are refused."""
    policy = archive.policies.current(db)
    limit = policy.limits.api.requests_per_minute
    row = _row(db, actor.person, minute)
    more = min(limit - row.taken, -(-limit // _BUNDLES))
    if more > 0:
        row.taken += more
        return more, None
    if row.event is None:
        refused = _refused(actor, PolicyRef(policy.id, policy.sha256))
        row.event = archive.append(db, [refused], ring)[0]
    return 0, row.event


def _row(db: Session, person: str, minute: int) -> RequestCount:
    """Return a person's counter, at this minute, locked."""
    fresh = {"minute": minute, "taken": 0, "event": None}
    row = claim(db, RequestCount, person, {"person": person, **fresh})
    # A host whose clock is a little behind counts in the minute of the others; one that is far
    # ahead was written down before the clock was set back.
    if not minute <= row.minute <= minute + _AHEAD:
        row.minute, row.taken, row.event = minute, 0, None
    return row


def _refusal(event: int, wait: int) -> TooMany:
    refusal = TooMany(
        "Too many requests in a minute. Try again in %(seconds)s seconds.",
        retry_after=wait,
        rule=_RULE,
        seconds=wait,
    )
    refusal.event = event
    return refusal


def _refused(actor: Actor, policy: PolicyRef) -> Entry:
    return Entry(
        phase=Phase.EVENT,
        action=Action.REQUEST_CHECK,
        actor=actor,
        policy=policy,
        subject=Subject("request"),
        decision=Decision.DENY,
        rule=_RULE,
        result=Result(error="too_many"),
        detail={"ip": actor.address, "agent": actor.agent[:200]} if actor.address else None,
    )
