"""Writes numbers in Chinese numerals, as the formats `[DBNum1]` and `[DBNum2]` of sheets ask."""

from types import MappingProxyType
from typing import Final

#: By the number of the format: the everyday numerals, and those that nobody can alter.
_DIGITS: Final = MappingProxyType({"1": "〇一二三四五六七八九", "2": "零壹贰叁肆伍陆柒捌玖"})
_UNITS: Final = MappingProxyType({"1": ("", "十", "百", "千"), "2": ("", "拾", "佰", "仟")})
_GROUPS: Final = ("", "万", "亿", "兆")
_GROUP: Final = 4
_LONGEST: Final = _GROUP * len(_GROUPS)


def known(kind: str) -> bool:
    """Tell whether numerals of this kind can be written."""
    return kind in _DIGITS


def by_digit(text: str, kind: str) -> str:
    """Return a text with each digit as a numeral: 2025 is 二〇二五."""
    return text.translate(str.maketrans("0123456789", _DIGITS[kind]))


def counted(text: str, kind: str) -> str:
    """Return a number as it is spoken: 105 is 一百〇五; after the point digit by digit."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, part = digits.partition(".")
    if not whole.isdecimal() or len(whole) > _LONGEST or (part and not part.isdecimal()):
        return text
    return sign + _whole(whole, kind) + point + by_digit(part, kind)


def of_clock(text: str, kind: str) -> str:
    """Return a day, a month or minutes: 10 is 十, and 05 keeps its nought."""
    if text.startswith("0"):
        return by_digit(text, kind)
    spoken = _whole(text, kind)
    one_ten = _DIGITS[kind][1] + _UNITS[kind][1]
    return spoken[1:] if kind == "1" and spoken.startswith(one_ten) else spoken


def _whole(digits: str, kind: str) -> str:
    numerals, units = _DIGITS[kind], _UNITS[kind]
    padded = digits.rjust(-(-len(digits) // _GROUP) * _GROUP, "0")
    written, skipped = "", False
    for start in range(0, len(padded), _GROUP):
        group = padded[start : start + _GROUP]
        for place, digit in enumerate(group):
            if digit == "0":
                skipped = bool(written)
                continue
            written += numerals[0] * skipped + numerals[int(digit)] + units[_GROUP - 1 - place]
            skipped = False
        if int(group):
            written += _GROUPS[(len(padded) - start) // _GROUP - 1]
            skipped = False
    return written or numerals[0]
