"""Writes the days and times of a sheet, which stores both as a number of days."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

_MONTHS: Final = (
    "January February March April May June July August September October November December"
).split()
_DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_WEEK: Final = "一二三四五六日"
_FROM_1900: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no time zone
_FROM_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001
#: Sheets hold a 29 February 1900 that never was: before it everything is a day later.
_NEVER_WAS: Final = 60
_LAST_DAY: Final = 2_958_466
_DAY: Final = 86_400
_MOST_FRACTIONS: Final = 3
Token = tuple[str, str]


def shown(value: float, section: Sequence[Token], *, from_1904: bool) -> str | None:
    """Return the moment as a format's tokens ask for it, or None when there is no such day."""
    tokens = _minutes_told_from_months(section)
    if not 0 <= value < _LAST_DAY:
        return None
    fraction = _fraction(tokens)
    seconds = round(value * _DAY, fraction)
    try:
        moment = _moment(seconds, from_1904=from_1904)
    except OverflowError:
        return None
    half = any(kind == "noon" for kind, _ in tokens)
    pieces = []
    after_point = False
    for kind, text in tokens:
        if kind == "date":
            pieces.append(_part(text, moment, half=half))
        elif kind == "elapsed":
            size = {"h": 3600, "m": 60, "s": 1}[text[0]]
            pieces.append(str(int(seconds // size)).rjust(len(text), "0"))
        elif kind == "noon":
            pieces.append(_noon(text, moment))
        elif kind == "place" and after_point:
            pieces.append(f"{moment.microsecond:06d}"[len(pieces[-1].lstrip(".")) :][:1])
            pieces[-2:] = ["".join(pieces[-2:])]
        elif kind == "." and fraction:
            pieces.append(".")
            after_point = True
        elif kind in ("literal", ".", ",", "%"):
            pieces.append(text)
    return "".join(pieces)


def _moment(seconds: float, *, from_1904: bool) -> datetime:
    base = _FROM_1904 if from_1904 else _FROM_1900
    if not from_1904 and seconds < _NEVER_WAS * _DAY:
        base += timedelta(days=1)
    return base + timedelta(seconds=seconds)


def _fraction(tokens: Sequence[Token]) -> int:
    """Return how many digits of a second are shown."""
    for n, (kind, _) in enumerate(tokens):
        if kind == "." and n and tokens[n - 1][1][:1] == "s":
            following = [k for k, _ in tokens[n + 1 : n + 1 + _MOST_FRACTIONS]]
            return next((i for i, k in enumerate(following) if k != "place"), len(following))
    return 0


def _minutes_told_from_months(section: Sequence[Token]) -> list[Token]:
    """Mark `m` as minutes (`n`) where it follows hours or precedes seconds."""
    clock = [n for n, (kind, _) in enumerate(section) if kind in ("date", "elapsed")]
    tokens = list(section)
    for place, n in enumerate(clock):
        kind, text = section[n]
        if kind == "date" and text[0] == "m" and len(text) <= 2:  # noqa: PLR2004 - mmm is a name
            before = section[clock[place - 1]][1][0] if place else ""
            after = section[clock[place + 1]][1][0] if place + 1 < len(clock) else ""
            if before == "h" or after == "s":
                tokens[n] = (kind, "n" * len(text))
    return tokens


def _part(text: str, moment: datetime, *, half: bool) -> str:
    sign, size = text[0], len(text)
    if sign == "y":
        return f"{moment.year:04d}" if size > 2 else f"{moment.year % 100:02d}"  # noqa: PLR2004
    if sign == "e":
        return str(moment.year)
    if sign == "a":
        return ("星期" if size > 3 else "") + _WEEK[moment.weekday()]  # noqa: PLR2004
    if sign in "md" and size > 2:  # noqa: PLR2004
        name = _MONTHS[moment.month - 1] if sign == "m" else _DAYS[moment.weekday()]
        return {3: name[:3], 5: name[:1]}.get(size, name)
    hour = (moment.hour % 12 or 12) if half else moment.hour
    number = {
        "m": moment.month,
        "d": moment.day,
        "h": hour,
        "n": moment.minute,
        "s": moment.second,
    }[sign]
    return str(number).rjust(min(size, 2), "0")


def _noon(text: str, moment: datetime) -> str:
    first, _, second = text.partition("/")
    return first if moment.hour < 12 else second  # noqa: PLR2004 - noon
