"""Finds personal numbers in a text: resident id, mobile and bank card numbers.

They never enter the text index: a masked number could be read out digit by digit through hit
counts. The index holds a break token in their place and a keyed hash (`Blind`) beside it.
What is not found here is indexed as text: better one harmless number too many than one missed.
Whoever changes what is found raises `VERSION`: an index of another version must be rebuilt.

A number may be written in groups (blanks, hyphens, dots, slashes between them), hold characters
that nobody sees, and go on in the next line. In a column of numbers only a check digit tells
that two lines are one number, and only that of a resident id is trusted to.
"""

import hashlib
import hmac
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from stdnum import luhn, numdb
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

#: What is found; part of what an index was built with.
VERSION = "2"

#: Stands in an indexed text where a personal number was.
BREAK = "\ue000"

#: No number is longer than this, separators, line ends and unseen characters included.
LONGEST = 128

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

    `normal` is 18 characters in upper case, +86 and 11 digits, or the digits of a card. A
    resident id of 15 digits, as they were given until 1999, has the 18 characters that replaced
    it: the century 19 and the check digit follow from it, so either form finds the other.
    """

    kind: Kind
    start: int
    end: int
    normal: str


_D = "[0-9０-９]"
_BLANK = r" \u00a0\u2000-\u200a\u202f\u205f\u3000"
_SIGN = r"\-－\u2010-\u2015\u2212."
#: Soft hyphens, marks of joining and of direction: they take no room on a page.
_UNSEEN = r"\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
_END = r"\n\r\x0b\x0c\x85\u2028\u2029"

#: Between two groups of digits. More than one blank and slashes stand between the cells of a
#: table, dates, and different numbers too: they count where all groups are told apart by them,
#: or where the number says by itself that it is one.
_S = rf"[{_BLANK}{_SIGN}]?"
_SOME = rf"[{_BLANK}{_SIGN}/／]{{1,4}}"
_ANY = rf"[{_BLANK}{_SIGN}/／]{{0,4}}"
_NEXT_LINE = rf"[{_BLANK}{_UNSEEN}]{{0,4}}(?:\r\n|[{_END}])[{_BLANK}{_UNSEEN}]{{0,12}}"

_BETWEEN = rf"+＋XxＸｘ/／{_BLANK}{_SIGN}{_UNSEEN}{_END}"

#: Runs of digits and separators with enough digits for a number; the rest is not looked at. The
#: first look is a quick one, and nothing is tried twice: most digits of a text are dates and sums.
_CLUSTER = re.compile(
    rf"[+＋0-9０-９](?=[0-9０-９{_BETWEEN}]{{10}})"
    + rf"[{_BETWEEN}]{{0,24}}+{_D}" * 10
    + rf"[0-9０-９{_BETWEEN}]*+"
)


def _starting(pattern: str) -> re.Pattern[str]:
    """Match at every place where a run of digits begins, overlapping ones too."""
    return re.compile(rf"(?<!{_D})(?=({pattern})(?!{_D}))")


#: Place, year, day, number of that day. What is no date costs no sum.
_PLACE = rf"[1-9１-９]{_D}{{5}}"
_YEAR = rf"[12１２][089０８９]{_D}{{2}}"
_DAY = rf"[01０１]{_D}[0-3０-３]{_D}"

_RESIDENT_ID = _starting(rf"{_PLACE}{_ANY}{_YEAR}{_ANY}{_DAY}{_ANY}{_D}{{3}}[0-9０-９XxＸｘ]")
#: The same with anything between its digits; see `_broken_ids`.
_BROKEN_ID = _starting(
    r"\D{0,24}".join(
        (
            *(*[_D] * 6, "[12１２]", "[089０８９]", _D, _D),
            *("[01０１]", _D, "[0-3０-３]", _D, _D, _D, _D, "[0-9０-９XxＸｘ]"),
        )
    )
)
_OLD_ID = _starting(
    rf"{_PLACE}{_D}{{2}}{_DAY}{_D}{{3}}|{_PLACE}{_SOME}{_D}{{2}}{_DAY}{_SOME}{_D}{{3}}"
)
_CARD = _starting(
    rf"[2-69２-６９]{_D}{{3}}(?:"
    rf"(?:{_S}{_D}{{4}}){{3}}(?:{_S}{_D}{{1,3}})?|(?:{_SOME}{_D}{{4}}){{3}}(?:{_SOME}{_D}{{1,3}})?"
    rf"|{_D}{{2}}[{_BLANK}{_SIGN}]{_D}{{10,13}})"
)
_SHORT_CARD = _starting(
    rf"[2-69２-６９]{_D}{{3}}(?:(?:{_S}{_D}{{4}}){{3}}|(?:{_SOME}{_D}{{4}}){{3}})"
)
_MOBILE = _starting(
    rf"(?:(?:[+＋]|[0０]{{2}})?[8８][6６]{_ANY}|[0０])?[1１][3-9３-９]{_D}(?:"
    rf"{_S}{_D}{{4}}{_S}{_D}{{4}}|{_S}{_D}{{3}}{_S}{_D}{{5}}"
    rf"|{_D}{_S}{_D}{{3}}{_S}{_D}{{4}}|{_D}{{2}}{_S}{_D}{{3}}{_S}{_D}{{3}}"
    rf"|{_SOME}{_D}{{4}}{_SOME}{_D}{{4}}|{_SOME}{_D}{{3}}{_SOME}{_D}{{5}}"
    rf"|{_D}{_SOME}{_D}{{3}}{_SOME}{_D}{{4}})"
)
#: UnionPay, Visa, Mastercard, JCB, and the first Chinese cards.
_ISSUER = re.compile(r"4|5[1-5]|2[2-7]|35|6|9[45]")

_PLAIN = str.maketrans("０１２３４５６７８９ｘＸx", "0123456789XXX")
_NOT_PLAIN = re.compile("[^0-9X]")
_DIGITS = frozenset("0123456789０１２３４５６７８９")

_HIDDEN = re.compile(f"[{_UNSEEN}]")
_LINE_END = re.compile(f"[{_END}]")
_SPACE = re.compile(f"[{_BLANK}{_UNSEEN}]")
_BROKEN_LINE = re.compile(_NEXT_LINE)
#: Where a line of digits goes on in the next one.
_JOINT = re.compile(rf"{_NEXT_LINE}(?=[0-9０-９XxＸｘ])")
_LINE_ENDS = re.compile(rf"[{_BLANK}{_UNSEEN}]*(?:[{_END}]|\Z)")
#: Behind the digits a line begins with: they are an amount, a date or a cell of a table.
_COUNTED = re.compile(rf"[{_BLANK}]?[年月日元万亿个台套件%％\t|;]|[.,]\S")

#: So many lines of digits alone, one below the other, are a column.
_COLUMN = 3
#: A resident id may be broken in a narrow cell more than once.
_ID_LINES = 2


def find(text: str, start: int = 0, end: int = sys.maxsize) -> list[PersonalNumber]:
    """Return the personal numbers in a text from left to right; none overlaps another.

    `start` and `end` narrow down where to look; give them room for a whole number.
    """
    found: list[PersonalNumber] = []
    for cluster in _CLUSTER.finditer(text, start, end):
        found += _chosen(_candidates(text, *cluster.span()), *cluster.span())
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


@dataclass(frozen=True, slots=True)
class _Candidate:
    """What may be a number. Where two overlap, the one of the lower rank is meant."""

    rank: int
    number: PersonalNumber


_CERTAIN, _WRITTEN, _GROUPED, _BROKEN = range(4)


def _chosen(candidates: Iterable[_Candidate], start: int, end: int) -> list[PersonalNumber]:
    """Return the best of the candidates between two places of a text, none overlapping."""
    ordered = sorted(candidates, key=lambda c: (c.rank, c.number.start, -c.number.end))
    taken = bytearray(end - start if ordered else 0)
    chosen: list[PersonalNumber] = []
    for number in (candidate.number for candidate in ordered):
        first, last = number.start - start, number.end - start
        if taken.find(1, first, last) < 0:
            taken[first:last] = bytes([1]) * (last - first)
            chosen.append(number)
    return sorted(chosen, key=lambda number: number.start)


def _candidates(text: str, start: int, end: int) -> Iterator[_Candidate]:
    yield from _written(text, start, end)
    if _HIDDEN.search(text, start, end):
        yield from _seen(text, range(start, end))
    if joints := [joint.span() for joint in _JOINT.finditer(text, start, end)]:
        yield from _broken_ids(text, start, end)
        yield from _broken_numbers(text, start, end, joints)


def _written(text: str, start: int, end: int) -> Iterator[_Candidate]:
    """Yield what stands in one line, with nothing hidden in it."""
    for patterns, kind, check in _KINDS:
        for place in patterns[0].finditer(text, start, end):
            for pattern in patterns:
                match = pattern.match(text, place.start(), end)
                if match and (normal := check(digits := _digits(match[1]))):
                    number = PersonalNumber(kind, match.start(1), match.end(1), normal)
                    yield _Candidate(_rank(number, digits), number)
                    break


def _digits(written: str) -> str:
    return _NOT_PLAIN.sub("", written.translate(_PLAIN))


def _rank(number: PersonalNumber, digits: str) -> int:
    if number.kind is Kind.RESIDENT_ID and digits == number.normal:
        return _CERTAIN
    # a landline and a mobile side by side may look like a card in groups
    grouped = number.kind is Kind.CARD and number.end - number.start > len(digits)
    return _GROUPED if grouped else _WRITTEN


def _seen(text: str, places: Sequence[int]) -> Iterator[_Candidate]:
    """Yield what the characters at these places say without the hidden ones among them."""
    hidden = set(_HIDDEN.findall("".join(text[place] for place in places)))
    kept = [place for place in places if text[place] not in hidden]
    shown = "".join(text[place] for place in kept)
    for found in _written(shown, 0, len(shown)):
        number = found.number
        first, last = kept[number.start], kept[number.end - 1] + 1
        yield _Candidate(found.rank, replace(number, start=first, end=last))


def _broken_ids(text: str, start: int, end: int) -> Iterator[_Candidate]:
    """Yield resident ids that go on in the next line, in columns too: they tell by themselves."""
    for match in _BROKEN_ID.finditer(text, start, end):
        joined, lines = _BROKEN_LINE.subn("", match[1])
        if not 1 <= lines <= _ID_LINES:
            continue
        joined = _HIDDEN.sub("", joined)
        whole = [found for found in _written(joined, 0, len(joined)) if found.rank == _CERTAIN]
        if whole and whole[0].number.end - whole[0].number.start == len(joined):
            number = replace(whole[0].number, start=match.start(1), end=match.end(1))
            yield _Candidate(_CERTAIN, number)


def _broken_numbers(
    text: str, start: int, end: int, joints: Sequence[tuple[int, int]]
) -> Iterator[_Candidate]:
    """Yield numbers that go on in the next line, where those lines are no column of numbers."""
    while text[end - 1] not in _DIGITS:
        end -= 1
    borders = [start, *(place for joint in joints for place in joint), end]
    looked_at: Collection[int] = range(len(joints))
    if len(joints) + 1 >= _COLUMN:
        looked_at = _outside_columns(text, start, end, len(joints))
    for which in looked_at:
        first, stop, again, last = borders[2 * which : 2 * which + 4]
        if text[again:last].isdecimal() and _COUNTED.match(text, last):
            continue
        for found in _seen(text, [*range(first, stop), *range(again, last)]):
            number = found.number
            if number.start < stop and number.end > again and not _COUNTED.match(text, number.end):
                yield _Candidate(_BROKEN, number)


def _outside_columns(text: str, start: int, end: int, joints: int) -> Collection[int]:
    """Return which joints may break a number: of a column only one that has other text beside."""
    opens, closes = _begins_line(text, start), bool(_LINE_ENDS.match(text, end))
    if joints + 1 - (not opens) - (not closes) < _COLUMN:
        return range(joints)
    return [*([] if opens else [0]), *([] if closes else [joints - 1])]


def _begins_line(text: str, start: int) -> bool:
    """Say whether nothing but blanks stands before this place in its line."""
    while start and _SPACE.match(text, start - 1):
        start -= 1
    return not start or bool(_LINE_END.match(text, start - 1))


def _resident_id(number: str) -> str | None:
    # Regions are not looked up: the list grows, and an unknown one is personal all the same.
    if number[6:8] not in {"18", "19", "20"} or ric.calc_check_digit(number) != number[-1]:
        return None
    return number if _is_born(number) else None


def _old_id(number: str) -> str | None:
    """Return the 18 characters of a resident id of 15 digits, which has no check digit.

    Its region must be one there was: no such id was given since 1999, the list does not grow.
    """
    if not any(place.get("county") for _, place in numdb.get("cn/loc").info(number[:6])):
        return None
    longer = f"{number[:6]}19{number[6:]}"
    return longer + ric.calc_check_digit(f"{longer}0") if _is_born(longer) else None


def _is_born(number: str) -> bool:
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return False
    return True


def _card(number: str) -> str | None:
    return number if _ISSUER.match(number) and luhn.is_valid(number) else None


def _mobile(number: str) -> str:
    return f"+86{number[-11:]}"


#: Where the first pattern finds what is no number, the next one is tried at the same place.
_KINDS: tuple[tuple[tuple[re.Pattern[str], ...], Kind, Callable[[str], str | None]], ...] = (
    ((_RESIDENT_ID,), Kind.RESIDENT_ID, _resident_id),
    ((_OLD_ID,), Kind.RESIDENT_ID, _old_id),
    ((_CARD, _SHORT_CARD), Kind.CARD, _card),
    ((_MOBILE,), Kind.MOBILE, _mobile),
)
