"""How sure recognised text is: of a page and of a whole text, by the length of their lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.layouts import DOUBTFUL, Line

#: A page, or a whole text, that is less sure than this is worth looking at again.
LOOK_AGAIN = 0.9


@dataclass(frozen=True, slots=True)
class Sure:
    """How sure `chars` code points are on average, between 0 and 1, and the doubtful lines."""

    confidence: float
    chars: int
    doubtful: int


def of_lines(lines: Sequence[Line]) -> Sure | None:
    """Return how sure the lines of a page are; None where nothing was guessed."""
    said = [(line.confidence, line.end - line.start) for line in lines]
    guessed = [(sure, chars) for sure, chars in said if sure is not None]
    chars = sum(chars for _, chars in guessed)
    if not chars:
        return None
    mean = sum(sure * chars for sure, chars in guessed) / chars
    return Sure(round(mean, 4), chars, sum(sure < DOUBTFUL for sure, _ in guessed))


def of_pages(pages: Iterable[Sure]) -> float | None:
    """Return how sure a whole text is; None where nothing was guessed."""
    known = list(pages)
    chars = sum(page.chars for page in known)
    return round(sum(page.confidence * page.chars for page in known) / chars, 4) if chars else None


def is_doubtful(confidence: float | None) -> bool:
    """Say whether a page or a text of this confidence is worth looking at again."""
    return confidence is not None and confidence < LOOK_AGAIN
