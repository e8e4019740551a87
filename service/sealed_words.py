"""Looking for words in what was sealed with entries: by case, piece by piece, newest first.

There is no index of sealed words, and there must be none: every detail is opened. One piece takes
about a second, so the person sees how far it is; each piece is a call of its own in the log.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import func, select

from service import auditing, case_numbers
from service.archive import Call
from service.auditing import EventRow
from service.detail_keys import DetailKeys
from service.errors import Invalid
from service.log_questions import Wanted, conditions
from service.models import AuditDetail, AuditEvent
from service.permissions import Target

#: How long a piece looks, in seconds, and how many entries one finds at most.
SECONDS = 1.0
MOST = 50

_BATCH = 5000
_SHORTEST, _LONGEST = 2, 100


@dataclass(frozen=True, slots=True)
class Piece:
    """What one piece found, and where the next begins. `below` None: all was looked at."""

    items: tuple[EventRow, ...]
    looked: int
    below: int | None
    #: numbers of the newest and oldest entry of the whole question, for how far it is
    newest: int
    oldest: int

    @property
    def share(self) -> float:
        """Return how much is done, from 0 to 1."""
        if self.below is None or self.newest <= self.oldest:
            return 1.0
        return (self.newest - self.below) / (self.newest - self.oldest)


def look(
    call: Call, wanted: Wanted, words: str, case: str, below: int | None, newest: int | None = None
) -> Piece:
    """Look for words in the entries under `below`; `newest` is where the first piece began.

    Raises `Invalid` for words or a case number that are none. Letters match in either case.
    """
    call.require(Target())
    call.say(purpose="case")
    case_numbers.checked(case)
    sought = _sought(words)
    where = conditions(call, wanted).where
    first, last = call.db.execute(
        select(func.min(AuditEvent.seq), func.max(AuditEvent.seq)).where(*where)
    ).one()
    if first is None:
        return Piece((), 0, None, 0, 0)
    # not in what this call itself sealed: it holds the words
    before = (call.event or last + 1) - 1
    begin = min(last, before if newest is None else newest)
    above = begin + 1 if below is None else below
    found, looked, reached = _scan(call, where, sought, above)
    call.returned(str(seq) for seq in found)
    items = auditing.numbered(call.db, found)
    return Piece(items, looked, reached, begin, first)


def _sought(words: str) -> tuple[bytes, ...]:
    """Return the words as they stand in sealed text, in small letters."""
    said = words.split()
    length = sum(map(len, said))
    if length < _SHORTEST:
        raise Invalid("Some values cannot be taken as they are.", fields={"words": "too_short"})
    if length > _LONGEST:
        raise Invalid("Some values cannot be taken as they are.", fields={"words": "too_long"})
    return tuple(json.dumps(w, ensure_ascii=False)[1:-1].lower().encode() for w in said)


def _scan(
    call: Call, where: Sequence[object], sought: tuple[bytes, ...], above: int
) -> tuple[list[int], int, int | None]:
    """Return what was found, how many details were opened, and the number reached."""
    keys, until = DetailKeys(call.archive.keystore), monotonic() + SECONDS
    found: list[int] = []
    looked = 0
    while True:
        rows = _batch(call, where, above)
        for seq, ct, key in rows:
            looked += 1
            said = (keys.opened(seq, ct, key) or b"").lower()
            if all(word in said for word in sought):
                found.append(seq)
            above = seq
            if len(found) == MOST:
                return found, looked, above
        if len(rows) < _BATCH:
            return found, looked, None
        if monotonic() >= until:
            return found, looked, above


def _batch(call: Call, where: Sequence[object], above: int) -> Sequence[tuple[int, bytes, str]]:
    asked = select(AuditDetail.seq, AuditDetail.ct, AuditDetail.key).where(AuditDetail.seq < above)
    if where:
        asked = asked.join(AuditEvent, AuditEvent.seq == AuditDetail.seq).where(*where)  # type: ignore[arg-type]
    rows = call.db.execute(asked.order_by(AuditDetail.seq.desc()).limit(_BATCH))
    return rows.tuples().all()
