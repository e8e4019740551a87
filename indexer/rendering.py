"""Render jobs: pages become images to look at, and it is found out where their text stands.

What an import brings is drawn when nothing else waits; what somebody wants to see, at once. The
order is that of uploads: key, blob, database. A blob without a row is harmless.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, BinaryIO, cast

from indexer import spreading, work
from indexer.extract import PAGE
from indexer.extract.result import Failed, Reason
from indexer.extract.sandbox import Sandbox
from indexer.passwords import password
from indexer.renditions import stored
from indexer.work import Ended, Work
from service import (
    jobs,
    layouts,
    number_places,
    page_images,
    processing,
    renditions,
    stored_files,
    texts,
)
from service.archive import Archive
from service.audit.entries import Subject
from service.blobs.names import object_name
from service.blobs.port import BlobMissing
from service.crypto import Corrupt
from service.db import Session
from service.errors import Unavailable
from service.jobs import Lane
from service.keystore import KeyMissing, Ring
from service.layouts import Line

#: Finds where the text of a long rendition stands on its further pages, from page `n` on.
_SPREAD = "spread"

KINDS = ("render", "render_page", _SPREAD)

#: Pages beyond the first whose personal numbers are placed at once; on others, when looked at.
_PLACED = 200

#: What ails the first page and all others.
_THROUGHOUT = (Reason.PASSWORD, Reason.WRONG_PASSWORD, Reason.UNSUPPORTED)


@dataclass(slots=True)
class _Drawn:
    """What came of one job, to be committed."""

    blobs: list[dict[str, Any]] = field(default_factory=list)
    layouts: list[dict[str, object]] = field(default_factory=list)
    spread: spreading.Found | None = None
    lines: list[tuple[page_images.Sheet, list[Line]]] = field(default_factory=list)
    pages: int | None = None
    failed: dict[int, str] = field(default_factory=dict)


def run(archive: Archive, sandbox: Sandbox, holder: str, beat: Callable[[], None]) -> int:
    """Do one waiting render job, if there is one whose turn it is; return how many were done.

    `beat` is called before each page.
    """
    if not work.in_turn(archive, KINDS):
        return 0
    works = work.take(archive, holder, KINDS, 1)
    for one in works:
        _finish(archive, one, *_drawn(_Hands(archive, sandbox, beat), one))
    return len(works)


@dataclass(frozen=True, slots=True)
class _Hands:
    """What pages are drawn with."""

    archive: Archive
    sandbox: Sandbox
    beat: Callable[[], None]


def _drawn(hands: _Hands, one: Work) -> tuple[_Drawn, Ended]:
    drawn = _Drawn()
    try:
        with hands.archive.ring() as ring:
            return drawn, _draw(hands, ring, one, drawn)
    except Unavailable as error:
        return drawn, Ended(one, error=f"unavailable.{error.part}", again=True, counted=False)
    except (BlobMissing, KeyMissing):
        drawn.failed[one.job.n or 0] = "missing"
    except Corrupt:
        drawn.failed[one.job.n or 0] = "corrupt"
    return drawn, Ended(one, error=next(iter(drawn.failed.values())))


def _draw(hands: _Hands, ring: Ring, one: Work, drawn: _Drawn) -> Ended:
    archive, version_id = hands.archive, one.job.subject
    with archive.db.read() as db:
        source = processing.source(db, version_id)
        known = page_images.made(db, version_id)
        version = processing.versions(db, [version_id]).get(version_id)
        documents = processing.documents(db, [version.document] if version else [])
    if source is None:
        return Ended(one)
    if source.media_type in renditions.ENDINGS:
        if not _draw_rendition(hands, ring, one, source, known, drawn):
            return Ended(one)
    elif source.media_type in page_images.DRAWN:
        _draw_original(hands, ring, one, source, known, drawn)
    else:
        return Ended(one)
    (document,) = documents.values()
    subject = Subject("document", document.id, version_id, customer=document.customer)
    return Ended(one, error=next(iter(drawn.failed.values()), None), subject=subject)


def _draw_original(
    hands: _Hands,
    ring: Ring,
    one: Work,
    source: processing.Source,
    known: page_images.Made,
    drawn: _Drawn,
) -> None:
    archive, version_id = hands.archive, one.job.subject
    reader = stored_files.opened(
        archive.blobs, ring.version(version_id), source.blob, source.stored_size
    )
    with reader:
        file = cast("BinaryIO", reader)
        desk = _Desk(archive, hands.sandbox, ring, version_id, source, file, password(ring, one))
        for no in _locked(known, drawn) if desk.password else _wanted(one, drawn):
            hands.beat()
            desk.page(no, drawn, made=no in known.images)
            if 0 in drawn.failed or drawn.failed.get(no) == Reason.WRONG_PASSWORD:
                break
        for no in _with_numbers(archive, one) if 0 not in drawn.failed else ():
            hands.beat()
            desk.place(no, drawn)


def _draw_rendition(
    hands: _Hands,
    ring: Ring,
    one: Work,
    source: processing.Source,
    known: page_images.Made,
    drawn: _Drawn,
) -> bool:
    """Draw pages of what another program has laid out; say whether it has."""
    archive, version_id = hands.archive, one.job.subject
    found = stored(archive, ring, version_id)
    if found is None:
        return False
    printed = replace(source, media_type=page_images.PDF, size=found.size)
    with found.reader as reader:
        desk = _Desk(archive, hands.sandbox, ring, version_id, printed, reader)
        drawn.pages = known.pages
        spreads = one.job.kind == _SPREAD
        for no in () if spreads else _wanted(one, drawn):
            hands.beat()
            if no not in known.images:
                desk.image(no, None, drawn)
            if 0 in drawn.failed:
                return True
        if drawn.pages:
            ask = partial(desk.spread, hands.beat)
            first = one.job.n or 1 if spreads else 1
            drawn.spread = spreading.found(archive, ring, version_id, drawn.pages, ask, first)
    return True


def _wanted(one: Work, drawn: _Drawn) -> Iterator[int]:
    """Return the page the job is about, or the first ones, as far as there are any."""
    if one.job.n is not None:
        yield one.job.n
        return
    for no in range(1, page_images.FIRST + 1):
        if drawn.pages is None or no <= drawn.pages:
            yield no


def _locked(known: page_images.Made, drawn: _Drawn) -> Iterator[int]:
    """Return the next pages of a locked file that are not made, as many as at once are made."""
    no, made = 0, 0
    while made < page_images.LOCKED:
        no += 1
        if (pages := drawn.pages or known.pages) is not None and no > pages:
            return
        if no not in known.images:
            made += 1
            yield no


def _with_numbers(archive: Archive, one: Work) -> list[int]:
    """Return the pages beyond those drawn at once on which personal numbers stand."""
    if one.job.n is not None:
        return []
    with archive.db.read() as db:
        text = texts.newest_id(db, one.job.subject)
        pages = number_places.pages_with(db, text) if text else []
    return [no for no in pages if no > page_images.FIRST][:_PLACED]


@dataclass(frozen=True, slots=True)
class _Desk:
    """A version whose pages are being drawn."""

    archive: Archive
    sandbox: Sandbox
    ring: Ring
    version: str
    source: processing.Source
    reader: BinaryIO
    password: str | None = None

    def page(self, no: int, drawn: _Drawn, *, made: bool) -> None:
        """Draw a page, and find out where its text stands, unless that was done."""
        with self.archive.db.read() as db:
            sheet = page_images.sheet(db, self.version, no)
            text = self._unplaced(db, sheet) if sheet else ""
        if not made:
            self.image(no, sheet.rotation if sheet else None, drawn)
        if sheet and text:
            self._lines(sheet, text, drawn)

    def place(self, no: int, drawn: _Drawn) -> None:
        """Find out where the text of a page stands, unless that was done."""
        with self.archive.db.read() as db:
            sheet = page_images.sheet(db, self.version, no)
            text = self._unplaced(db, sheet) if sheet else ""
        if sheet and text:
            self._lines(sheet, text, drawn)

    def _unplaced(self, db: Session, sheet: page_images.Sheet) -> str:
        """Return the text of a page whose place is still to be found out; of others nothing."""
        layer = self.source.media_type in page_images.LAYERED and sheet.origin == "layer"
        if not layer or page_images.has_layout(db, sheet):
            return ""
        return page_images.text_of(db, self.ring, self.version, sheet)

    def image(self, no: int, rotation: int | None, drawn: _Drawn) -> None:
        """Draw a page, its paper turned clockwise by `rotation` degrees or as the file says."""
        sent = bytearray()
        answer = self._ask(sent, want="image", page=no, rotation=rotation)
        if isinstance(answer, Failed):
            if self.password and answer.reason is Reason.PASSWORD:
                answer = Failed(Reason.WRONG_PASSWORD)
            # what ails one page may not ail the next; a locked or broken file is so throughout
            whole = no == 1 and answer.reason in _THROUGHOUT
            drawn.failed[0 if whole else no] = str(answer.reason)
            return
        drawn.pages = _count(answer.get("pages"))
        match answer.get("bytes"):
            case [int(size), int(small)] if min(size, small) > 0 and size + small == len(sent):
                images = [
                    (page_images.PAGE, bytes(sent[:size])),
                    (page_images.THUMB, bytes(sent[size:])),
                ]
                drawn.blobs += page_images.store(
                    self.archive.blobs, self.ring, self.version, no, images
                )
            case _ if drawn.pages < no:
                drawn.failed.setdefault(no, "no_page")
            case _:
                drawn.failed[no] = str(Reason.KILLED)

    def _lines(self, sheet: page_images.Sheet, text: str, drawn: _Drawn) -> None:
        answer = self._ask(bytearray(), want="lines", page=sheet.no, text=text)
        found: list[Line] = []
        if not isinstance(answer, Failed):
            with suppress(ValueError):  # a page whose lines are not known shows no boxes
                found = layouts.checked(answer.get("lines"), len(text))
        drawn.layouts += layouts.seal_rows(self.ring, self.version, sheet.text, {sheet.no: found})
        drawn.lines.append((sheet, found))

    def spread(self, beat: Callable[[], None], no: int, text: str) -> Mapping[str, Any] | Failed:
        """Find out what of a text stands on a page."""
        beat()
        return self._ask(bytearray(), want="spread", page=no, text=text)

    def _ask(self, sent: bytearray, **arguments: object) -> dict[str, Any] | Failed:
        said = {"type": self.source.media_type, **arguments}
        if self.password:
            said["password"] = self.password
        return self.sandbox.ask(PAGE, self.reader, self.source.size, said, sent.extend)


def _count(value: object) -> int:
    return value if type(value) is int and 0 < value < 2**31 else 1


def _keep(db: Session, one: Work, found: spreading.Found) -> None:
    """Write where a text stands on pages of its rendition, and go on with the next ones."""
    renditions.put(db, found.over, anew=one.job.kind == _SPREAD)
    layouts.put(db, found.lines)
    if found.following:
        following = jobs.New(_SPREAD, one.job.subject, Lane.BULK, n=found.following)
        jobs.add(db, [following], cause=one.job.cause)


def _finish(archive: Archive, one: Work, drawn: _Drawn, ended: Ended) -> None:
    """Commit what was made, and take back what another worker made meanwhile."""
    surplus: list[str] = []

    def also(db: Session) -> None:
        surplus.extend(page_images.put(db, drawn.blobs))
        page_images.forget(db, one.job.subject, [row["n"] for row in drawn.blobs])
        layouts.put(db, drawn.layouts)
        if drawn.spread:
            _keep(db, one, drawn.spread)
        for sheet, found in drawn.lines:
            number_places.place(db, sheet.text, sheet.no, found)
        if ended.again:
            return
        if drawn.pages is not None:
            page_images.tell(db, one.job.subject, 0, pages=drawn.pages, error=None)
        for no, error in drawn.failed.items():
            page_images.tell(db, one.job.subject, no, pages=None, error=error)

    work.finish(archive, [ended], also)
    for blob in surplus:
        with suppress(Unavailable):  # without a row it is harmless
            archive.blobs.delete(object_name(blob))
