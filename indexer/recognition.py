"""What a reader could not read becomes text by recognition, page by page, within limits per page.

A page that fails costs that page a note. A text layer that may lie is compared with what is seen
on one page of its file before it is believed or thrown away.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final

from indexer.extract import OCR
from indexer.extract.result import Extracted, Failed, Note, Page, Reason, Recognition
from indexer.extract.sandbox import Sandbox
from indexer.extract.transcript import TEXT_LIMIT, cleaned
from service import layouts
from service.layouts import Line

_BLANK: Final = re.compile(r"\s+")
#: Of what is seen, so much must also be in the layer, and the other way round.
_ALIKE: Final = 0.5
#: What is seen speaks against a layer only if it is so many characters, and so sure.
_ENOUGH: Final = 20
_SURE: Final = 0.8
_NO_SIDE: Final = 20_000.0
#: Failures of the file as a whole: the next page would fail in the same way.
_WHOLE: Final = frozenset({Reason.PASSWORD, Reason.UNSUPPORTED})
#: What stays true of a file whatever was recognised.
_STAY: Final = frozenset({Note.BROKEN_CHARACTERS, Note.ENCRYPTED})


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as it was recognised."""

    text: str
    lines: tuple[Line, ...]
    width: float
    height: float
    rotation: int
    extractor: str

    @property
    def confidence(self) -> float:
        """Return how sure the lines are on average, by their length; 0 without any."""
        chars = sum(line.end - line.start for line in self.lines)
        said = sum((line.confidence or 0.0) * (line.end - line.start) for line in self.lines)
        return said / chars if chars else 0.0


@dataclass(slots=True)
class Recognised:
    """The text of a file after recognition, and where the recognised lines of its pages stand."""

    extracted: Extracted | Failed
    lines: dict[int, Sequence[Line]] = field(default_factory=dict)

    def within(self, pages: Sequence[str]) -> dict[int, list[Line]]:
        """Return the lines that stand on these pages, of which the last may have been cut off."""
        return {
            no: [line for line in found if line.end <= len(pages[no - 1])]
            for no, found in self.lines.items()
        }


def recognise(
    sandbox: Sandbox,
    media_type: str,
    source: BinaryIO,
    size: int,
    extracted: Extracted,
    *,
    password: str | None = None,
    before_page: Callable[[], None] = lambda: None,
) -> Recognised:
    """Recognise the pages that ask for it; raises what reading `source` raises.

    `before_page` is called before each one, and may raise to end it all.
    """
    if not any(page.recognition for page in extracted.pages):
        return Recognised(extracted)
    recognising = _Recognising(sandbox, media_type, source, size, password, before_page)
    return recognising.whole(extracted)


class _Recognising:
    """One file whose pages are recognised one after the other."""

    def __init__(
        self,
        sandbox: Sandbox,
        media_type: str,
        source: BinaryIO,
        size: int,
        password: str | None,
        before_page: Callable[[], None],
    ) -> None:
        self._before_page = before_page
        self._sandbox = sandbox
        self._source = source
        self._size = size
        self._said: dict[str, Any] = {"type": media_type}
        if password is not None:
            self._said["password"] = password
        self._seen: dict[int, Seen | Failed] = {}
        self._extractor = ""

    def whole(self, extracted: Extracted) -> Recognised:
        pages = self._judged(extracted.pages)
        made = Recognised(extracted)
        for at, page in enumerate(pages):
            if page.recognition is Recognition.READ:
                pages[at] = self._page(page, made)
        wanted = [page for page in pages if page.recognition is Recognition.READ]
        failures = [seen for seen in self._seen.values() if isinstance(seen, Failed)]
        if failures and len(wanted) == len(pages) == len(failures):
            made.extracted = failures[0]
            return made
        made.extracted = self._result(extracted, pages)
        return made

    def _judged(self, pages: Sequence[Page]) -> list[Page]:
        """Believe or throw away the layers that may lie, by the fullest of their pages."""
        doubtful = [page for page in pages if page.recognition is Recognition.COMPARE]
        if not doubtful:
            return list(pages)
        fullest = max(doubtful, key=lambda page: len(page.text))
        seen = self._ask(fullest.no)
        lies = not isinstance(seen, Failed) and _contradicts(seen, fullest.text)
        return [
            (
                replace(page, text="", recognition=Recognition.READ)
                if lies
                else replace(page, recognition=None)
            )
            if page.recognition is Recognition.COMPARE
            else page
            for page in pages
        ]

    def _page(self, page: Page, made: Recognised) -> Page:
        seen = self._ask(page.no)
        if isinstance(seen, Failed):
            return replace(page, note=Note.DAMAGED_PAGE)
        if not seen.text.strip():
            return page
        self._extractor = seen.extractor
        made.lines[page.no] = seen.lines
        note = None if page.note is Note.SUSPECT_LAYER else page.note
        text = _joined(seen.text, page.text)
        page = replace(page, text=text, note=note, origin="ocr", rotation=seen.rotation)
        return replace(page, width=seen.width, height=seen.height)

    def _ask(self, number: int) -> Seen | Failed:
        if number not in self._seen:
            failed = next((f for f in self._seen.values() if _hopeless(f)), None)
            self._seen[number] = failed or self._asked(number)
        return self._seen[number]

    def _asked(self, number: int) -> Seen | Failed:
        self._before_page()
        said = {**self._said, "page": number}
        answer = self._sandbox.ask(OCR, self._source, self._size, said, _no_bytes)
        if isinstance(answer, Failed):
            return answer
        try:
            return seen(answer)
        except (ValueError, TypeError, LookupError):
            return Failed(Reason.KILLED, "bad answer")

    def _result(self, extracted: Extracted, pages: Sequence[Page]) -> Extracted:
        """Return the whole as it is now: within the limit of a document, and what to say of it."""
        room, kept, out = TEXT_LIMIT, [], extracted.truncated
        for page in pages:
            text = page.text[: max(0, room)]
            out += len(page.text) - len(text)
            room -= len(text) + 1
            kept.append(replace(page, text=text, recognition=None))
        notes = list(dict.fromkeys(page.note for page in kept if page.note))
        notes += [note for note in extracted.notes if note in _STAY]
        notes += [Note.TRUNCATED] if out else []
        if not any(page.text.strip() for page in kept):
            notes.append(Note.NO_TEXT)
        recognised = [page for page in kept if page.origin == "ocr"]
        written = [page for page in kept if page.text.strip()]
        origin = "ocr" if recognised and len(recognised) == len(written) else extracted.origin
        extractor = f"{extracted.extractor}, {self._extractor}" if self._extractor else ""
        return Extracted(
            tuple(kept),
            (extractor or extracted.extractor)[:80],
            origin,
            tuple(notes),
            out,
            extracted.holds,
        )


def seen(answer: Mapping[str, Any]) -> Seen:
    """Return what a page's recognition answered; raises `ValueError` for another shape."""
    text = answer["text"]
    if not isinstance(text, str) or cleaned(text) != text or len(text) > TEXT_LIMIT:
        raise ValueError("no text")
    width, height = float(answer["width"]), float(answer["height"])
    if not (0 < width <= _NO_SIDE and 0 < height <= _NO_SIDE):
        raise ValueError("no size")
    rotation = answer["rotation"]
    if rotation not in (0, 90, 180, 270):
        raise ValueError("no rotation")
    found = layouts.checked(answer["lines"], len(text))
    return Seen(text, tuple(found), width, height, int(rotation), str(answer["extractor"])[:60])


def _contradicts(seen: Seen, layer: str) -> bool:
    """Tell whether what is seen is surely something else than what the layer says."""
    ours, theirs = _characters(seen.text), _characters(layer)
    if ours.total() < _ENOUGH or seen.confidence < _SURE:
        return False
    shared = (ours & theirs).total()
    return 2 * shared < _ALIKE * (ours.total() + theirs.total())


def _characters(text: str) -> Counter[str]:
    return Counter(_BLANK.sub("", text))


def _joined(seen: str, before: str) -> str:
    """Return what was seen, with what the reader had found that is not seen: remarks, fields."""
    squeezed = _BLANK.sub("", seen)
    others = [line for line in before.split("\n") if _BLANK.sub("", line) not in squeezed]
    return "\n".join([seen, *others])


def _hopeless(failed: Seen | Failed) -> bool:
    return isinstance(failed, Failed) and failed.reason in _WHOLE


def _no_bytes(_piece: bytes) -> None:
    """Take nothing: recognition sends no bytes."""
