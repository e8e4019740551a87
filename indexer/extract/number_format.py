"""Writes a cell's number as the sheet shows it: dates, percentages, thousands, currencies.

A workbook stores `0.15` and `45000` with a format; a person reads, and searches for, `15%` and
`2023-03-15`. Number formats are a small language, read here section by section. What it cannot
say (fractions, amounts in Chinese numerals) is written as the plain number.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from indexer.extract import sheet_dates

GENERAL: Final = "General"
#: What programs leave out of a file because every program knows it; dates as in China.
BUILT_IN: Final = MappingProxyType(
    {
        1: "0",
        2: "0.00",
        3: "#,##0",
        4: "#,##0.00",
        **dict.fromkeys((5, 6), '"¥"#,##0;"¥"-#,##0'),
        **dict.fromkeys((7, 8), '"¥"#,##0.00;"¥"-#,##0.00'),
        9: "0%",
        10: "0.00%",
        11: "0.00E+00",
        14: "yyyy/m/d",
        15: "d-mmm-yy",
        16: "d-mmm",
        17: "mmm-yy",
        18: "h:mm AM/PM",
        19: "h:mm:ss AM/PM",
        20: "h:mm",
        21: "h:mm:ss",
        22: "yyyy/m/d h:mm",
        **dict.fromkeys((27, 36, 50, 57), 'yyyy"年"m"月"'),
        **dict.fromkeys((28, 29, 51, 53, 54, 58), 'm"月"d"日"'),
        30: "m-d-yy",
        31: 'yyyy"年"m"月"d"日"',
        32: 'h"时"mm"分"',
        33: 'h"时"mm"分"ss"秒"',
        34: '上午/下午h"时"mm"分"',
        35: '上午/下午h"时"mm"分"ss"秒"',
        **dict.fromkeys((37, 38), "#,##0;-#,##0"),
        **dict.fromkeys((39, 40), "#,##0.00;-#,##0.00"),
        41: "#,##0",
        42: '"¥"#,##0',
        43: "#,##0.00",
        44: '"¥"#,##0.00',
        45: "mm:ss",
        46: "[h]:mm:ss",
        47: "mm:ss.0",
        48: "##0.0E+0",
        52: 'yyyy"年"m"月"',
        55: '上午/下午h"时"mm"分"',
        56: '上午/下午h"时"mm"分"ss"秒"',
    }
)
#: Longer ones are no number format; Excel stops at 255 as well.
_LONGEST: Final = 255
#: Beyond this a number shows fewer digits than it has.
_WHOLE_BELOW: Final = 10**15
_MOST_DECIMALS: Final = 30
_LITERAL: Final = "literal"
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)'
    r"|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[(?P<elapsed>h+|m+|s+)\]|\[(?P<condition>[<>=][^\]]*)\]"
    r"|\[[^\]]*\]|(?P<general>General|G/通用格式)|(?P<noon>AM/PM|A/P|上午/下午)"
    r"|(?P<power>E[+-])|(?P<date>y+|e+|m+|d+|h+|s+|a{3,4})|(?P<place>[0#?])|(?P<rest>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
Token = tuple[str, str]


def shown(value: float, code: str, *, from_1904: bool = False) -> str:
    """Return a number as a cell of this format shows it; never raises for an odd format."""
    sections = _sections(code[:_LONGEST])
    section, magnitude = _choose(sections, value)
    kinds = {kind for kind, _ in section}
    if kinds & {"date", "elapsed"}:
        found = sheet_dates.shown(value, section, from_1904=from_1904)
        return general(value) if found is None else found
    if "general" in kinds:
        return _with_general(section, magnitude)
    if "place" not in kinds:
        text = "".join(text for kind, text in section if kind == _LITERAL)
        return general(value) if "@" in text else text
    if (_LITERAL, "/") in section:
        return general(value)
    return _number(section, magnitude)


def is_text(text: str, code: str) -> str:
    """Return a text as a cell shows it: the fourth section may put words around it."""
    sections = _sections(code[:_LONGEST])
    for section in sections[3:] or sections[-1:]:
        if (_LITERAL, "@") in section and len(section) > 1:
            return "".join(text if (kind, t) == (_LITERAL, "@") else t for kind, t in section)
    return text


def general(value: float) -> str:
    """Return a number as a cell without a format shows it."""
    if value == int(value) and abs(value) < _WHOLE_BELOW:
        return str(int(value))
    return f"{value:.10g}".replace("e", "E")


@lru_cache(maxsize=4096)
def _sections(code: str) -> tuple[tuple[Token, ...], ...]:
    sections: list[list[Token]] = [[]]
    for found in _TOKEN.finditer(code):
        kind = found.lastgroup or ""
        text = found[kind] if kind else ""
        if kind == "rest" and text == ";":
            sections.append([])
        elif kind in ("quoted", "escaped", "currency", "rest"):
            kind = text if kind == "rest" and text in ".,%" else _LITERAL
            sections[-1].append((kind, text))
        elif kind in ("space", "fill"):
            continue
        elif kind:
            sections[-1].append((kind, text.lower() if kind in ("date", "elapsed") else text))
    return tuple(tuple(section) for section in sections)


def _choose(sections: Sequence[tuple[Token, ...]], value: float) -> tuple[tuple[Token, ...], float]:
    """Return the section for a value, and the value as that section writes it."""
    numeric = sections[:3]
    conditions = [next((t for kind, t in s if kind == "condition"), None) for s in numeric]
    if any(conditions):
        for section, condition in zip(numeric, conditions, strict=True):
            if condition is None or _holds(condition, value):
                return section, value
        return numeric[-1], value
    if value < 0 and len(numeric) > 1:
        return numeric[1], -value
    if value == 0 and len(numeric) > 2:  # noqa: PLR2004 - positive; negative; zero
        return numeric[2], value
    return numeric[0], value


def _holds(condition: str, value: float) -> bool:
    found = _CONDITION.match(condition)
    if not found:
        return True
    sign, bound = found[1], float(found[2])
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[sign]


def _with_general(section: Sequence[Token], value: float) -> str:
    return "".join(
        general(value) if kind == "general" else text
        for kind, text in section
        if kind in ("general", _LITERAL)
    )


def _number(section: Sequence[Token], value: float) -> str:
    kinds = [kind for kind, _ in section]
    last = len(kinds) - 1 - kinds[::-1].index("place")
    point = kinds.index(".") if "." in kinds else None
    decimals = sum(k == "place" for k in kinds[point:]) if point is not None else 0
    if "power" in kinds:
        power = kinds.index("power")
        decimals = sum(k == "place" for k in kinds[point or power : power])
        return f"{value:.{min(decimals, _MOST_DECIMALS)}E}"
    exact = Decimal(repr(value)) * 100 ** kinds.count("%")
    exact /= 1000 ** sum(kind == "," for kind in kinds[last:])
    step = Decimal(1).scaleb(-min(decimals, _MOST_DECIMALS))
    if abs(exact) >= Decimal(10) ** (27 - min(decimals, 20)):
        return general(value)
    rounded = exact.quantize(step, rounding=ROUND_HALF_UP)
    whole, _, part = f"{abs(rounded):f}".partition(".")
    before = section[: last + 1 if point is None else point]
    text = _before(before, whole, grouped="," in kinds[: point or last])
    if point is not None:
        text += _after(section[point:], part)
    text += "".join(t for k, t in section[last + 1 :] if k in (_LITERAL, "%")) * (point is None)
    return f"-{text}" if rounded < 0 else text


def _before(tokens: Sequence[Token], whole: str, *, grouped: bool) -> str:
    """Fill the places before the point from the right; the first takes all that is left."""
    places = [text for kind, text in tokens if kind == "place"]
    digits = "" if whole == "0" else whole
    least = next((len(places) - n for n, text in enumerate(places) if text == "0"), 0)
    digits = digits.rjust(least, "0")
    if grouped:
        digits = f"{int(digits or 0):0{len(digits) + (len(digits) - 1) // 3},}" if digits else ""
    pieces: list[str] = []
    left = len(places)
    for kind, text in reversed(tokens):
        if kind == "place":
            left -= 1
            take = len(digits) if left == 0 or grouped else 1
            pieces.append(digits[len(digits) - take :] if digits else "")
            digits = digits[: len(digits) - take] if take < len(digits) else ""
        elif kind in (_LITERAL, "%"):
            pieces.append(text)
    return "".join(reversed(pieces))


def _after(tokens: Sequence[Token], part: str) -> str:
    """Write the point and what follows; places that need no digit lose their zeros."""
    places = [text for kind, text in tokens if kind == "place"]
    kept = len(places)
    while kept and places[kept - 1] != "0" and part[kept - 1 : kept] == "0":
        kept -= 1
    pieces, n = [], 0
    for kind, text in tokens:
        if kind == ".":
            pieces.append(".")
        elif kind == "place":
            pieces.append(part[n] if n < min(kept, len(part)) else "")
            n += 1
        elif kind in (_LITERAL, "%"):
            pieces.append(text)
    return "".join(pieces)
