"""Takes a number format apart: sections for positive, negative, zero and text, each in tokens."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

Token = tuple[str, str]
Section = tuple[Token, ...]

#: Kinds of tokens. What is written as it stands is a literal; a stroke may be a fraction's.
LITERAL: Final = "literal"
STROKE: Final = "/"
WRITTEN: Final = frozenset({LITERAL, STROKE})
#: Words around a text may hold what means something only in a number.
_IN_TEXT: Final = frozenset({*WRITTEN, ".", ",", "%", "place", "date", "power", "noon"})

#: Longer ones are no number format; Excel stops at 255 as well.
_LONGEST: Final = 255
_TEXT_IS_FOURTH: Final = 4
_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)'
    r"|\[\$(?P<currency>[^\]-]*)(?:-(?P<language>[^\]]*))?\]|\[(?P<elapsed>h+|m+|s+)\]"
    r"|\[(?P<condition>[<>=][^\]]*)\]|\[DBNum(?P<numerals>\d)\]|\[[^\]]*\]"
    r"|(?P<general>General|G/通用格式)|(?P<noon>AM/PM|A/P|上午/下午)"
    r"|(?P<power>E[+-])|(?P<date>y+|e+|m+|d+|h+|s+|a{3,4})|(?P<place>[0#?])|(?P<rest>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?(?:E[+-]?\d+)?)", re.IGNORECASE)


def sections(code: str) -> tuple[Section, ...]:
    """Return the sections of a format; what is no format gives sections all the same."""
    return _sections(code[:_LONGEST])  # cut before it is kept: kept are those of other files too


@lru_cache(maxsize=4096)
def _sections(code: str) -> tuple[Section, ...]:
    found: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or ""
        text = match[kind] if kind else ""
        if kind == "rest" and text == ";":
            found.append([])
        elif kind in ("currency", "language"):
            found[-1] += [(LITERAL, match["currency"]), ("language", match["language"] or "")]
        elif kind in ("quoted", "escaped"):
            found[-1].append((LITERAL, text))
        elif kind == "rest":
            found[-1].append((text if text in ".,%/" else LITERAL, text))
        elif kind and kind not in ("space", "fill"):
            found[-1].append((kind, text.lower() if kind in ("date", "elapsed") else text))
    return tuple(tuple(section) for section in found)


def value_of(section: Sequence[Token], kind: str) -> str:
    """Return the text of the first token of a kind, or nothing."""
    return next((text for is_kind, text in section if is_kind == kind), "")


def of_text(parts: Sequence[Section]) -> Section:
    """Return the section that texts are written by, empty when there is none."""
    last = parts[_TEXT_IS_FOURTH - 1 :] or parts[-1:]
    found = last[0] if (LITERAL, "@") in last[0] else ()
    return tuple((kind, text) for kind, text in found if kind in _IN_TEXT)


def choose(parts: Sequence[Section], value: float) -> tuple[Section, float]:
    """Return the section for a number, and the number as that section writes it."""
    numeric = _numeric(parts)
    conditions = [value_of(section, "condition") for section in numeric]
    if any(conditions):
        chosen = next(
            (n for n, asked in enumerate(conditions) if not asked or _holds(asked, value)),
            len(numeric) - 1,
        )
        return numeric[chosen], abs(value) if _only_negative(conditions, chosen) else value
    if value < 0 and len(numeric) > 1:
        return numeric[1], -value
    if value == 0 and len(numeric) > 2:  # noqa: PLR2004 - positive; negative; zero
        return numeric[2], value
    return numeric[0], value


def _numeric(parts: Sequence[Section]) -> Sequence[Section]:
    """Return the sections for numbers: a last one that only places a text is none of them."""
    if 1 < len(parts) < _TEXT_IS_FOURTH and (LITERAL, "@") in parts[-1]:
        return parts[:-1]
    return parts[:3]


def _only_negative(conditions: Sequence[str], chosen: int) -> bool:
    """Tell whether a section is for numbers below zero alone, and so says itself that they are."""
    asked = conditions[chosen] or (conditions[0] if chosen else "")
    found = _CONDITION.match(asked)
    if not found or float(found[2]) != 0:
        return False
    return found[1] in (("<", "<=") if conditions[chosen] else (">", ">="))


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
