"""Finds personal numbers in a text: resident id, mobile and bank card numbers.

They never enter the text index: a masked number could be read out digit by digit through hit
counts. The index holds a break token in their place and a keyed hash (`Blind`) beside it.
What is not found here is indexed as text: better one harmless number too many than one missed.
"""

import hashlib
import hmac
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from stdnum import luhn
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

#: Stands in an indexed text where a personal number was.
BREAK = "\ue000"

#: Makes the blind token of a type and a normal form; see `token`.
Blind = Callable[[str, str], str]


class Kind(StrEnum):
    """What a personal number is; the value begins its blind token."""

    RESIDENT_ID = "rid"
    MOBILE = "tel"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class PersonalNumber:
    """A number found at `start` to `end` of a text, and how it is always written.

    `normal` is 18 characters in upper case, +86 and 11 digits, or the digits of a card.
    """

    kind: Kind
    start: int
    end: int
    normal: str


_D = "[0-9０-９]"
_S = r"[ \u00a0\u3000\-－\u2010-\u2015\u2212.]"

#: Runs of digits and separators that are long enough to hold a number at all.
_CLUSTER = re.compile(rf"[+＋0-9０-９](?:{_D}|{_S}|[+＋XxＸｘ]){{10,}}")


def _starting(pattern: str) -> re.Pattern[str]:
    """Match at every place where a run of digits begins, overlapping ones too."""
    return re.compile(rf"(?<!{_D})(?=({pattern})(?!{_D}))")


_RESIDENT_ID = _starting(
    rf"{_D}{{6}}{_S}?{_D}{{8}}{_S}?{_D}{{3}}[0-9０-９XxＸｘ]"
    rf"|{_D}{{6}}(?:{_S}?{_D}{{4}}){{2}}{_S}?{_D}{{3}}[0-9０-９XxＸｘ]"
)
_CARD = _starting(
    rf"{_D}{{4}}(?:{_S}?{_D}{{4}}){{3}}(?:{_S}?{_D}{{1,3}})?|{_D}{{6}}{_S}{_D}{{10,13}}"
)
_SHORT_CARD = _starting(rf"{_D}{{4}}(?:{_S}?{_D}{{4}}){{3}}")
_MOBILE = _starting(
    rf"(?:(?:[+＋]|[0０]{{2}})?[8８][6６]{_S}?|[0０])?[1１][3-9３-９](?:"
    rf"{_D}{_S}?{_D}{{4}}{_S}?{_D}{{4}}|{_D}{_S}?{_D}{{3}}{_S}?{_D}{{5}}"
    rf"|{_D}{{2}}{_S}?{_D}{{3}}{_S}?{_D}{{4}}|{_D}{{3}}{_S}?{_D}{{3}}{_S}?{_D}{{3}})"
)
#: UnionPay, Visa, Mastercard, JCB, and the first Chinese cards.
_ISSUER = re.compile(r"4|5[1-5]|2[2-7]|35|6|9[45]")

_PLAIN = str.maketrans("０１２３４５６７８９ｘＸx", "0123456789XXX")
_NOT_PLAIN = re.compile("[^0-9X]")


def find(text: str, start: int = 0, end: int = sys.maxsize) -> list[PersonalNumber]:
    """Return the personal numbers in a text from left to right; none overlaps another.

    `start` and `end` narrow down where to look; give them room for a whole number.
    """
    found: list[PersonalNumber] = []
    for cluster in _CLUSTER.finditer(text, start, end):
        candidates = sorted(_candidates(text, *cluster.span()), key=lambda n: (n.start, -n.end))
        for number in candidates:
            if not found or number.start >= found[-1].end:
                found.append(number)
    return found


def token(key: bytes, kind: str, normal: str) -> str:
    """Return the blind token of a number under the key of its type."""
    return f"{kind}:{hmac.digest(key, normal.encode(), hashlib.sha256)[:16].hex()}"


def broken(text: str, blind: Blind) -> tuple[str, list[str]]:
    """Return the text with a break in place of each personal number, and their blind tokens."""
    pieces: list[str] = []
    blinds: dict[str, None] = {}
    end = 0
    for number in find(text):
        pieces += (text[end : number.start], BREAK)
        blinds[blind(number.kind, number.normal)] = None
        end = number.end
    return "".join((*pieces, text[end:])), list(blinds)


def _candidates(text: str, start: int, end: int) -> Iterator[PersonalNumber]:
    for pattern, kind, check in _KINDS:
        for match in pattern.finditer(text, start, end):
            normal = check(_NOT_PLAIN.sub("", match[1].translate(_PLAIN)))
            if normal:
                yield PersonalNumber(kind, match.start(1), match.end(1), normal)


def _resident_id(number: str) -> str | None:
    # Regions are not looked up: the list grows, and an unknown one is personal all the same.
    if number[6:8] not in {"18", "19", "20"} or ric.calc_check_digit(number) != number[-1]:
        return None
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return None
    return number


def _card(number: str) -> str | None:
    return number if _ISSUER.match(number) and luhn.is_valid(number) else None


def _mobile(number: str) -> str:
    return f"+86{number[-11:]}"


_KINDS: tuple[tuple[re.Pattern[str], Kind, Callable[[str], str | None]], ...] = (
    (_RESIDENT_ID, Kind.RESIDENT_ID, _resident_id),
    (_CARD, Kind.CARD, _card),
    (_SHORT_CARD, Kind.CARD, _card),
    (_MOBILE, Kind.MOBILE, _mobile),
)
