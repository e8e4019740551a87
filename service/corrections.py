"""Correcting recognised text page by page: a new revision, the original and the others untouched.

Who may change a document's properties and may read it may correct its text. What the file says
of itself is not corrected, only what was recognised, or corrected before.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import (
    documents,
    layouts,
    number_places,
    page_images,
    processing,
    readings,
    revisions,
    suggestions,
    texts,
)
from service.alignment import pairs
from service.archive import Call
from service.carrying import carried
from service.codes import Filing
from service.confidence import of_lines
from service.documents import Held, hold, versions_of
from service.errors import Conflict, Denied, Invalid, NotFound, Unconditional, changed_meanwhile
from service.ids import new_id
from service.layouts import Line
from service.models import Page, Text, Version
from service.page_images import Sheet
from service.permissions import Action
from service.revisions import Correction, New

#: Where the text of a page comes from that people may correct.
CORRECTABLE = frozenset({"ocr", "corrected"})

#: Characters that a page may have after a correction, and a whole text (as reading limits it).
LONGEST_PAGE = 50_000
LONGEST = 5_000_000

#: Of what was and is there, so many characters go into the log.
_LOGGED = 20_000

_HIGHEST = 2**31 - 1
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\ufeff\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class PageShown:
    """The text of one page; `rev` names the version and revision that it is from."""

    id: str
    text_id: str
    version_no: int
    revision: int
    pages: int
    n: int
    label: str
    text: str
    origin: str
    confidence: float | None

    @property
    def rev(self) -> str:
        """Return the state that a change is based on."""
        return tag(self.version_no, self.revision)

    @property
    def correctable(self) -> bool:
        """Say whether its text was recognised, so that people may correct it."""
        return self.origin in CORRECTABLE


def tag(version_no: int, revision: int) -> str:
    """Return the name of a state of a document's text: no other state has the same."""
    return f"{version_no}.{revision}"


def may(call: Call, held: Held, versions: Sequence[Version]) -> bool:
    """Say whether this person may correct the text of a document."""
    return held.in_scope and call.decide(held.whole(versions), Action.DOCUMENT_EDIT).allowed


def require(call: Call, db: Session, held: Held) -> None:
    """Refuse with `Denied` who may not correct the text of a document."""
    call.require(held.whole(versions_of(db, held.document.id)), Action.DOCUMENT_EDIT)
    if not held.in_scope:
        raise Denied("Only who may read a document corrects its text.", rule="document:scope")


def read(call: Call, document_id: str, no: int, *, version_no: int | None = None) -> PageShown:
    """Return the text of one page; starts a reading. Raises `NotFound` for no such page."""
    db = call.db
    held = hold(call, db, document_id)
    version = texts.version_shown(db, held, version_no)
    call.about(version=version.id)
    call.say(part={"page": no} if 0 < no <= _HIGHEST else None)
    call.touched(document_id, "opened")
    call.returned([document_id])
    if not call.is_piece:
        readings.begin(call, version.id)
    return _page(call, db, document_id, version, no)


def _place(db: Session, version: Version, no: int) -> tuple[Text, Sheet]:
    """Return the text that a version shows, and a page of it; raises `NotFound`."""
    row = texts.shown(db, version.id)
    sheet = page_images.sheet(db, version.id, no) if 0 < no <= _HIGHEST else None
    if row is None or sheet is None:
        raise NotFound
    return row, sheet


def _page(call: Call, db: Session, document_id: str, version: Version, no: int) -> PageShown:
    row, sheet = _place(db, version, no)
    page = db.get_one(Page, (row.id, no))
    last = db.scalars(
        select(Page.no).where(Page.text == row.id).order_by(Page.no.desc()).limit(1)
    ).one()
    text = page_images.text_of(db, call.ring, version.id, sheet)
    known = (no, page.label, text, page.origin, page.confidence)
    return PageShown(document_id, row.id, version.no, row.revision, last, *known)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A page as it is written."""

    text: str
    label: str
    width: float
    height: float
    rotation: int
    origin: str


@dataclass(frozen=True, slots=True)
class _Whole:
    """A revision that was read back: its pages, and where their lines stand."""

    version: Version
    row: Text
    pages: tuple[_Leaf, ...]
    lines: Mapping[int, Sequence[Line]]

    extractor: str = ""
    origin: str = "corrected"

    @property
    def texts(self) -> list[str]:
        """Return the texts of its pages."""
        return [page.text for page in self.pages]


def _opened(call: Call, db: Session, version: Version, row: Text) -> _Whole:
    said = texts.pages_of(db, call.ring, row)
    rows = db.scalars(select(Page).where(Page.text == row.id).order_by(Page.no)).all()
    pages = tuple(
        _Leaf(
            said[page.no],
            page.label,
            page.width or 0.0,
            page.height or 0.0,
            page.rotation,
            page.origin,
        )
        for page in rows
    )
    lines = layouts.of_pages(db, call.ring, row.id, [page.no for page in rows])
    return _Whole(version, row, pages, lines, row.extractor)


def state(
    call: Call, document_id: str, no: int | None = None, *, version_no: int | None = None
) -> str:
    """Return the state of a document's text, for If-Match.

    Raises `NotFound` or `Hidden` for a document, version or page that this person may not know.
    """
    with call.look() as db:
        held = hold(call, db, document_id, by=Action.DOCUMENT_EDIT)
        version = texts.version_shown(db, held, version_no)
        if no is not None:
            return tag(version.no, _place(db, version, no)[0].revision)
        row = texts.shown(db, version.id)
        return tag(version.no, row.revision if row else 0)


def correct(
    call: Call,
    document_id: str,
    no: int,
    text: str,
    *,
    if_match: str | None,
    version_no: int | None = None,
) -> PageShown:
    """Write a page's text as people say it is.

    Raises `Invalid` for an empty, too long or unchanged text, `Conflict` for a page that was not
    recognised, `Stale` when somebody corrected it first, `Unconditional` without `if_match`.
    """
    with call.look() as db:
        base = _base(call, db, document_id, version_no, if_match)
        if not 0 < no <= len(base.pages):
            raise NotFound
        page = base.pages[no - 1]
        if page.origin not in CORRECTABLE:
            raise Conflict(
                "Only recognised text is corrected; this page holds its text itself.",
                rule="document:state",
            )
        changed = _corrected(base, no, checked(text))
        draft = _drafted(call, db, base, changed, [no], base.row.revision)
    _write(call, document_id, base, draft)
    return _page(call, call.db, document_id, base.version, no)


def take(
    call: Call,
    document_id: str,
    revision: int,
    *,
    if_match: str | None,
    version_no: int | None = None,
) -> str:
    """Write an earlier revision, or a newer reading, once more as what shows; return its state.

    Raises `NotFound` for no such revision, `Invalid` when it says what shows already, `Stale`
    and `Unconditional` as `correct`.
    """
    with call.look() as db:
        base = _base(call, db, document_id, version_no, if_match)
        wanted = select(Text).where(Text.version == base.version.id, Text.revision == revision)
        row = db.scalars(wanted).first() if 0 < revision <= _HIGHEST else None
        if row is None:
            raise NotFound
        taken = _opened(call, db, base.version, row)
        pages = differing(base.texts, taken.texts)
        if not pages:
            raise Invalid(
                "The text says this already: nothing would change.", fields={"text": "unchanged"}
            )
        draft = _drafted(call, db, base, taken, pages, revision)
    _write(call, document_id, base, draft)
    return tag(base.version.no, _revision(call, base))


def _revision(call: Call, base: _Whole) -> int:
    row = texts.shown(call.db, base.version.id)
    return row.revision if row else 0


def differing(before: Sequence[str], after: Sequence[str]) -> list[int]:
    """Return the numbers of the pages that are not the same."""
    most = max(len(before), len(after))
    padded = ([*pages, *[None] * (most - len(pages))] for pages in (before, after))
    return [no for no, (one, other) in enumerate(zip(*padded, strict=True), 1) if one != other]


def checked(text: str) -> str:
    """Return the text of a page as it is stored; raises `Invalid` when it cannot be one."""
    plain = _UNPRINTABLE.sub("", _LINE_END.sub("\n", text)).rstrip()
    if not plain.strip():
        raise Invalid(
            "A page needs its text: to leave it empty would hide it from every search.",
            fields={"text": "required"},
        )
    if len(plain) > LONGEST_PAGE:
        raise Invalid(
            "The text of a page has at most %(longest)s characters.",
            fields={"text": "too_long"},
            longest=LONGEST_PAGE,
        )
    return plain


def _base(
    call: Call, db: Session, document_id: str, version_no: int | None, if_match: str | None
) -> _Whole:
    """Return the text that shows, which this person may correct, in the state they saw."""
    held = hold(call, db, document_id, by=Action.DOCUMENT_EDIT)
    version = texts.version_shown(db, held, version_no)
    call.about(version=version.id)
    require(call, db, held)
    row = texts.shown(db, version.id)
    if row is None:
        raise Conflict("There is no text to correct yet.", rule="document:state")
    if if_match is None:
        raise Unconditional("Say which state this change is based on (If-Match).")
    if if_match != tag(version.no, row.revision):
        raise changed_meanwhile()
    return _opened(call, db, version, row)


def _corrected(base: _Whole, no: int, text: str) -> _Whole:
    before = base.pages[no - 1]
    if before.text.rstrip() == text:
        raise Invalid("Nothing was changed on this page.", fields={"text": "unchanged"})
    if sum(len(page.text) + 1 for page in base.pages) - len(before.text) + len(text) > LONGEST:
        raise Invalid(
            "A text has at most %(longest)s characters.",
            fields={"text": "too_long"},
            longest=LONGEST,
        )
    page = _Leaf(
        text, before.label, before.width, before.height, before.rotation, origin="corrected"
    )
    lines = {**base.lines}
    if no in lines:
        lines[no] = carried(before.text, text, lines[no])
    pages = (*base.pages[: no - 1], page, *base.pages[no:])
    return _Whole(base.version, base.row, pages, lines, base.row.extractor)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A revision ready to be written: everything of it that is sealed is."""

    new: New
    layouts: list[dict[str, object]]
    numbers: list[dict[str, object]]
    suggestion: dict[str, object] | None
    pages: list[int]
    detail: dict[str, object] = field(default_factory=dict)


def _drafted(
    call: Call, db: Session, base: _Whole, whole: _Whole, pages: list[int], based_on: int
) -> _Draft:
    text_id, ring, version = new_id(), call.ring, base.version.id
    # suggestions end with filing
    waits = base.version.filing == Filing.SUBMITTED
    source = processing.source(db, version) if waits else None
    sure = {no: one for no, lines in whole.lines.items() if (one := of_lines(lines))}
    made = Correction(call.actor.person, based_on, revisions.said(pages))
    parts = revisions.seal_parts(ring, version, text_id, whole.texts)
    new = New(version, text_id, whole, parts, sure, made)
    detail = {"based_on": based_on, "pages": made.changed}
    return _Draft(
        new,
        layouts.seal_rows(ring, version, text_id, whole.lines),
        number_places.rows_of(text_id, whole.texts, texts.blinder(ring), whole.lines),
        suggestions.of_text(ring, version, source, whole.texts) if source else None,
        pages,
        {**detail, **_before_and_after(base.texts, whole.texts, pages)},
    )


def _before_and_after(
    before: Sequence[str], after: Sequence[str], pages: Sequence[int]
) -> dict[str, object]:
    """Return the lines that went and those that came, for the sealed part of the log."""
    gone, come = list[str](), list[str]()
    for no in pages:
        old = before[no - 1].split("\n") if no <= len(before) else []
        new = after[no - 1].split("\n") if no <= len(after) else []
        for i, j in pairs(old, new):
            if i is not None and j is not None and old[i] == new[j]:
                continue
            gone += [old[i]] if i is not None else []
            come += [new[j]] if j is not None else []
    return {"before": "\n".join(gone)[:_LOGGED], "after": "\n".join(come)[:_LOGGED]}


def _write(call: Call, document_id: str, base: _Whole, draft: _Draft) -> None:
    """Write a revision, unless somebody else wrote one since `base` was read."""
    db = call.db
    held = hold(call, db, document_id, by=Action.DOCUMENT_EDIT)
    documents.lock(db, held.document)
    require(call, db, held)
    row = texts.shown(db, base.version.id)
    if row is None or row.id != base.row.id:
        raise changed_meanwhile()
    revisions.put(db, [draft.new])
    layouts.put(db, draft.layouts)
    number_places.put(db, draft.numbers)
    if draft.suggestion and suggestions.renew(db, call.ring, draft.suggestion):
        held.document.rev += 1  # what somebody else sees suggested is not what they would take
    first, last = draft.pages[0], draft.pages[-1]
    call.say(part={"page": first} if first == last else {"from": first, "to": last})
    call.note(revision=_revision(call, base), **draft.detail)
    if held.document.shown == base.version.id:
        call.enqueue("index", document_id)
