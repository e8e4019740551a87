"""Pages as people look at them: an image, and boxes where hits stand, each piece in the log.

Whoever may read a document's text may see its pages, and nobody else. What was not drawn yet is
drawn by the worker for whoever waits; nothing of a file is parsed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import layouts, page_images, readings, renditions, texts
from service.archive import Call
from service.documents import hold
from service.errors import NotFound
from service.layouts import Box
from service.models import Page, Version
from service.texts import PageText, TextView

#: What keeps a whole file from being opened: nothing of it can be drawn either.
_CLOSED = frozenset({"password", "wrong_password", "damaged"})

#: No page has a higher number: the database holds it in 32 bits.
_HIGHEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Hit:
    """A hit on a page: its number in the document from 1, what stands there, and where."""

    no: int
    text: str
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """The hits on one page of `width` by `height`; `total` is how many the document has."""

    n: int
    width: float
    height: float
    total: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page to look at: its size, whether it is drawn, why not, and its hits if known.

    `hits` None: where they stand is found out when the page is drawn.
    """

    n: int
    label: str
    width: float
    height: float
    drawn: bool
    error: str | None
    hits: tuple[Hit, ...] | None

    @property
    def unplaced(self) -> int:
        """Return how many hits stand nowhere on the page; 0 while that is not known."""
        return sum(not hit.boxes for hit in self.hits or ())

    @property
    def placed(self) -> frozenset[int]:
        """Return which hits have a box."""
        return frozenset(hit.no for hit in self.hits or () if hit.boxes)


@dataclass(frozen=True, slots=True)
class Sheets:
    """A text by pages, and the pages to look at, one for each; none where none is drawn.

    `laid_out`: a program has laid the document out; `error` says why it could not.
    """

    text: TextView
    pages: tuple[Sheet, ...] = ()
    laid_out: bool = False
    error: str | None = None


def image(
    call: Call, document_id: str, no: int, *, version_no: int | None = None, small: bool = False
) -> bytes | None:
    """Return a page as JPEG; None while it is being made.

    Raises `NotFound` for a page that there is not, or of which no image can be made.
    """
    db = call.db
    version = _opened(call, db, document_id, version_no, {"thumbnail" if small else "page": no})
    role = page_images.THUMB if small else page_images.PAGE
    blob = page_images.stored(db, version.id, role, no)
    if blob is not None:
        return page_images.content(call.archive.blobs, call.ring, blob)
    if _known(db, version, no).error(no):
        raise NotFound
    _order(call, version, no)
    return None


def hits(
    call: Call, document_id: str, no: int, q: str, *, version_no: int | None = None
) -> Hits | None:
    """Return where the words somebody typed stand on a page; None while that is found out."""
    db = call.db
    version = _opened(call, db, document_id, version_no, {"hits": no})
    known = _known(db, version, no)
    text = texts.whole(db, call.ring, version.id)
    page, width, height = _page(call, version, no, len(text))
    if page is None:
        return Hits(no, 0.0, 0.0, 0, ())
    marks = texts.marks_of(call, text, q)
    before = sum(start < page.start for start, _ in marks)
    here = [(s, min(e, page.end)) for s, e in marks if page.start <= s < page.end]
    found = _Marks(text[page.start : page.end], page.start, before, here)
    lines = layouts.lines(db, call.ring, page.text, no) if here else []
    if lines is None and known.error(no) is None and _is_placed_later(version, page.origin):
        _order(call, version, no)
        return None
    return Hits(no, width, height, len(marks), found.placed(lines or []))


def sheets(call: Call, text: TextView) -> Sheets:
    """Return a text that was read in this call by the pages that are drawn, and these pages."""
    db = call.db
    version = db.get_one(Version, text.version)
    if version.media_type in renditions.ENDINGS:
        return _laid_out(call, version, text)
    closed = not text.pages and version.error in _CLOSED
    if closed or version.media_type not in page_images.DRAWN:
        return Sheets(text)
    known = page_images.made(db, version.id)
    text_id = texts.newest_id(db, version.id)
    sizes = _sizes(db, text_id) if text_id else {}
    pages = text.pages or [PageText(n, "", (), 0) for n in range(1, (known.pages or 1) + 1)]
    return Sheets(text, tuple(_sheet(call, version, known, text_id, sizes, page) for page in pages))


def _laid_out(call: Call, version: Version, text: TextView) -> Sheets:
    """Return the pages of a rendition; without one, or while its text is not spread, none."""
    known = page_images.made(call.db, version.id)
    if known.pages is None:
        return Sheets(text, error=known.failed.get(0))
    if not text.pages:
        pages: tuple[PageText, ...] = tuple(
            PageText(n, "", (), 0) for n in range(1, known.pages + 1)
        )
        drawn = tuple(_sheet(call, version, known, None, {}, page) for page in pages)
        return Sheets(text, drawn, laid_out=True)
    over = renditions.leaves(call.db, call.ring, version.id, text.id)
    if not over:
        return Sheets(text)
    text = renditions.spread(text, over)
    sizes = {no: (leaf.width, leaf.height, "") for no, leaf in enumerate(over, 1)}
    drawn = tuple(_sheet(call, version, known, text.id, sizes, page) for page in text.pages)
    return Sheets(text, drawn, laid_out=True)


def one(call: Call, version_id: str, no: int) -> Sheet | None:
    """Return a page of a version whose text was read in this call; None where none is drawn."""
    db = call.db
    version = db.get_one(Version, version_id)
    if version.media_type not in page_images.DRAWN:
        return None
    known = page_images.made(db, version.id)
    text_id = texts.newest_id(db, version.id)
    width, height = _size(db, text_id, no) if text_id else (0.0, 0.0)
    return Sheet(no, "", width, height, no in known.images, known.error(no), ())


def _sheet(
    call: Call,
    version: Version,
    known: page_images.Made,
    text_id: str | None,
    sizes: dict[int, tuple[float, float, str]],
    page: PageText,
) -> Sheet:
    width, height, origin = sizes.get(page.n, (0.0, 0.0, ""))
    found: tuple[Hit, ...] | None = ()
    if page.hits and text_id:
        lines = layouts.lines(call.db, call.ring, text_id, page.n)
        later = lines is None and _is_placed_later(version, origin)
        found = None if later else _marked(page).placed(lines or [])
    drawn = page.n in known.images
    return Sheet(page.n, page.label, width, height, drawn, known.error(page.n), found)


@dataclass(frozen=True, slots=True)
class _Marks:
    """The marks of a page: its text, where that begins in the whole, hits before, the marks."""

    text: str
    start: int
    before: int
    marks: Sequence[tuple[int, int]]

    def placed(self, lines: Sequence[layouts.Line]) -> tuple[Hit, ...]:
        """Return the hits with their boxes; those that stand nowhere have none."""
        inside = [(start - self.start, end - self.start) for start, end in self.marks]
        boxes = layouts.boxes_of(lines, inside)
        return tuple(
            Hit(no, self.text[start:end], tuple(where))
            for no, ((start, end), where) in enumerate(
                zip(inside, boxes, strict=True), self.before + 1
            )
        )


def _marked(page: PageText) -> _Marks:
    at, marks, first = 0, [], 0
    for segment in page.segments:
        if segment.hit:
            first = first or segment.hit
            marks.append((at, at + len(segment.text)))
        at += len(segment.text)
    return _Marks(page.text, 0, max(0, first - 1), marks)


def _opened(
    call: Call, db: Session, document_id: str, version_no: int | None, part: dict[str, int]
) -> Version:
    """Check that the person may read the document, and say in the log what they look at."""
    held = hold(call, db, document_id)
    version = texts.version_shown(db, held, version_no)
    (no,) = part.values()
    if not 0 < no <= _HIGHEST:
        raise NotFound
    call.about(version=version.id)
    call.say(part=part)
    call.touched(document_id, "opened")
    call.returned([document_id])
    if not call.is_piece:
        readings.begin(call, version.id)
    return version


def _known(db: Session, version: Version, no: int) -> page_images.Made:
    """Return what was made of the version; raises `NotFound` unless it may have that page."""
    known = page_images.made(db, version.id)
    absent = known.pages is not None and no > known.pages
    # what no program has laid out has no pages, and nobody may wait for one to do it
    drawn = version.media_type in page_images.DRAWN or (
        version.media_type in renditions.ENDINGS and known.pages is not None
    )
    if not drawn or absent:
        raise NotFound
    return known


def _page(
    call: Call, version: Version, no: int, chars: int
) -> tuple[page_images.Sheet | None, float, float]:
    """Return the part of a text of `chars` code points that stands on a page, and its size."""
    db = call.db
    if version.media_type not in renditions.ENDINGS:
        page = page_images.sheet(db, version.id, no)
        return (page, *_size(db, page.text, no)) if page else (None, 0.0, 0.0)
    text_id = texts.newest_id(db, version.id)
    over = renditions.leaves(db, call.ring, version.id, text_id) if text_id else ()
    if not text_id or no > len(over):
        return None, 0.0, 0.0
    leaf, end = over[no - 1], over[no].start if no < len(over) else chars
    page = page_images.Sheet(text_id, no, leaf.start, max(leaf.start, end), 0, "")
    return page, leaf.width, leaf.height


def _order(call: Call, version: Version, no: int) -> None:
    row = page_images.wanted(version.id, no, cause=call.event)
    call.keep(page_images.QUEUE_ONCE, **row)


def _is_placed_later(version: Version, origin: str) -> bool:
    """Say whether it is found out at drawing where the text of such a page stands."""
    return version.media_type in page_images.LAYERED and origin == "layer"


def _sizes(db: Session, text_id: str) -> dict[int, tuple[float, float, str]]:
    rows = db.execute(
        select(Page.no, Page.width, Page.height, Page.origin).where(Page.text == text_id)
    )
    return {row.no: (row.width or 0.0, row.height or 0.0, row.origin) for row in rows}


def _size(db: Session, text_id: str, no: int) -> tuple[float, float]:
    row = db.execute(
        select(Page.width, Page.height).where(Page.text == text_id, Page.no == no)
    ).one()
    return row.width or 0.0, row.height or 0.0
