"""What became of a version's text: its revisions, who made them, and what each changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import accounts, texts
from service.alignment import Run, pairs, runs
from service.archive import Call
from service.corrections import CORRECTABLE, may, tag
from service.documents import hold, versions_of
from service.errors import NotFound
from service.models import Page, Text
from service.profiles import PersonRef

#: Pages whose differences are shown at once, and lines of each.
MOST_PAGES, MOST_LINES = 20, 400


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision: read from the file (`by` None), or written by somebody.

    `based_on`: the revision it was made from. `aside`: a reading made after a correction.
    """

    no: int
    origin: str
    created: datetime
    by: PersonRef | None
    based_on: int | None
    changed: str
    confidence: float | None
    shown: bool
    aside: bool


@dataclass(frozen=True, slots=True)
class History:
    """The revisions of a version's text, newest first; `rev` is the state that shows."""

    id: str
    version_no: int
    rev: str
    revisions: tuple[Revision, ...]
    may_correct: bool

    @property
    def newer(self) -> Revision | None:
        """Return a reading that was made after the newest correction, and is not taken over."""
        at = next((one.no for one in self.revisions if one.shown), 0)
        found = (one for one in self.revisions if one.aside and one.no > at)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of a line: they stayed, went or came."""

    text: str
    kind: str = "same"


@dataclass(frozen=True, slots=True)
class Change:
    """A line that is not as it was: before, after, or both."""

    old: tuple[Piece, ...] | None
    new: tuple[Piece, ...] | None

    @property
    def before(self) -> str | None:
        """Return the line as it was; None where there was none."""
        return None if self.old is None else "".join(piece.text for piece in self.old)

    @property
    def after(self) -> str | None:
        """Return the line as it is; None where there is none."""
        return None if self.new is None else "".join(piece.text for piece in self.new)


@dataclass(frozen=True, slots=True)
class PageChanged:
    """What a revision changed on one page; `left` lines are not shown."""

    n: int
    label: str
    changes: tuple[Change, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What a revision changed, against the one that showed before; `left` pages are not shown."""

    revision: int
    against: int | None
    pages: tuple[PageChanged, ...]
    left: int


def newer_reading(call: Call, version_id: str, revision: int) -> int | None:
    """Return the revision that was read after the one that shows, and is not taken over."""
    wanted = select(Text.revision).where(
        Text.version == version_id, Text.aside.is_(True), Text.revision > revision
    )
    return call.db.scalars(wanted.order_by(Text.revision.desc()).limit(1)).first()


def history(call: Call, document_id: str, *, version_no: int | None = None) -> History:
    """Return the revisions of the text of a document that this person may read."""
    db = call.db
    held = hold(call, db, document_id)
    version = texts.version_shown(db, held, version_no)
    call.about(version=version.id)
    call.touched(document_id, "opened")
    call.returned([document_id])
    rows = _rows(db, version.id)
    shown = next((row for row in rows if not row.aside), None)
    names = accounts.names(db, {row.created_by for row in rows if row.created_by})
    allowed = _has_recognised(db, shown) and may(call, held, versions_of(db, document_id))
    state = tag(version.no, shown.revision if shown else 0)
    found = tuple(_revision(row, names, shown=row is shown) for row in rows)
    return History(document_id, version.no, state, found, allowed)


def _rows(db: Session, version_id: str) -> Sequence[Text]:
    wanted = select(Text).where(Text.version == version_id)
    return db.scalars(wanted.order_by(Text.revision.desc())).all()


def _has_recognised(db: Session, text: Text | None) -> bool:
    if text is None:
        return False
    wanted = select(Page.no).where(Page.text == text.id, Page.origin.in_(CORRECTABLE))
    return db.scalars(wanted.limit(1)).first() is not None


def _revision(row: Text, names: dict[str, str], *, shown: bool) -> Revision:
    by = PersonRef(row.created_by, names.get(row.created_by, "")) if row.created_by else None
    return Revision(
        row.revision,
        row.origin,
        row.created,
        by,
        row.based_on,
        row.changed or "",
        row.confidence,
        shown,
        bool(row.aside),
    )


def difference(
    call: Call, document_id: str, revision: int | None = None, *, version_no: int | None = None
) -> Difference:
    """Return what a revision changed, by default the one that shows.

    Raises `NotFound` where there is no such revision.
    A reading that was put aside is compared with what showed when it was made.
    """
    db = call.db
    held = hold(call, db, document_id)
    version = texts.version_shown(db, held, version_no)
    call.about(version=version.id)
    call.touched(document_id, "opened")
    call.returned([document_id])
    rows = _rows(db, version.id)
    wanted = (one for one in rows if revision == one.revision or (not revision and not one.aside))
    row = next(wanted, None)
    if row is None:
        raise NotFound
    earlier = next((one for one in rows if one.revision < row.revision and not one.aside), None)
    if earlier is None:
        return Difference(row.revision, None, (), 0)
    before, after = (texts.pages_of(db, call.ring, one) for one in (earlier, row))
    numbers = [no for no in sorted({*before, *after}) if before.get(no) != after.get(no)]
    labels = dict(db.execute(select(Page.no, Page.label).where(Page.text == row.id)).tuples().all())
    shown = tuple(
        changed(no, labels.get(no, ""), before.get(no, ""), after.get(no, ""))
        for no in numbers[:MOST_PAGES]
    )
    return Difference(row.revision, earlier.revision, shown, len(numbers) - len(shown))


def changed(n: int, label: str, before: str, after: str) -> PageChanged:
    """Return which lines of a page are not as they were."""
    old, new = before.split("\n"), after.split("\n")
    found = [
        _change(None if i is None else old[i], None if j is None else new[j])
        for i, j in pairs(old, new)
        if i is None or j is None or old[i] != new[j]
    ]
    return PageChanged(n, label, tuple(found[:MOST_LINES]), max(0, len(found) - MOST_LINES))


def _change(before: str | None, after: str | None) -> Change:
    if before is None:
        return Change(None, (Piece(after or "", "come"),))
    if after is None:
        return Change((Piece(before, "gone"),), None)
    went = runs(before, after)
    return Change(
        tuple(_pieces(before, [(run, run.a, run.b) for run in went], "gone")),
        tuple(_pieces(after, [(run, run.c, run.d) for run in went], "come")),
    )


def _pieces(line: str, went: Sequence[tuple[Run, int, int]], kind: str) -> list[Piece]:
    return [
        Piece(line[start:end], "same" if run.same else kind)
        for run, start, end in went
        if end > start
    ]
