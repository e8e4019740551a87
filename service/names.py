"""Names as lists search them: tokens like the index's, and pinyin for the keyboard."""

from collections.abc import Iterable

from service.search.analysis import tokenized
from service.search.analysis import tokens as tokens_of


def tokens(names: Iterable[str]) -> str:
    """Return the tokens of several names; a phrase never runs from one into the next."""
    return " | ".join(f" {tokenized(name)} " for name in names if name)


def pinyin(names: Iterable[str]) -> str:
    """Return full pinyin and initials of each name, one a line."""
    # its dictionaries take 55 MB and a third of a second, and few processes name anybody
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - see above

    lines = []
    for name in dict.fromkeys(n for n in names if n):
        lines.append("".join(lazy_pinyin(name)).lower())
        lines.append("".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower())
    return "\n".join(lines)


def phrase(text: str) -> str:
    """Return what a LIKE pattern over `tokens` looks for."""
    return " ".join(tokens_of(text))
