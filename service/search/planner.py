"""Decides how a query is asked: synonyms, and what to try when a long phrase finds nothing.

Words and synonyms live here alone: changing them never needs a rebuild of the index.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import ceil

from service.personal_numbers import Blind
from service.search import analysis, query
from service.search.analysis import HAN
from service.search.query import And, AtLeast, Expand, Node, Note, Or, Phrase

#: An unquoted run of so many Han characters may be a question without blanks.
LONG_RUN = 8
#: How many of its words a document must hold at least, in the last attempt.
SHARE = 0.6

#: Other ways to say one phrase, and tokens that they add to a query: engines count clauses.
_MAX_WAYS = 4
_MAX_ADDED = 32

_LONG = re.compile(rf"[{HAN}]{{{LONG_RUN},}}")

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Trees to try in order until one finds something; no step: nothing was asked."""

    steps: tuple[Node, ...]
    notes: tuple[Note, ...] = ()


def plan(text: str, blind: Blind) -> Plan:
    """Read a query and plan how to ask it."""
    whole = query.parse(text, blind, _expand(None))
    if whole.node is None:
        return Plan(())
    ways = (And, _most_of) if _LONG.search(analysis.normal(text[: query.MAX_TEXT])) else ()
    later = [query.parse(text, blind, _expand(way)).node for way in ways]
    steps = dict.fromkeys(node for node in (whole.node, *later) if node is not None)
    return Plan(tuple(steps), whole.notes)


def _expand(long: Callable[[tuple[Node, ...]], Node] | None) -> Expand:
    """Return what an unquoted phrase stands for; `long` puts the words of a long one together."""
    added = 0

    def widened(tokens: Tokens) -> Node:
        nonlocal added
        ways: list[Node] = [Phrase(tokens)]
        for other in _other_ways(tokens):
            added += len(other)
            if added <= _MAX_ADDED and len(ways) < _MAX_WAYS:
                ways.append(Phrase(other))
        return Or(tuple(ways)) if len(ways) > 1 else ways[0]

    def expand(phrase: Phrase, text: str) -> Node:
        words = _words(text) if long else []
        if long and len(words) > 1:
            return long(tuple(widened(word) for word in words))
        return widened(phrase.tokens)

    return expand


def _most_of(words: tuple[Node, ...]) -> Node:
    least = ceil(SHARE * len(words))
    return AtLeast(least, words) if least < len(words) else And(words)


def _words(text: str) -> list[Tokens]:
    """Cut a phrase that holds a long run of Han into words; single characters say little."""
    text = analysis.normal(text)
    if not _LONG.search(text):
        return []
    # its dictionary takes 30 MB, and few processes search
    import rjieba  # noqa: PLC0415 - see above

    words = [tokens for word in rjieba.cut(text) if (tokens := tuple(analysis.tokens(word)))]
    longer = [word for word in words if len(word) > 1 or not re.fullmatch(f"[{HAN}]", word[0])]
    return list(dict.fromkeys(longer or words))


def _other_ways(tokens: Tokens) -> Iterator[Tokens]:
    """Put a synonym in the place of a word, wherever one stands in the phrase."""
    for start in range(len(tokens)):
        for size in range(min(_longest(), len(tokens) - start), 0, -1):
            for other in _synonyms().get(tokens[start : start + size], ()):
                yield tokens[:start] + other + tokens[start + size :]


@cache
def _longest() -> int:
    return max(map(len, _synonyms()))


@cache
def _synonyms() -> dict[Tokens, list[Tokens]]:
    """Return the other words of each word in the file of synonyms."""
    text = resources.files("service.search").joinpath("synonyms.txt").read_text(encoding="utf-8")
    found: dict[Tokens, list[Tokens]] = {}
    for line in text.splitlines():
        group = [tuple(analysis.tokens(word)) for word in line.partition("#")[0].split("=")]
        for word in filter(None, group):
            found.setdefault(word, []).extend(other for other in group if other != word)
    return found
