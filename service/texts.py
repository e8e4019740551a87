"""The text that was read from documents: stored in sealed parts, shown page by page with marks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from sqlalchemy import ColumnElement, Select, String, Table, bindparam, func, insert, select
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from service import readings
from service.archive import Call
from service.crypto import seal_text, unseal_text
from service.documents import Held, hold, shown_version, version_of, versions_of
from service.keystore import Ring
from service.models import Page, Text, TextPart, Version
from service.personal_numbers import Blind, token
from service.search import highlight, planner

#: Characters in a part, about; a part ends at a page border where it can.
PART = 64 * 1024

_TEXT = cast("Table", Text.__table__)
_PART = cast("Table", TextPart.__table__)
_PAGE = cast("Table", Page.__table__)
_OTHER = _TEXT.alias()


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


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text; `hit` numbers the marked ones from 1."""

    text: str
    hit: int | None = None


@dataclass(frozen=True, slots=True)
class PageText:
    """One page as text, cut into plain and marked segments."""

    n: int
    label: str
    segments: tuple[Segment, ...]
    hits: int

    @property
    def text(self) -> str:
        """Return the page's plain text."""
        return "".join(s.text for s in self.segments)


@dataclass(frozen=True, slots=True)
class TextView:
    """A version's text as its page shows it."""

    version: str
    version_no: int
    pages: tuple[PageText, ...]
    hits: int


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
class New:
    """A text to write: what was read, and its parts as `seal_parts` sealed them."""

    version: str
    id: str
    extracted: ExtractedLike
    parts: list[dict[str, object]]


def put(db: Session, new: Iterable[New]) -> None:
    """Write texts, each as its version's next revision."""
    wanted = list(new)
    if not wanted:
        return
    last = _revisions(db, [text.version for text in wanted])
    rows: list[dict[str, object]] = []
    parts: list[dict[str, object]] = []
    pages: list[dict[str, object]] = []
    now = datetime.now(UTC)
    for text in wanted:
        starts, at = [], 0
        for page in text.extracted.pages:
            starts.append(at)
            at += len(page.text) + 1
        rows.append(
            {
                "id": text.id,
                "version": text.version,
                "revision": last.get(text.version, 0) + 1,
                "origin": text.extracted.origin,
                "extractor": text.extracted.extractor,
                "chars": max(0, at - 1),
                "created": now,
            }
        )
        parts += text.parts
        pages += _pages_of(text, starts)
    db.execute(insert(Text), rows)
    if parts:
        db.execute(insert(TextPart), parts)
    if pages:
        db.execute(insert(Page), pages)


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
        }


def _revisions(db: Session, versions: Sequence[str]) -> dict[str, int]:
    newest = select(_TEXT.c.version, func.max(_TEXT.c.revision)).group_by(_TEXT.c.version)
    found = db.execute(newest.where(_TEXT.c.version.in_(versions))).tuples()
    return dict(found.all())


def read_of(db: Session, versions: Sequence[str]) -> frozenset[str]:
    """Return which of these versions a text was read from."""
    return frozenset(_revisions(db, versions)) if versions else frozenset()


def newest_id(db: Session, version_id: str) -> str | None:
    """Return the id of a version's newest text."""
    row = db.execute(_NEWEST, {"versions": [version_id]}).all()
    return row[-1].id if row else None


@dataclass(frozen=True, slots=True)
class Stored:
    """A version's newest text, its first part still sealed: most texts have no other."""

    id: str
    version: str
    chars: int
    first: bytes | None
    page_starts: tuple[int, ...] = ()


_NEWEST = (
    select(_TEXT.c.version, _TEXT.c.id, _TEXT.c.chars)
    .where(_TEXT.c.version.in_(bindparam("versions", expanding=True)))
    .order_by(_TEXT.c.revision)
)
_NEXT = select(_PART.c.ct).where(_PART.c.text == bindparam("text"), _PART.c.n == bindparam("n"))
#: as one line: a page of long documents has a thousand of them, and a row each takes its time
_STARTS = (
    select(func.aggregate_strings(cast_to(_PAGE.c.start, String), ","))
    .where(_PAGE.c.text == _TEXT.c.id, _PAGE.c.start < bindparam("below"))
    .scalar_subquery()
)
_BEGUN = _NEWEST.add_columns(_PART.c.ct, _STARTS.label("starts")).outerjoin_from(
    _TEXT, _PART, (_PART.c.text == _TEXT.c.id) & (_PART.c.n == 0)
)


def stored(db: Session, versions: Sequence[str], *, starts_below: int = 0) -> dict[str, Stored]:
    """Return version → its newest text, with the starts of its pages up to a limit."""
    rows = db.execute(_BEGUN, {"versions": versions, "below": starts_below})
    return {
        row.version: Stored(row.id, row.version, row.chars, row.ct, _numbers(row.starts))
        for row in rows
    }


def beside(rows: Select[Any], version: ColumnElement[str]) -> Select[Any]:
    """Add to a query the newest text of each row's version, for `of_row`.

    The parameter `below` limits which starts of pages come along.
    """
    newest = (
        select(func.max(_OTHER.c.revision)).where(_OTHER.c.version == version).scalar_subquery()
    )
    text = (_TEXT.c.version == version) & (_TEXT.c.revision == newest)
    return (
        rows.add_columns(_TEXT.c.id, _TEXT.c.chars, _PART.c.ct, _STARTS)
        .outerjoin(_TEXT, text)
        .outerjoin(_PART, (_PART.c.text == _TEXT.c.id) & (_PART.c.n == 0))
    )


def of_row(
    version: str, text: str | None, chars: int, first: bytes | None, starts: str | None
) -> Stored | None:
    """Return the text that the columns of `beside` tell of; None where none was read."""
    return Stored(text, version, chars, first, _numbers(starts)) if text else None


def _numbers(line: str | None) -> tuple[int, ...]:
    return tuple(sorted(map(int, line.split(",")))) if line else ()


def open_parts(db: Session, ring: Ring, text: Stored) -> Iterator[tuple[int, str]]:
    """Open a text's parts one by one: (start in code points, text)."""
    key = ring.version(text.version)
    sealed, start, n = text.first, 0, 0
    while sealed is not None:
        part = unseal_text(key, sealed, text_id=text.id, part=n)
        yield start, part
        start, n = start + len(part), n + 1
        unread = start < text.chars
        sealed = db.execute(_NEXT, {"text": text.id, "n": n}).scalar() if unread else None


def whole(db: Session, ring: Ring, version_id: str) -> str:
    """Return a version's newest text."""
    found = stored(db, [version_id]).get(version_id)
    return "".join(part for _, part in open_parts(db, ring, found)) if found else ""


def read(call: Call, document_id: str, *, version_no: int | None = None, q: str = "") -> TextView:
    """Return a document's text by pages, with the hits of `q` marked; starts a reading."""
    db = call.db
    held = hold(call, db, document_id)
    version = version_shown(db, held, version_no)
    call.about(version=version.id)
    call.touched(document_id, "opened")
    call.returned([document_id])
    readings.begin(call, version.id)
    text = whole(db, call.ring, version.id)
    text_id = newest_id(db, version.id)
    marks = marks_of(call, text, q)
    pages = _pages(db, text, text_id, marks)
    return TextView(version.id, version.no, pages, len(marks))


def version_shown(db: Session, held: Held, version_no: int | None) -> Version:
    """Return the version asked for; without a number the one the document shows."""
    if version_no is not None:
        return version_of(db, held, version_no)
    rows = versions_of(db, held.document.id)
    return shown_version(rows) or rows[0]


def marks_of(call: Call, text: str, q: str) -> list[tuple[int, int]]:
    """Return what to mark in a text for the words somebody typed, as (start, end)."""
    if not q.strip() or not text:
        return []
    node = planner.plan(q, blinder(call.ring)).steps
    for step in node:
        marks = highlight.marks(text, step)
        if marks:
            return marks
    return []


def blinder(ring: Ring) -> Blind:
    """Return what makes blind tokens of personal numbers, under this archive's keys."""

    def blind(kind: str, normal: str) -> str:
        return token(ring.blind(kind), kind, normal)

    return blind


def _pages(
    db: Session, text: str, text_id: str | None, marks: list[tuple[int, int]]
) -> tuple[PageText, ...]:
    if text_id is None:
        return ()
    rows = db.execute(
        select(Page.no, Page.start, Page.label).where(Page.text == text_id).order_by(Page.no)
    ).all()
    pages, hit = [], 0
    for i, (no, start, label) in enumerate(rows):
        end = rows[i + 1][1] if i + 1 < len(rows) else len(text) + 1
        inside = [m for m in marks if start <= m[0] < end]
        segments = _cut(text, start, min(end - 1, len(text)), inside, hit)
        hit += len(inside)
        pages.append(PageText(no, label, segments, len(inside)))
    return tuple(pages)


def _cut(
    text: str, start: int, end: int, marks: list[tuple[int, int]], hit: int
) -> tuple[Segment, ...]:
    segments, at = [], start
    for number, (first, last) in enumerate(marks, hit + 1):
        if first > at:
            segments.append(Segment(text[at:first]))
        segments.append(Segment(text[max(at, first) : min(last, end)], number))
        at = min(last, end)
    if at < end:
        segments.append(Segment(text[at:end]))
    return tuple(segments)
