"""Suggests what a document is from its name and text: kind, title, date, number, amount, code.

The rules are data in `rules.toml`, readable by who files documents. A suggestion says why it is
made and how sure it is; what is less sure than `CERTAIN` a person must confirm, and nothing is
changed by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: Suggestions below this must be confirmed one by one.
CERTAIN = 0.8

#: What can be suggested. The first four are properties of a document, the others are found in it.
KEYS = ("kind", "title", "dated", "number", "amount", "uscc")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value for one property, and why.

    `value` is a code, an ISO day, integer cents or plain text. `confidence` is from 0 to 1;
    `reason` the words that speak for it; `page` where they stand, None for the file's name.
    """

    key: str
    value: str
    confidence: float
    reason: str
    page: int | None = None


def suggest(file_name: str, pages: Sequence[str]) -> list[Suggestion]:
    """Return at most one suggestion for each key, in the order of `KEYS`."""
    from service.suggesting import kinds, values  # noqa: PLC0415 - they are built on this

    found = [*kinds.suggest(file_name, pages), *values.suggest(pages)]
    return sorted(found, key=lambda one: KEYS.index(one.key))
