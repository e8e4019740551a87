"""Writes the days and times of a sheet, which stores both as a number of days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from indexer.extract import chinese_numerals
from indexer.extract.number_sections import WRITTEN, Token, value_of

_MONTHS: Final = (
    "January February March April May June July August September October November December"
).split()
_DAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_WEEK: Final = "一二三四五六日"
_ORIGIN: Final = date(1899, 12, 30)
_MIDNIGHT: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no time zone
#: How many days later the other way of counting begins.
_FROM_1904: Final = 1_462
#: Sheets hold a 29 February 1900 that never was: before it everything is a day later. And the
#: day nought, before the first, is where a time alone belongs to.
_NEVER_WAS: Final = 60
_LAST_DAY: Final = 2_958_466
_DAY: Final = 86_400
_MOST_FRACTIONS: Final = 3
_MICROSECONDS: Final = 1_000_000
#: The lower ten bits of a language's number name it, the upper ones where it is spoken.
_LANGUAGE: Final = 0x3FF
_CHINESE: Final = 0x04


@dataclass(frozen=True, slots=True)
class _Moment:
    """A moment as sheets count it; the weekday counts from Monday."""

    year: int
    month: int
    day: int
    weekday: int
    second: int  # of the day
    microsecond: int

    @property
    def hour(self) -> int:
        return self.second // 3600

    @property
    def minute(self) -> int:
        return self.second // 60 % 60


@dataclass(frozen=True, slots=True)
class _Way:
    """How a format wants the parts: by half days, in Chinese, in numerals, seconds with a point."""

    half: bool
    chinese: bool
    numerals: str
    point: bool


def shown(value: float, section: Sequence[Token], *, from_1904: bool) -> str | None:
    """Return the moment as a format's tokens ask for it, or None when there is no such day."""
    tokens = _minutes_told_from_months(section)
    kinds = {kind for kind, _ in tokens}
    below = value < 0 and "elapsed" in kinds
    size = abs(value) if below else value
    if not 0 <= size < _LAST_DAY:
        return None
    fraction = _fraction(tokens)
    seconds = round(size * _DAY, fraction)
    moment = _moment(seconds, from_1904=from_1904)
    if moment is None:
        return None
    numerals = value_of(tokens, "numerals")
    way = _Way(
        half="noon" in kinds,
        chinese=_is_chinese(value_of(tokens, "language")),
        numerals=numerals if chinese_numerals.known(numerals) else "",
        point=fraction > 0,
    )
    return "-" * below + _written(tokens, moment, seconds, way)


def counted(text: str, *, from_1904: bool) -> float | None:
    """Return a day or a time that is written out (ISO 8601) as the number sheets count it by."""
    for read in (datetime.fromisoformat, _time_alone):
        try:
            moment = read(text).replace(tzinfo=None)
        except ValueError:
            continue
        days = (moment - _MIDNIGHT) / timedelta(days=1)
        if from_1904 and days >= 1:
            return days - _FROM_1904 if days >= _FROM_1904 else None
        return days - (1 <= days <= _NEVER_WAS) if days >= 0 else None
    return None


def _time_alone(text: str) -> datetime:
    return datetime.combine(_ORIGIN, time.fromisoformat(text))


def _written(tokens: Sequence[Token], moment: _Moment, seconds: float, way: _Way) -> str:
    pieces = []
    after_point = False
    for kind, text in tokens:
        if kind == "date":
            pieces.append(_part(text, moment, way))
        elif kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[text[0]]
            pieces.append(str(int(seconds // unit)).rjust(len(text), "0"))
        elif kind == "noon":
            pieces.append(_noon(text, moment, way))
        elif kind == "place" and after_point:
            pieces.append(f"{moment.microsecond:06d}"[len(pieces[-1].lstrip(".")) :][:1])
            pieces[-2:] = ["".join(pieces[-2:])]
        elif kind == "." and way.point:
            pieces.append(".")
            after_point = True
        elif kind in WRITTEN or kind in (".", ",", "%"):
            pieces.append(text)
    return "".join(pieces)


def _moment(seconds: float, *, from_1904: bool) -> _Moment | None:
    days, rest = divmod(seconds, _DAY)
    count = int(days) + (_FROM_1904 if from_1904 else 0)
    clock = (int(rest), round((rest - int(rest)) * _MICROSECONDS))
    weekday = (count + 5) % 7  # day 1 counts as a Sunday, which it was not
    if count == 0:
        return _Moment(1900, 1, 0, weekday, *clock)
    if count == _NEVER_WAS:
        return _Moment(1900, 2, 29, weekday, *clock)
    try:
        day = _ORIGIN + timedelta(days=count + (count < _NEVER_WAS))
    except OverflowError:
        return None
    return _Moment(day.year, day.month, day.day, weekday, *clock)


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


def _is_chinese(language: str) -> bool:
    """Tell whether a language, a number or a name like `zh-CN`, is Chinese of any place."""
    try:
        return int(language, 16) & _LANGUAGE == _CHINESE
    except ValueError:
        return language.lower().startswith("zh")


def _part(text: str, moment: _Moment, way: _Way) -> str:
    sign, size = text[0], len(text)
    if sign in "ye":
        short = sign == "y" and size <= 2  # noqa: PLR2004
        year = f"{moment.year % 100:02d}" if short else str(moment.year)
        return chinese_numerals.by_digit(year, way.numerals) if way.numerals else year
    if sign == "a":
        return ("星期" if size > 3 else "") + _WEEK[moment.weekday]  # noqa: PLR2004
    if sign in "md" and size > 2:  # noqa: PLR2004
        return _name(sign, size, moment, way)
    hour = (moment.hour % 12 or 12) if way.half else moment.hour
    number = {
        "m": moment.month,
        "d": moment.day,
        "h": hour,
        "n": moment.minute,
        "s": moment.second % 60,
    }[sign]
    written = str(number).rjust(min(size, 2), "0")
    return chinese_numerals.of_clock(written, way.numerals) if way.numerals else written


def _name(sign: str, size: int, moment: _Moment, way: _Way) -> str:
    """Return the name of a month or a weekday: short, whole, or its first letter."""
    if way.chinese and sign == "d":
        return ("周" if size == 3 else "星期") + _WEEK[moment.weekday]  # noqa: PLR2004
    if way.chinese:
        spoken = chinese_numerals.of_clock(str(moment.month), "1")
        return {3: f"{moment.month}月", 5: spoken[:1]}.get(size, f"{spoken}月")
    name = _MONTHS[moment.month - 1] if sign == "m" else _DAYS[moment.weekday]
    return {3: name[:3], 5: name[:1]}.get(size, name)


def _noon(text: str, moment: _Moment, way: _Way) -> str:
    halves = "上午/下午" if way.chinese and text.upper() == "AM/PM" else text
    first, _, second = halves.partition("/")
    return first if moment.hour < 12 else second  # noqa: PLR2004 - noon
