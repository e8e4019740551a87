"""What comes out of a file: pages of text, or a reason why not."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a file gave nothing. People read a sentence made from the code elsewhere."""

    DAMAGED = "damaged"
    PASSWORD = "password"  # noqa: S105 - a code, no secret
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a code, no secret
    TIMEOUT = "timeout"
    TOO_COMPLEX = "too_complex"
    KILLED = "killed"
    UNSUPPORTED = "unsupported"
    UNKNOWN_CHARSET = "unknown_charset"
    UNPRINTABLE = "unprintable"


class Note(StrEnum):
    """What a person should know about text that was found."""

    NO_TEXT = "no_text"
    SUSPECT_LAYER = "suspect_layer"
    DAMAGED_PAGE = "damaged_page"
    BROKEN_CHARACTERS = "broken_characters"
    TRUNCATED = "truncated"
    ENCRYPTED = "encrypted"


class Recognition(StrEnum):
    """What a reader asks of those who recognise writing in images.

    To read a page that has no text, or none to be believed; or to compare one whose text may lie.
    """

    READ = "read"
    COMPARE = "compare"


@dataclass(frozen=True, slots=True)
class Page:
    """One page: size in points as displayed, rotation in degrees, its text.

    `origin` is where its text comes from, when not from where the whole's does.
    """

    no: int
    text: str
    label: str = ""
    width: float = 0.0
    height: float = 0.0
    rotation: int = 0
    note: Note | None = None
    recognition: Recognition | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a file. `truncated` is the number of characters beyond the limit.

    `holds`: other files are in it. Of a ZIP or a message nobody asks, there are always some.
    """

    pages: tuple[Page, ...]
    extractor: str
    origin: str = "layer"
    notes: tuple[Note, ...] = ()
    truncated: int = 0
    holds: bool = False

    @property
    def text(self) -> str:
        """Return the stored text: pages joined by line ends."""
        return "\n".join(page.text for page in self.pages)

    @property
    def starts(self) -> tuple[int, ...]:
        """Return where each page starts in the text, in code points."""
        starts, at = [], 0
        for page in self.pages:
            starts.append(at)
            at += len(page.text) + 1
        return tuple(starts)


@dataclass(frozen=True, slots=True)
class Failed:
    """The file gave nothing. `detail` is for operators and never holds content."""

    reason: Reason
    detail: str = ""


class Unreadable(Exception):
    """A reader can't read this file, and knows why."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        """Keep the reason, and a detail free of content."""
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
