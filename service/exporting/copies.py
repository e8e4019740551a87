"""Watermarked copies: what stands on every page of one, and what whoever draws them answers."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from service.archive import Call
from service.exporting import listing
from service.exporting.rows import Row
from service.spool import Spool


@dataclass(frozen=True, slots=True)
class Mark:
    """Who took a copy away, when, and the entry of the log under which they asked for it."""

    name: str
    department: str
    made: datetime
    event: int | None

    @property
    def line(self) -> str:
        """Return what is burnt into the pages."""
        said = (
            self.name,
            listing.word("department", self.department),
            f"{self.made:%Y-%m-%d %H:%M}",
            f"{listing.text('entry')} {self.event}" if self.event else "",
        )
        return "  ".join(one for one in said if one)


class Of(StrEnum):
    """What the pages of a copy show."""

    PAGES = "pages"
    #: sheets of the text: the document has no pages, or they could not all be drawn
    TEXT = "text"


class LeftOut(StrEnum):
    """Why there is no copy of a document."""

    MISSING = "missing"
    #: neither pages nor text
    NO_PAGES = "no_pages"
    NO_FONT = "no_font"
    TOO_MANY_PAGES = "too_many_pages"
    #: all copies of the set have as many pages as they may
    SET_FULL = "set_full"


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was made, a PDF."""

    file: Spool
    pages: int
    of: Of


class Copier(Protocol):
    """Makes copies."""

    def __call__(
        self, call: Call, row: Row, mark: Mark, held: ExitStack, most: int
    ) -> Copied | LeftOut:
        """Make a copy of at most `most` pages, closed with `held`; raises `Corrupt`.

        Whatever it answers is a copy with the mark on every page, or none at all.
        """
