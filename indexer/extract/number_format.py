"""Writes a cell's number as the sheet shows it: dates, percentages, thousands, currencies.

A workbook stores `0.15` and `45000` with a format; a person reads, and searches for, `15%` and
`2023-03-15`. Number formats are a small language, read here section by section.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from indexer.extract import chinese_numerals, sheet_dates
from indexer.extract.number_sections import (
    LITERAL,
    STROKE,
    WRITTEN,
    Section,
    Token,
    choose,
    of_text,
    sections,
    value_of,
)

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
        12: "# ?/?",
        13: "# ??/??",
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
        41: '#,##0;-#,##0;"-"',
        42: '"¥"#,##0;"¥"-#,##0;"¥""-"',
        43: '#,##0.00;-#,##0.00;"-"',
        44: '"¥"#,##0.00;"¥"-#,##0.00;"¥""-"',
        45: "mm:ss",
        46: "[h]:mm:ss",
        47: "mm:ss.0",
        48: "##0.0E+0",
        49: "@",
        52: 'yyyy"年"m"月"',
        55: '上午/下午h"时"mm"分"',
        56: '上午/下午h"时"mm"分"ss"秒"',
    }
)
#: Formats that stand for what the reader's system is set to: here a system in China.
_OF_SYSTEM: Final = MappingProxyType(
    {
        **dict.fromkeys(("F800", "X-SYSDATE"), sections('yyyy"年"m"月"d"日"')[0]),
        **dict.fromkeys(("F400", "X-SYSTIME"), sections("h:mm:ss")[0]),
    }
)
_SAID: Final = WRITTEN | {"general"}
#: Beyond this a number shows fewer digits than it has.
_WHOLE_BELOW: Final = 10**15
#: Between these a number is written without a power, in so many characters with the point.
_PLAIN_FROM: Final = 1e-4
_PLAIN_BELOW: Final = 1e11
_WIDTH: Final = 11
_MOST_DECIMALS: Final = 30
_MOST_BELOW: Final = 9  # digits below a fraction's stroke
_NOTHING: Final = Fraction(5, 10**8)
#: Room for the largest number there is, as many percents as a format may hold, and decimals.
_WIDE: Final = Context(prec=1_000, rounding=ROUND_HALF_UP)


def shown(value: float, code: str, *, from_1904: bool = False) -> str:
    """Return a number as a cell of this format shows it; never raises for an odd format."""
    section, magnitude = choose(sections(code), value)
    section = _OF_SYSTEM.get(value_of(section, "language").upper(), section)
    kinds = {kind for kind, _ in section}
    if kinds & {"date", "elapsed"}:
        found = sheet_dates.shown(magnitude, section, from_1904=from_1904)
        return general(value) if found is None else found
    numerals = value_of(section, "numerals")
    if "place" not in kinds:
        return _without_places(section, magnitude, numerals)
    text = _fraction(section, magnitude) if STROKE in kinds else _number(section, magnitude)
    return chinese_numerals.by_digit(text, numerals) if chinese_numerals.known(numerals) else text


def is_text(text: str, code: str) -> str:
    """Return a text as a cell shows it: the fourth section may put words around it."""
    section = of_text(sections(code))
    if len(section) <= 1:
        return text
    return "".join(text if token == (LITERAL, "@") else token[1] for token in section)


def general(value: float) -> str:
    """Return a number as a cell without a format shows it."""
    if value == int(value) and abs(value) < _WHOLE_BELOW:
        return str(int(value))
    if _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        room = max(0, _WIDTH - 1 - len(str(int(abs(value)))))
        text = f"{value:.{room}f}"
        return text.rstrip("0").rstrip(".") if room else text
    return f"{value:.10g}".replace("e", "E")


def _without_places(section: Section, value: float, numerals: str) -> str:
    """Write words alone, or the plain number where the format has a name for it or for texts."""
    number = general(value)
    if chinese_numerals.known(numerals):
        number = chinese_numerals.counted(number, numerals)
    words = "".join(text for kind, text in section if kind in WRITTEN)
    if any(kind == "general" for kind, _ in section):
        pieces = [number if kind == "general" else text for kind, text in section if kind in _SAID]
        return "".join(pieces)
    return number if "@" in words or (numerals and not words) else words


def _exact(value: float) -> str:
    """Return the fifteen digits that a sheet keeps of a number."""
    return f"{value:.15g}"


def _number(section: Section, value: float) -> str:
    kinds = [kind for kind, _ in section]
    exact = Decimal(_exact(value))
    if "power" in kinds:
        return _scientific(section, exact)
    point = kinds.index(".") if "." in kinds else len(kinds)
    thousands = _commas_behind(kinds[:point]) + _commas_behind(kinds[point:])
    return _decimal(section, exact.scaleb(2 * kinds.count("%") - 3 * thousands))


def _scientific(section: Section, exact: Decimal) -> str:
    """Write `1.23E+04`; with several places before the point the power goes by as many."""
    kinds = [kind for kind, _ in section]
    at = kinds.index("power")
    after = section[at + 1 :]
    size = next((n for n, (kind, _) in enumerate(after) if kind != "place"), len(after))
    front = section[:at]
    if "place" not in kinds[:at]:
        return f"{exact:E}"
    point = kinds.index(".") if "." in kinds[:at] else at
    step = max(1, kinds[:point].count("place"))
    power = exact.adjusted() // step * step if exact else 0
    rounded = _rounded(exact.scaleb(-power), kinds[point:at].count("place"))
    if rounded.copy_abs() >= 10**step:
        power += step
    sign = "-" if power < 0 else "+" * section[at][1].endswith("+")
    rest = "".join(text for kind, text in after[size:] if kind in WRITTEN)
    return (
        _decimal(front, exact.scaleb(-power)) + "E" + sign + str(abs(power)).rjust(size, "0") + rest
    )


def _fraction(section: Section, value: float) -> str:
    """Write `1 3/4`: the digits below the stroke are given, or no more than there are places."""
    kinds = [kind for kind, _ in section]
    stroke = kinds.index(STROKE)
    start, end = stroke, stroke + 1
    while start and kinds[start - 1] == "place":
        start -= 1
    while end < len(section) and (kinds[end] == "place" or section[end][1].isdecimal()):
        end += 1
    below = "".join(text for _, text in section[stroke + 1 : end])
    if not below or start == stroke or STROKE in kinds[end:] or abs(value) >= _WHOLE_BELOW:
        return general(value)
    exact = abs(Fraction(_exact(value)))
    mixed = "place" in kinds[:start]
    whole = int(exact) if mixed else 0
    over, under = _parts(exact - whole, below)
    if mixed and over == under:
        whole, over = whole + 1, 0
    first = kinds.index("place")
    always = mixed and "0" in (text for kind, text in section[:start] if kind == "place")
    pieces = [str(whole)] if mixed and (whole or always or not over) else []
    if over or not mixed:
        pieces.append(f"{over}/{under}")
    before = "".join(text for kind, text in section[:first] if kind in WRITTEN)
    behind = "".join(text for kind, text in section[end:] if kind in WRITTEN)
    sign = "-" if value < 0 and (whole or over) else ""
    return sign + before + " ".join(pieces) + behind


def _parts(exact: Fraction, below: str) -> tuple[int, int]:
    """Return what stands over the stroke and under it.

    Excel takes the last convergent of the continued fraction that fits, not the nearest fraction.
    """
    if below.isdecimal() and int(below):
        under = min(int(below), 10**_MOST_BELOW)
        return int(exact * under + Fraction(1, 2)), under
    most = 10 ** min(len(below), _MOST_BELOW) - 1
    before, found = (1, 0), (int(exact), 1)
    left = exact - int(exact)
    while left > _NOTHING:
        whole, left = divmod(1 / left, 1)
        over, under = (whole * b + a for a, b in zip(before, found, strict=True))
        if under > most:
            break
        before, found = found, (int(over), int(under))
    return found


def _last_place(kinds: Sequence[str]) -> int:
    """Return where the last place stands, -1 when there is none."""
    return max((n for n, kind in enumerate(kinds) if kind == "place"), default=-1)


def _commas_behind(kinds: Sequence[str]) -> int:
    """Return how many commas follow the last place: each leaves three digits out."""
    last = _last_place(kinds)
    return kinds[last:].count(",") if last >= 0 else 0


def _rounded(exact: Decimal, decimals: int) -> Decimal:
    step = Decimal(1).scaleb(-min(decimals, _MOST_DECIMALS))
    return exact.quantize(step, context=_WIDE)


def _decimal(section: Section, exact: Decimal) -> str:
    kinds = [kind for kind, _ in section]
    point = kinds.index(".") if "." in kinds else len(kinds)
    rounded = _rounded(exact, kinds[point:].count("place"))
    whole, _, part = f"{rounded.copy_abs():f}".partition(".")
    grouped = "," in kinds[: max(0, _last_place(kinds[:point]))]
    text = _before(section[:point], whole, grouped=grouped) + _after(section[point:], part)
    return f"-{text}" if rounded < 0 else text


def _before(tokens: Sequence[Token], whole: str, *, grouped: bool) -> str:
    """Fill the places before the point from the right; the first takes all that is left."""
    places = [text for kind, text in tokens if kind == "place"]
    digits = "" if whole == "0" else whole
    least = next((len(places) - n for n, text in enumerate(places) if text == "0"), 0)
    digits = digits.rjust(least, "0")
    if grouped:
        digits = f"{int(digits or 0):0{len(digits) + (len(digits) - 1) // 3},}" if digits else ""
    pieces = [] if places else [digits]
    left = len(places)
    for kind, text in reversed(tokens):
        if kind == "place":
            left -= 1
            take = len(digits) if left == 0 or grouped else 1
            pieces.append(digits[len(digits) - take :] if digits else "")
            digits = digits[: len(digits) - take] if take < len(digits) else ""
        elif kind in WRITTEN or kind == "%":
            pieces.append(text)
    return "".join(reversed(pieces))


def _after(tokens: Sequence[Token], part: str) -> str:
    """Write the point and what follows; places that need no digit lose their zeros."""
    places = [text for kind, text in tokens if kind == "place"]
    kept = len(places)
    while kept and places[kept - 1] != "0" and part[kept - 1 : kept] in ("", "0"):
        kept -= 1
    pieces, n = [], 0
    for kind, text in tokens:
        if kind == ".":
            pieces.append(".")
        elif kind == "place":
            pieces.append(part[n] if n < min(kept, len(part)) else "")
            n += 1
        elif kind in WRITTEN or kind == "%":
            pieces.append(text)
    return "".join(pieces)
