"""Patterns that find in a raw text what an engine found in its tokens.

A character stands for every way it may be written: other case, full width, traditional. What a
pattern finds is compared by its tokens again; the few forms it cannot know (㎡ for m2) are
found by engines and stay unmarked.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from heapq import merge

from service.search import analysis
from service.search.analysis import BREAK, PIECE
from service.search.query import Code, CodePrefix, Node, Phrase, Prefix

#: Where other ways to write a character stand: radicals, punctuation and symbols, compatibility
#: forms, full and half width, superscripts, letters as symbols.
_FORMS = (
    (0x00AA, 0x00C0),
    (0x2070, 0x20A0),
    (0x2100, 0x2190),
    (0x2460, 0x2500),
    (0x2E80, 0x2FE0),
    (0x3000, 0x3400),
    (0xF900, 0xFB00),
    (0xFE30, 0xFFF0),
    (0x2F800, 0x2FA20),
)
_LIGATURES = {"ffi": "ﬃ", "ffl": "ﬄ", "ff": "ﬀ", "fi": "ﬁ", "fl": "ﬂ"}
_LIGATURE = re.compile("|".join(_LIGATURES))

# The classes of `analysis` again, put together of small ones: re builds a table of 64 Ki for each
# class of three or more pieces beyond Latin, which takes longer than marking a page.
_NO_HAN = r"(?![々〇])(?![\u3400-\u4dbf\u4e00-\u9fff])(?![\uf900-\ufaff\U00020000-\U0003ffff])"
_LETTER = rf"(?:{_NO_HAN}[^\W\d_])"
_WORD = rf"(?:{_NO_HAN}[^\W_])"
_SEPARATOR = r"(?:[-_./\\]|(?!-)[\u2010-\u2015\u2212])"

#: What may stand between two tokens: anything that is no token itself.
_GAP = rf"(?:(?!{BREAK})[\W_]){{0,64}}"

#: Words whose patterns are kept: people page on, and ask for the same things.
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing to mark: what it may begin with, what follows, and what is really meant.

    `re` runs to a certain first character ten times as fast as to one of several, and a text
    mostly holds one of the ways to write it.
    """

    heads: tuple[str, ...]
    rest: str
    meant: Callable[[str], bool]
    digits: bool

    def matches(self, text: str) -> Iterable[re.Match[str]]:
        """Return where a text may hold it, from left to right, none overlapping."""
        here = [head for head in self.heads if head in text]
        found = [_compiled(head, self.rest).finditer(text) for head in here]
        return found[0] if len(found) == 1 else _apart(merge(*found, key=re.Match.start))


def _apart(matches: Iterable[re.Match[str]]) -> Iterator[re.Match[str]]:
    end = 0
    for match in matches:
        if match.start() >= end:
            yield match
            end = match.end()


@lru_cache(maxsize=4 * _KEPT)
def _compiled(head: str, rest: str) -> re.Pattern[str]:
    return re.compile(re.escape(head) + rest)


@lru_cache(maxsize=_KEPT)
def wanted(node: Node) -> Wanted | None:
    """Return what to mark for a leaf of a query."""
    match node:
        case Phrase(tokens):
            pattern = _GAP.join(map(_token, ("", *tokens), tokens))
            return _wanted(pattern, "".join(tokens), lambda t: tuple(analysis.tokens(t)) == tokens)
        case Prefix(token):
            pattern = f"{_begun(_written(token), token, _kind(token))}{_kind(token)}*"
            return _wanted(pattern, token, lambda text: analysis.normal(text).startswith(token))
        case Code(code):
            pattern = f"{_code(code)}(?!{_SEPARATOR}?{_WORD})"
            return _wanted(pattern, code, lambda text: analysis.code(text) == code)
        case CodePrefix(code):
            pattern = f"{_code(code)}(?:{_SEPARATOR}?{_WORD})*"
            return _wanted(pattern, code, lambda text: _begins(text, code))
        case _:
            return None


def end_of(text: str, end: int) -> int:
    """Return where a character's combining marks end: with them it is another character."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def _wanted(pattern: str, characters: str, meant: Callable[[str], bool]) -> Wanted:
    digits = any(character.isdecimal() for character in characters)
    first = _character(characters[0])
    if not pattern.startswith(first):  # a ligature
        return Wanted(("",), pattern, meant, digits)
    return Wanted(_ways(characters[0]), pattern.removeprefix(first), meant, digits)


def _token(previous: str, token: str) -> str:
    """Match one token as a whole run; a full piece may go on in the next one."""
    written = _written(token)
    if not re.fullmatch(_WORD, token[0]):
        return written
    if len(previous) != PIECE:
        written = _begun(written, token, _kind(token))
    return written + ("" if len(token) == PIECE else f"(?!{_kind(token)})")


def _begun(written: str, token: str, *before: str) -> str:
    """Say what must not stand before a token.

    It is looked for after the first character where there is one: the pattern then begins with
    that character, which is found several times as fast as a place that something is not before.
    """
    first = _character(token[0])
    if not written.startswith(first):
        return "".join(f"(?<!{one})" for one in before) + written
    return first + "".join(rf"(?<!{one}[\s\S])" for one in before) + written[len(first) :]


def _kind(token: str) -> str:
    return r"\d" if token[0].isdecimal() else _LETTER


def _code(code: str) -> str:
    code = code.lower()
    characters = f"{_SEPARATOR}?".join(map(_character, code))
    return _begun(characters, code, _WORD, f"{_WORD}{_SEPARATOR}")


def _begins(text: str, code: str) -> bool:
    found = analysis.code(text)
    return found is not None and found.startswith(code)


def _written(token: str) -> str:
    """Match a token in every way it is written; ligatures stand for two or three letters."""
    pieces: list[str] = []
    end = 0
    for match in _LIGATURE.finditer(token):
        letters = "".join(map(_character, match[0]))
        pieces += (
            *map(_character, token[end : match.start()]),
            f"(?:{letters}|{_LIGATURES[match[0]]})",
        )
        end = match.end()
    return "".join((*pieces, *map(_character, token[end:])))


@cache
def _character(character: str) -> str:
    """Match one character in every way it is written."""
    ways = _ways(character)
    return f"[{''.join(map(re.escape, ways))}]" if len(ways) > 1 else re.escape(character)


@cache
def _ways(character: str) -> tuple[str, ...]:
    forms = {character, character.upper(), *_other_forms().get(character, "")}
    return tuple(sorted(form for form in forms if len(form) == 1))


@cache
def _other_forms() -> dict[str, str]:
    """Return which characters are read as which one."""
    forms: dict[str, str] = {}
    for code in (code for start, stop in _FORMS for code in range(start, stop)):
        read = analysis.normal(chr(code))
        if len(read) == 1 and read != chr(code):
            forms[read] = forms.get(read, "") + chr(code)
    for code, read in analysis.fold_table().items():
        forms[read] = forms.get(read, "") + chr(code)
    return forms
