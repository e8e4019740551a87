"""Figures of the log: how much was looked at and refused, by day, by department, by action."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from service import looking
from service.archive import Call
from service.errors import Invalid
from service.log_questions import HOUR, Wanted, days, known, local_hour
from service.models import AuditEvent
from service.permissions import Target

#: The days that are shown unless others are asked for, and how many at most.
USUAL, MOST = 30, 366


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, department or action: entries (a look with its outcome is one), refusals.

    `looked`: of the action, where its page was only opened.
    """

    key: str
    count: int
    denied: int
    looked: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What the log holds of some days; `days` has every one of them."""

    day_from: date
    day_to: date
    days: tuple[Bar, ...]
    departments: tuple[Bar, ...]
    actions: tuple[Bar, ...]

    @property
    def count(self) -> int:
        """Return how many looks and changes there were."""
        return sum(bar.count for bar in self.days)

    @property
    def denied(self) -> int:
        """Return how many of them were refused."""
        return sum(bar.denied for bar in self.days)


def figures(call: Call, day_from: date | None, day_to: date | None) -> Figures:
    """Count the entries of some days; raises `Invalid` for a range that is none."""
    call.require(Target())
    zone = ZoneInfo(call.archive.settings.timezone)
    last = known(day_to, "to") if day_to else datetime.now(zone).date()
    first = day_from or last - timedelta(days=USUAL - 1)
    if not 0 <= (last - first).days < MOST:
        raise Invalid("Some values cannot be taken as they are.", fields={"from": "range"})
    looked = case((looking.condition(), 1), else_=0)
    rows = call.db.execute(
        select(
            HOUR,
            AuditEvent.dept,
            AuditEvent.action,
            looked,
            func.sum(case((AuditEvent.ref.is_(None), 1), else_=0)),
            func.sum(case((AuditEvent.decision == "deny", 1), else_=0)),
        )
        .where(*days(call.db, zone, Wanted(day_from=first, day_to=last)))
        .group_by(HOUR, AuditEvent.dept, AuditEvent.action, looked)
    )
    by_day, by_dept, by_action = _Sums(), _Sums(), _Sums()
    for hour, dept, action, mere, count, denied in rows:
        at = local_hour(hour, zone)
        for sums, key in ((by_day, f"{at:%Y-%m-%d}"), (by_dept, dept or "")):
            sums.add(key, int(count), int(denied))
        by_action.add(action, int(count), int(denied), looked=bool(mere))
    every = [f"{first + timedelta(days=n):%Y-%m-%d}" for n in range((last - first).days + 1)]
    call.returned([])
    return Figures(first, last, by_day.bars(every), by_dept.bars(), by_action.bars())


class _Sums:
    def __init__(self) -> None:
        self._count: Counter[tuple[str, bool]] = Counter()
        self._denied: Counter[tuple[str, bool]] = Counter()

    def add(self, key: str, count: int, denied: int, *, looked: bool = False) -> None:
        self._count[key, looked] += count
        self._denied[key, looked] += denied

    def bars(self, keys: Sequence[str] = ()) -> tuple[Bar, ...]:
        """Return the sums in the order of the keys, or the largest first."""
        found = sorted(self._count, key=lambda k: (-self._count[k], k))
        wanted = [(key, False) for key in keys] or found
        return tuple(Bar(k[0], self._count[k], self._denied[k], k[1]) for k in wanted)
