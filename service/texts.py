"""The text that was read from documents: opened part by part, shown page by page with marks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, String, Table, bindparam, func, select
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from service import readings
from service.archive import Call
from service.confidence import is_doubtful
from service.crypto import unseal_text
from service.documents import Held, hold, shown_version, version_of, versions_of
from service.keystore import Ring
from service.models import Page, Text, TextPart, Version
from service.personal_numbers import Blind, token
from service.search import highlight, planner

_TEXT = cast("Table", Text.__table__)
_PART = cast("Table", TextPart.__table__)
_PAGE = cast("Table", Page.__table__)
_OTHER = _TEXT.alias()


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text; `hit` numbers the marked ones from 1, and is 0 for the rest of one."""

    text: str
    hit: int | None = None


@dataclass(frozen=True, slots=True)
class PageText:
    """One page as text, cut into plain and marked segments."""

    n: int
    label: str
    segments: tuple[Segment, ...]
    hits: int
    #: where its text comes from: the file's own (layer), recognised (ocr), corrected
    origin: str = ""
    #: how sure it is on average, and how many of its lines are doubtful, where it was recognised
    confidence: float | None = None
    doubtful_lines: int = 0

    @property
    def doubtful(self) -> bool:
        """Say whether what was recognised on it is worth looking at again."""
        return is_doubtful(self.confidence)

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
    #: id and revision of the text; empty and 0 where none was read
    id: str = ""
    revision: int = 0
    confidence: float | None = None


def shown(db: Session, version_id: str) -> Text | None:
    """Return the row of the text that a version shows; None where none was read."""
    rows = select(Text).where(Text.version == version_id, Text.aside.is_(None))
    return db.scalars(rows.order_by(Text.revision.desc()).limit(1)).first()


def newest_id(db: Session, version_id: str) -> str | None:
    """Return the id of the text that a version shows: its newest that is not put aside."""
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
    .where(_TEXT.c.version.in_(bindparam("versions", expanding=True)), _TEXT.c.aside.is_(None))
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
        select(func.max(_OTHER.c.revision))
        .where(_OTHER.c.version == version, _OTHER.c.aside.is_(None))
        .scalar_subquery()
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


def pages_of(db: Session, ring: Ring, row: Text) -> dict[int, str]:
    """Return page → its text, of one revision."""
    text = Stored(
        row.id, row.version, row.chars, db.execute(_NEXT, {"text": row.id, "n": 0}).scalar()
    )
    whole = "".join(part for _, part in open_parts(db, ring, text))
    starts = db.execute(_PAGES, {"text": row.id}).all()
    ends = [*(page.start - 1 for page in starts[1:]), len(whole)]
    return {page.no: whole[page.start : end] for page, end in zip(starts, ends, strict=True)}


def labels_of(db: Session, text_id: str) -> dict[int, str]:
    """Return page → what it is called, of one revision: a sheet's name, for instance."""
    return {page.no: page.label or "" for page in db.execute(_PAGES, {"text": text_id})}


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
    marks = marks_of(call, text, q)
    row = shown(db, version.id)
    if row is None:
        return TextView(version.id, version.no, (), len(marks))
    pages = _pages(db, text, row.id, marks)
    return TextView(version.id, version.no, pages, len(marks), row.id, row.revision, row.confidence)


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
    db: Session, text: str, text_id: str, marks: list[tuple[int, int]]
) -> tuple[PageText, ...]:
    rows = db.execute(_PAGES, {"text": text_id}).all()
    pages, hit = [], 0
    for i, (no, start, label, *known) in enumerate(rows):
        end = rows[i + 1].start if i + 1 < len(rows) else len(text) + 1
        inside = [m for m in marks if start <= m[0] < end]
        segments = _cut(text, start, min(end - 1, len(text)), inside, hit)
        hit += len(inside)
        origin, confidence, doubtful = known
        pages.append(PageText(no, label, segments, len(inside), origin, confidence, doubtful or 0))
    return tuple(pages)


_PAGES = (
    select(Page.no, Page.start, Page.label, Page.origin, Page.confidence, Page.doubtful)
    .where(Page.text == bindparam("text"))
    .order_by(Page.no)
)


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
