"""What a person typed, read into a tree that an engine can match; it never raises.

Words are all wanted (`合同 付款`), quotation marks make a phrase, `-word` is not wanted,
`a OR b` is either (it binds closer than the blank), a trailing `*` continues the last word of
letters or digits. Full-width forms and Chinese quotation marks work. Words become phrases over
the tokens of `analysis`; a personal number becomes its blind token and nothing else.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from service import personal_numbers
from service.personal_numbers import Blind
from service.search import analysis
from service.search.analysis import BREAK

#: Characters read, tokens of one phrase, tokens of one query; what is beyond is left out.
MAX_TEXT = 2_000
MAX_PHRASE = 64
MAX_QUERY = 256
#: Letters or digits that must stand before a `*`.
MIN_PREFIX = 2


@dataclass(frozen=True, slots=True)
class Phrase:
    """These tokens, one directly after the other, in title, customer or body."""

    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """A token that begins like this."""

    token: str


@dataclass(frozen=True, slots=True)
class Code:
    """A word of letters and digits without its separators: KR210."""

    code: str


@dataclass(frozen=True, slots=True)
class CodePrefix:
    """The beginning of such a word."""

    code: str


@dataclass(frozen=True, slots=True)
class BlindToken:
    """A personal number: engines see the token, only highlighting sees the number."""

    token: str
    number: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of these."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """At least `least` of these."""

    least: int
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Everything but this."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class Nothing:
    """What was typed holds nothing that could be found."""


Node = Phrase | Prefix | Code | CodePrefix | BlindToken | And | Or | AtLeast | Not | Nothing

#: Says what an unquoted phrase, written like this, stands for.
Expand = Callable[[Phrase, str], Node]


class Note(StrEnum):
    """What was left out of a query; the value is the sentence people read."""

    QUERY_CUT = "The query is very long: only its beginning was searched."
    PHRASE_CUT = "A phrase is very long: only its beginning was searched."
    PREFIX_SHORT = "A * needs at least two letters or digits before it and was left out."
    NOTHING = "There is nothing to search for in these characters."


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree of a query and what was left out of it; `node` None: nothing was asked."""

    node: Node | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class _Word:
    """One thing typed. Personal numbers in `text` are breaks, listed in `numbers`."""

    text: str
    numbers: tuple[BlindToken, ...]
    quoted: bool
    unwanted: bool
    starred: bool


#: People mix these, so any of them closes any other.
_QUOTE = '"＂“”„‟〝〞'
_STAR = "*＊"
_ITEM = re.compile(
    rf"(?P<minus>[-－−])?(?:"
    rf"[{_QUOTE}](?P<quote>[^{_QUOTE}]*)(?:[{_QUOTE}](?P<star>[{_STAR}])?|$)"
    rf"|[「『](?P<corner>[^」』]*)(?:[」』](?P<cornerstar>[{_STAR}])?|$)"
    rf"|(?P<word>[^\s{_QUOTE}「」『』，、；。！？]+))"
)
_OR = frozenset({"OR", "ＯＲ", "|", "｜"})


def as_typed(phrase: Phrase, text: str) -> Node:  # noqa: ARG001 - an `Expand`
    """Leave a phrase as it was typed."""
    return phrase


def parse(text: str, blind: Blind, expand: Expand = as_typed) -> Parsed:
    """Read a query. `blind` makes tokens of personal numbers, `expand` may widen words."""
    text = text.strip()
    if not text:
        return Parsed(None)
    reader = _Reader(expand, cut=len(text) > MAX_TEXT)
    node = reader.read(text[:MAX_TEXT], blind)
    return Parsed(node, tuple(note for note in Note if note in reader.notes))


def leaves(node: Node | None) -> Iterator[Node]:
    """Return the wanted leaves of a tree: what a hit may be shown for."""
    match node:
        case And(nodes) | Or(nodes) | AtLeast(_, nodes):
            for inner in nodes:
                yield from leaves(inner)
        case Not() | Nothing() | None:
            return
        case _:
            yield node


class _Reader:
    """Reads one query, counting what it may still take."""

    def __init__(self, expand: Expand, *, cut: bool) -> None:
        self._expand = expand
        self._left = MAX_QUERY
        self.notes: set[Note] = {Note.QUERY_CUT} if cut else set()

    def read(self, text: str, blind: Blind) -> Node:
        wanted: list[list[Node]] = []
        joined = False
        for word in _words(text, blind):
            node = None if word is None else self._node(word)
            if word is None:
                joined = bool(wanted)
            elif node is not None:
                if not joined:
                    wanted.append([])
                wanted[-1].append(node)
                joined = False
        if wanted:
            return _all([_any(either) for either in wanted])
        self.notes.add(Note.NOTHING)
        return Nothing()

    def _node(self, word: _Word) -> Node | None:
        parts: list[Node] = []
        numbers = iter(word.numbers)
        pieces = word.text.split(BREAK)
        for position, piece in enumerate(pieces):
            if position:
                parts += self._number(next(numbers))
            starred = word.starred and position == len(pieces) - 1
            parts += self._beginning(piece, word) if starred else self._phrase(piece, word)
        if not parts:
            return None
        node = _all(parts)
        return Not(node) if word.unwanted else node

    def _number(self, number: BlindToken) -> list[Node]:
        if not self._left:
            self.notes.add(Note.QUERY_CUT)
            return []
        self._left -= 1
        return [number]

    def _phrase(self, text: str, word: _Word) -> list[Node]:
        tokens = self._limited(analysis.tokens(text))
        if not tokens:
            return []
        if word.quoted or word.unwanted:
            node: Node = Phrase(tokens)
        else:
            node = self._expand(Phrase(tokens), text)
        code = None if word.quoted else analysis.code(text)
        return [node if code is None else Or((node, Code(code)))]

    def _beginning(self, text: str, word: _Word) -> list[Node]:
        """Read what stands before a `*`: its last word of letters and digits may go on.

        What stands before that word is wanted too, but not directly before it: an engine would
        have to try every continuation as a phrase.
        """
        head, tail = analysis.last_word(text)
        tokens, code = analysis.tokens(tail), analysis.code(tail)
        if not tokens:
            return self._phrase(text, word)  # A Han character is a token that never goes on.
        if code is None and len(tokens[-1]) < MIN_PREFIX:
            self.notes.add(Note.PREFIX_SHORT)
            return self._phrase(text, word)
        nodes = self._phrase(head, word)
        kept = self._limited(tokens)
        if not kept:
            return nodes
        if code is not None:
            return [*nodes, Or((Phrase(kept), CodePrefix(code)))]
        return [*nodes, *([Phrase(kept[:-1])] if kept[1:] else []), Prefix(kept[-1])]

    def _limited(self, tokens: list[str]) -> tuple[str, ...]:
        if len(tokens) > MAX_PHRASE:
            self.notes.add(Note.PHRASE_CUT)
        kept = tokens[:MAX_PHRASE]
        if len(kept) > self._left:
            self.notes.add(Note.QUERY_CUT)
        kept = kept[: self._left]
        self._left -= len(kept)
        return tuple(kept)


def _words(text: str, blind: Blind) -> Iterator[_Word | None]:
    """Cut a query into what was typed; None is the word OR."""
    text = text.replace(BREAK, " ")
    numbers = personal_numbers.find(text)
    tokens = iter([BlindToken(blind(n.kind, n.normal), n.normal) for n in numbers])
    for number in reversed(numbers):
        text = f"{text[: number.start]}{BREAK}{text[number.end :]}"
    for item in _ITEM.finditer(text):
        bare = item["word"]
        if bare in _OR and not item["minus"]:
            yield None
            continue
        inside = bare if bare is not None else (item["quote"] or item["corner"] or "")
        yield _Word(
            text=inside.rstrip(_STAR) if bare else inside,
            numbers=tuple(next(tokens) for _ in range(inside.count(BREAK))),
            quoted=bare is None,
            unwanted=bool(item["minus"]),
            starred=bare[-1] in _STAR if bare else bool(item["star"] or item["cornerstar"]),
        )


def _all(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def _any(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))
