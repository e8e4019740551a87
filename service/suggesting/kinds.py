"""Suggests a document's kind and title from its name, its heading and the words in it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from service.suggesting import Suggestion
from service.suggesting.rules import KindRule, kind_rules

#: How much a heading, a name and a word speak for a kind.
HEADING, NAME, WORD, WORDS = 0.85, 0.6, 0.25, 0.6

#: A second kind this near to the first makes both doubtful.
NEAR = 0.12
DOUBTFUL = 0.7

#: Below this a kind is not worth a suggestion.
LEAST = 0.4

#: Lines looked at for a heading, and characters of one.
_LINES = 12
_LONGEST = 40
_WORDS_WITHIN = 12_000
_SPACE = re.compile(r"\s+")
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
#: What stands beside a title in its line: a letterhead, the document's number, the page.
_BESIDE = re.compile(
    r"^.{2,24}有限公司\s*(?=.{3})|\s*第\s*\d+\s*页.*$|\s+[A-Za-z]{1,6}[-_][A-Za-z0-9_-]{4,30}(?=\s|$)"
)
_SENTENCE = re.compile(r"[,。；;!?]|、.*、")
_NO_TITLE = re.compile(r"第\s*\d+\s*页|^\d|[：:。；;]$|[：:].|有限公司$|^\W*$|https?:|@")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LEAST_HAN = 3


@dataclass(slots=True)
class _Case:
    """What speaks for one kind so far."""

    code: str
    doubt: float = 1.0
    reasons: list[str] = field(default_factory=list)
    heading: str = ""
    page: int | None = None

    @property
    def confidence(self) -> float:
        return 1 - self.doubt


def suggest(file_name: str, pages: Sequence[str]) -> Iterator[Suggestion]:
    """Yield the kind that most speaks for, and the title."""
    lines = _heading_lines(pages)
    text = "\n".join(_ends(pages))[:_WORDS_WITHIN]
    stem = unicodedata.normalize("NFKC", file_name)
    cases = sorted(
        (_case(rule, stem, lines, text) for rule in kind_rules()), key=lambda one: one.doubt
    )
    best, second = cases[0], cases[1]
    confidence = best.confidence
    if confidence - second.confidence < NEAR:
        confidence *= DOUBTFUL
    if confidence >= LEAST:
        reason = "、".join(best.reasons)
        yield Suggestion("kind", best.code, round(confidence, 2), reason, best.page)
    yield from _title(best, lines)


def _case(rule: KindRule, stem: str, lines: Sequence[str], text: str) -> _Case:
    case = _Case(rule.code)
    for line in lines:
        if any(p.search(line) for p in rule.heading) and not (
            rule.unless and rule.unless.search(line)
        ):
            case.doubt *= 1 - HEADING
            case.heading, case.page = line, 1
            case.reasons.append(f"“{line}”")
            break
    if (found := _first(rule.name, stem)) and not (rule.unless and rule.unless.search(stem)):
        case.doubt *= 1 - NAME
        case.reasons.append(f"“{found}”")
    words = [found for pattern in rule.text if (found := _first((pattern,), text))]
    if words:
        case.doubt *= 1 - min(WORDS, 1 - (1 - WORD) ** len(words))
        case.reasons += [f"“{word}”" for word in words[:3]]
        case.page = case.page or 1
    return case


def _first(patterns: Sequence[re.Pattern[str]], text: str) -> str:
    for pattern in patterns:
        if match := pattern.search(text):
            return match[0]
    return ""


def _heading_lines(pages: Sequence[str]) -> list[str]:
    """Return the first short lines, their blanks closed up as titles are often spaced out."""
    found: list[str] = []
    for line in (pages[0] if pages else "")[:4_000].split("\n"):
        plain = _SPACE.sub(" ", unicodedata.normalize("NFKC", line)).strip(" #*—-=|")
        plain = _BESIDE.sub("", _BETWEEN_HAN.sub("", plain)).strip()
        if plain and len(plain) <= _LONGEST and not _SENTENCE.search(plain):
            found.append(plain)
        if len(found) == _LINES:
            break
    return found


def _ends(pages: Sequence[str]) -> Iterator[str]:
    """Yield the pages that say most: the first two and the last."""
    yield from pages[:2]
    yield from pages[2:][-1:]


def _title(best: _Case, lines: Sequence[str]) -> Iterator[Suggestion]:
    """Yield the heading that tells the kind, else the first line that looks like one."""
    if best.heading and not re.search(r"[：:]$", best.heading):
        yield Suggestion("title", best.heading, 0.75, f"“{best.heading}”", 1)
        return
    for line in lines[:4]:
        if len(_HAN.findall(line)) >= _LEAST_HAN and not _NO_TITLE.search(line):
            yield Suggestion("title", line, 0.6, f"“{line}”", 1)
            return
