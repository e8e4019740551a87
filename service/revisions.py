"""Texts as they are written: each the next revision of what a version says, in sealed parts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from typing import Protocol

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from service import confidence
from service.confidence import Sure
from service.crypto import seal_text
from service.keystore import Ring
from service.models import Page, Text, TextPart

#: Characters in a part, about; a part ends at a page border where it can.
PART = 64 * 1024


class PageLike(Protocol):
    """A page as the reader gives it: size in points."""

    @property
    def text(self) -> str:
        """Return its text."""

    @property
    def label(self) -> str:
        """Return what it is called when not by its number (a sheet's name)."""

    @property
    def width(self) -> float:
        """Return its width in points; 0 if it has none."""

    @property
    def height(self) -> float:
        """Return its height in points; 0 if it has none."""

    @property
    def rotation(self) -> int:
        """Return its rotation in degrees."""

    @property
    def origin(self) -> str:
        """Return where its text comes from, if not from where that of the whole does."""


def parts_of(pages: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Cut pages joined by line ends into (start, text) parts of about `PART` characters."""
    start, held = 0, ""
    for number, page in enumerate(pages):
        held += page if number == len(pages) - 1 else page + "\n"
        while len(held) > 2 * PART:
            yield start, held[:PART]
            start, held = start + PART, held[PART:]
        if len(held) >= PART:
            yield start, held
            start, held = start + len(held), ""
    if held:
        yield start, held


def seal_parts(
    ring: Ring, version_id: str, text_id: str, pages: Sequence[str]
) -> list[dict[str, object]]:
    """Return the rows of a text's parts, sealed under its version's key."""
    key = ring.version(version_id)
    return [
        {
            "text": text_id,
            "n": n,
            "start": start,
            "chars": len(part),
            "ct": seal_text(key, part, text_id=text_id, part=n),
        }
        for n, (start, part) in enumerate(parts_of(pages))
    ]


class ExtractedLike(Protocol):
    """What was read from a file, as the extraction gives it."""

    @property
    def pages(self) -> Sequence[PageLike]:
        """Return its pages."""

    @property
    def extractor(self) -> str:
        """Return what read it, with its version."""

    @property
    def origin(self) -> str:
        """Return where the text comes from: the file's own, recognised, typed."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Who made a text out of which revision, and which of its pages differ."""

    by: str
    based_on: int
    changed: str


@dataclass(frozen=True, slots=True)
class New:
    """A text to write: what was read, and its parts as `seal_parts` sealed them.

    `sure`: how sure its pages are that were recognised.
    """

    version: str
    id: str
    extracted: ExtractedLike
    parts: list[dict[str, object]]
    sure: Mapping[int, Sure] = field(default_factory=dict)
    correction: Correction | None = None


def put(db: Session, new: Iterable[New]) -> None:
    """Write texts, each as its version's next revision.

    What was read again after somebody had corrected an earlier reading is put aside: it is
    offered, and does not show.
    """
    wanted = list(new)
    if not wanted:
        return
    last = _revisions(db, [text.version for text in wanted])
    corrected = corrected_of(db, list(last))
    rows: list[dict[str, object]] = []
    parts: list[dict[str, object]] = []
    pages: list[dict[str, object]] = []
    now = datetime.now(UTC)
    for text in wanted:
        starts = [0, *accumulate(len(page.text) + 1 for page in text.extracted.pages)]
        aside = text.version in corrected and text.correction is None
        row = _row_of(text, chars=max(0, starts.pop() - 1)) | {"created": now}
        row |= {"revision": last.get(text.version, 0) + 1, "aside": aside or None}
        rows.append(row)
        parts += text.parts
        pages += _pages_of(text, starts)
    db.execute(insert(Text), rows)
    if parts:
        db.execute(insert(TextPart), parts)
    if pages:
        db.execute(insert(Page), pages)


def _row_of(text: New, *, chars: int) -> dict[str, object]:
    made = text.correction
    return {
        "id": text.id,
        "version": text.version,
        "origin": text.extracted.origin,
        "extractor": text.extracted.extractor,
        "chars": chars,
        "confidence": confidence.of_pages(text.sure.values()),
        "created_by": made.by if made else None,
        "based_on": made.based_on if made else None,
        "changed": made.changed if made else None,
    }


def said(pages: Sequence[int]) -> str:
    """Return page numbers in order as a line: "3,7-9"."""
    runs: list[list[int]] = []
    for no in pages:
        if runs and no == runs[-1][-1] + 1:
            runs[-1][1:] = [no]
        else:
            runs.append([no])
    return ",".join("-".join(map(str, run)) for run in runs)


def _pages_of(text: New, starts: Sequence[int]) -> Iterator[dict[str, object]]:
    for no, (page, start) in enumerate(zip(text.extracted.pages, starts, strict=True), 1):
        yield {
            "text": text.id,
            "no": no,
            "start": start,
            "label": page.label[:100],
            "width": page.width or None,
            "height": page.height or None,
            "rotation": page.rotation,
            "origin": page.origin or text.extracted.origin,
            "confidence": text.sure[no].confidence if no in text.sure else None,
            "doubtful": text.sure[no].doubtful if no in text.sure else None,
        }


def _revisions(db: Session, versions: Sequence[str]) -> dict[str, int]:
    newest = select(Text.version, func.max(Text.revision)).group_by(Text.version)
    found = db.execute(newest.where(Text.version.in_(versions))).tuples()
    return dict(found.all())


def corrected_of(db: Session, versions: Sequence[str]) -> frozenset[str]:
    """Return of which of these versions somebody corrected the text."""
    if not versions:
        return frozenset()
    made = select(Text.version).where(Text.version.in_(versions), Text.created_by.is_not(None))
    return frozenset(db.scalars(made))


def read_of(db: Session, versions: Sequence[str]) -> frozenset[str]:
    """Return which of these versions a text was read from."""
    return frozenset(_revisions(db, versions)) if versions else frozenset()
