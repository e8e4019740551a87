"""Suggests values that stand in a text behind their labels: number, date, amount, credit code."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from service.suggesting import Suggestion
from service.suggesting.rules import ValueRule, value_rules

#: Characters of a page that are looked at.
_WITHIN = 8_000
_GAP = r"[\s：:|\t]{0,8}"
#: Full-width signs as half-width ones, one for one: places stay what they are.
_NARROW = str.maketrans(
    {c: chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xFFE5: "¥"}
)

_NUMBER = (
    r"([A-Za-z0-9\u3400-\u9fff〔〕()\[\]]{0,16}"
    r"[A-Za-z0-9][A-Za-z0-9\-_/.〔〕()\[\]]{3,40}(?:\s?号)?)"
)
_CODE = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2,6}-(?:[A-Za-z0-9]+-)+\d{2,6}(?![A-Za-z0-9-])")
_NUMERALS = "〇零一二三四五六七八九"
_DAY = (
    r"((?:19|20)\d\d)\s?(?:年|[-./])\s?(1[0-2]|0?[1-9])"
    r"\s?(?:月|[-./])\s?(3[01]|[12]\d|0?[1-9])(?!\d)"
)
_SPOKEN_DAY = rf"([{_NUMERALS}○]{{4}})年([{_NUMERALS}十]{{1,2}})月([{_NUMERALS}十]{{1,3}})日"
_AMOUNT = (
    r"(?:[¥$€]|人民币|RMB|CNY)?\s?"
    r"(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{3,12}(?:\.\d{1,2})?)\s?(万元|元|万)?"
)
_USCC = r"(?<![0-9A-Z])([159ANY][1-9]\d{6}[0-9A-HJ-NPQRTUWXY]{10})(?![0-9A-Z])"
#: Where the number of a document stands when nothing says that it is one.
_TOP = 400
_CENTS = 100
_TEN_THOUSAND = 10_000
_MOST = 10**15


def suggest(pages: Sequence[str]) -> Iterator[Suggestion]:
    """Yield the first number, day, amount and credit code that stand behind their labels."""
    looked_at = [(n, page[:_WITHIN].translate(_NARROW)) for n, page in enumerate(pages[:3], 1)]
    if len(pages) > len(looked_at):
        looked_at.append((len(pages), pages[-1][-_WITHIN:].translate(_NARROW)))
    rules = value_rules()
    for find in (_number, _dated, _amount, _uscc):
        rule = rules[find.__name__.lstrip("_")]
        if found := find(rule, looked_at):
            yield found


Pages = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A value behind a label: the groups of its pattern, and what the label makes of it."""

    page: int
    label: str
    groups: tuple[str, ...]
    sure: float

    def said(self, what: str, value: str) -> Suggestion:
        label = re.sub(r"\s+", "", self.label)
        return Suggestion(what, value, self.sure, f"“{label}”", self.page)


def _labelled(rule: ValueRule, pattern: str, pages: Pages) -> Iterator[_Found]:
    """Yield what matches behind a label, strong labels before weak ones."""
    for label, sure in rule.labels:
        wanted = re.compile(rf"(?P<label>{label}){_GAP}{pattern}", re.IGNORECASE)
        for number, text in pages:
            for match in wanted.finditer(text):
                yield _Found(number, match["label"], match.groups("")[1:], sure)


def _number(rule: ValueRule, pages: Pages) -> Suggestion | None:
    for found in _labelled(rule, _NUMBER, pages):
        value = _balanced(found.groups[0].rstrip("-_/."))
        if any(c.isdigit() for c in value) and not re.fullmatch(r"[\d.]{1,3}|1[3-9]\d{9}", value):
            return found.said("number", value)
    if pages and (code := _CODE.search(pages[0][1][:_TOP])):
        return Suggestion("number", code[0], rule.bare, f"“{code[0]}”", pages[0][0])
    return None


def _balanced(value: str) -> str:
    """Return a number without the bracket that closes the sentence it stands in."""
    for opening, closing in ("()", "〔〕", "[]"):
        if value.endswith(closing) and value.count(opening) < value.count(closing):
            value = value[:-1]
    return value


def _dated(rule: ValueRule, pages: Pages) -> Suggestion | None:
    for pattern, read in ((_DAY, _day), (_SPOKEN_DAY, _spoken_day)):
        for found in _labelled(rule, pattern, pages):
            if day := read(*found.groups[:3]):
                return found.said("dated", day.isoformat())
    for pattern, read in ((_DAY, _day), (_SPOKEN_DAY, _spoken_day)):
        for page, text in reversed(pages):  # the last day of a document is that of its signing
            for match in reversed(list(re.finditer(pattern, text))):
                if day := read(*match.groups()):
                    return Suggestion("dated", day.isoformat(), rule.bare, f"“{match[0]}”", page)
    return None


def _amount(rule: ValueRule, pages: Pages) -> Suggestion | None:
    for found in _labelled(rule, _AMOUNT, pages):
        digits, unit = found.groups[:2]
        value = Decimal(digits.replace(",", "")) * (_TEN_THOUSAND if unit.startswith("万") else 1)
        cents = int(value * _CENTS)
        if _CENTS <= cents < _MOST:
            return found.said("amount", str(cents))
    return None


def _uscc(rule: ValueRule, pages: Pages) -> Suggestion | None:
    for found in _labelled(rule, _USCC, pages):
        if code := _valid(found.groups[0]):
            return found.said("uscc", code)
    for page, text in pages:
        for match in re.finditer(_USCC, text):
            if code := _valid(match[1]):
                return Suggestion("uscc", code, rule.bare, f"“{code}”", page)
    return None


def _valid(code: str) -> str | None:
    """Return a unified social credit code whose check digit is right (GB 32100)."""
    try:
        return str(uscc.validate(code))
    except ValidationError:
        return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _spoken_day(year: str, month: str, day: str) -> date | None:
    digits = "".join(str(_digit(c)) for c in year)
    return _day(digits, str(_spoken(month)), str(_spoken(day)))


def _digit(numeral: str) -> int:
    return 0 if numeral in "零〇○" else _NUMERALS.index(numeral) - 1


def _spoken(text: str) -> int:
    """Return a number up to 99 as it is spoken: 二十五."""
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _digit(text) if len(text) == 1 else 0
    return (_digit(tens) if tens else 1) * 10 + (_digit(ones) if ones else 0)
