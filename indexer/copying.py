"""Watermarked copies: each page is drawn, marked, and put into a PDF before the next is drawn.

Images that were drawn to be looked at are used; what is drawn for a copy is not kept. What has no
pages, or cannot be drawn whole, becomes sheets of its text. No page goes in without its mark.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

from indexer.extract import MARK, PAGE
from indexer.extract.result import Failed, Reason
from indexer.extract.sandbox import Sandbox
from indexer.office.printing import Office
from indexer.renditions import as_pdf, stored
from service import jpegs, page_images, picture_pdf, processing, renditions, stored_files, texts
from service.archive import Call
from service.blobs.port import BlobMissing
from service.crypto import Corrupt
from service.exporting.copies import Copied, LeftOut, Mark, Of
from service.exporting.rows import Row
from service.picture_pdf import PicturePdf
from service.processing import Source
from service.spool import Spool

#: Bytes of a copy that is too long for anybody.
_LONGEST: Final = 16 * 1024**3
#: Code points of a text that no sheet has room for.
_WINDOW: Final = 12_000
#: The object of a copy that tells whose it is, and the first of its pages.
_ABOUT, _FIRST = 3, 4


class _Undrawn(Exception):
    """A page of which there is no image, or which could not be marked, with the reason."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Original:
    """A file whose pages are drawn: what it is, and whether its paper was turned as it was read."""

    reader: BinaryIO
    size: int
    media_type: str
    turned: bool


class Copying:
    """Makes the copies of one export."""

    def __init__(self, sandbox: Sandbox, office: Office | None, beat: Callable[[], None]) -> None:
        """`beat` is called before each page."""
        self._sandbox, self._office, self._beat = sandbox, office, beat

    def __call__(
        self, call: Call, row: Row, mark: Mark, held: ExitStack, most: int
    ) -> Copied | LeftOut:
        """Make a copy, as `Copier` says: of its pages, else of its text."""
        source = processing.source(call.db, row.version)
        if source is None:
            return LeftOut.MISSING
        one = _Copy(self, call, row, mark, held, most)
        try:
            return one.of_pages(source)
        except BlobMissing:
            return LeftOut.MISSING
        except _Undrawn:
            return one.of_text()

    def original(self, call: Call, version: str, source: Source) -> _Original:
        """Return the file whose pages are those of a version; raises `_Undrawn` if it has none."""
        if source.media_type in page_images.DRAWN:
            key, blobs = call.ring.version(version), call.archive.blobs
            reader = stored_files.opened(blobs, key, source.blob, source.stored_size)
            return _Original(cast("BinaryIO", reader), source.size, source.media_type, turned=True)
        if source.media_type not in renditions.ENDINGS:
            raise _Undrawn
        if found := stored(call.archive, call.ring, version):
            return _Original(found.reader, found.size, page_images.PDF, turned=False)
        printed = self._printed(call, version, source)
        return _Original(io.BytesIO(printed), len(printed), page_images.PDF, turned=False)

    def _printed(self, call: Call, version: str, source: Source) -> bytes:
        """Return what LibreOffice prints now; raises `_Undrawn` where it cannot."""
        if self._office is None or not self._office.ready:
            raise _Undrawn
        try:
            made = as_pdf(call.archive, self._office, call.ring, version, source, self._beat)
        except OSError as error:
            raise _Undrawn("no_room") from error
        if isinstance(made, Failed):
            raise _Undrawn(made.reason)
        return made

    def draw(self, original: _Original, **arguments: object) -> tuple[bytes, dict[str, Any]]:
        """Return the image of a page, and what was said of it; raises `_Undrawn`."""
        sent = bytearray()
        said = {"type": original.media_type, "want": "image", **arguments}
        answer = self._sandbox.ask(PAGE, original.reader, original.size, said, sent.extend)
        if isinstance(answer, Failed):
            raise _Undrawn(answer.reason)
        match answer.get("bytes"):
            case [int(size), int(small)] if size > 0 and size + small == len(sent):
                return bytes(sent[:size]), answer
        raise _Undrawn

    def marked(self, image: bytes, **arguments: object) -> tuple[bytes, dict[str, Any]]:
        """Return an image, or a sheet of text, with its mark; raises `_Undrawn`."""
        self._beat()
        sent = bytearray()
        answer = self._sandbox.ask(MARK, io.BytesIO(image), len(image), arguments, sent.extend)
        if isinstance(answer, Failed):
            raise _Undrawn(answer.reason)
        return bytes(sent), answer


@dataclass(frozen=True, slots=True)
class _Copy:
    """One copy while it is made."""

    hands: Copying
    call: Call
    row: Row
    mark: Mark
    held: ExitStack
    most: int

    def of_pages(self, source: Source) -> Copied | LeftOut:
        """Make it of the document's pages; raises `_Undrawn` unless all of them can be drawn."""
        original = self.hands.original(self.call, self.row.version, source)
        self.held.callback(original.reader.close)
        known = page_images.made(self.call.db, self.row.version)
        if known.pages is not None and known.pages > self.most:
            return LeftOut.TOO_MANY_PAGES
        return self._bound(self._pages(original, known), Of.PAGES)

    def of_text(self) -> Copied | LeftOut:
        """Make it of sheets of the document's text."""
        try:
            return self._bound(self._sheets(), Of.TEXT)
        except _Undrawn as error:
            no_font = error.reason == Reason.UNSUPPORTED
            return LeftOut.NO_FONT if no_font else LeftOut.NO_PAGES

    def _pages(self, original: _Original, known: page_images.Made) -> Iterator[bytes]:
        no, count = 0, known.pages
        while count is None or no < count:
            no += 1
            image = self._stored(no) if no in known.images else None
            if image is None:
                if reason := known.error(no):
                    raise _Undrawn(reason)
                image, said = self.hands.draw(original, page=no, rotation=self._turn(original, no))
                count = count or _count(said.get("pages"))
            yield self.hands.marked(image, mark=self.mark.line)[0]

    def _stored(self, no: int) -> bytes | None:
        """Return the image that was drawn of a page; None where it is lost, and drawn anew."""
        call = self.call
        blob = page_images.stored(call.db, self.row.version, page_images.PAGE, no)
        if blob is None:
            return None
        key = call.ring.version(self.row.version)
        with (
            suppress(BlobMissing, Corrupt),
            stored_files.opened(
                call.archive.blobs, key, blob.id, blob.stored_size, role=blob.role
            ) as reader,
        ):
            return reader.read()
        return None

    def _turn(self, original: _Original, no: int) -> int | None:
        if not original.turned:
            return None
        sheet = page_images.sheet(self.call.db, self.row.version, no)
        return sheet.rotation if sheet else None

    def _sheets(self) -> Iterator[bytes]:
        text = texts.shown(self.call.db, self.row.version)
        if text is None:
            return
        labels = texts.labels_of(self.call.db, text.id)
        for no, page in texts.pages_of(self.call.db, self.call.ring, text).items():
            head, left = f"{self.row.title}  {labels.get(no, '')}", page.rstrip()
            while left:
                some = left[:_WINDOW]
                image, said = self.hands.marked(b"", mark=self.mark.line, text=some, head=head)
                used = said.get("used")
                if not (type(used) is int and 0 < used <= len(some)):
                    raise _Undrawn
                left = left[used:]
                yield image

    def _bound(self, images: Iterable[bytes], of: Of) -> Copied | LeftOut:
        """Put marked images into a PDF, one after the other."""
        file = self.held.enter_context(Spool(self.call.archive.settings.data / "spool", _LONGEST))
        pdf = PicturePdf(file)
        pdf.about(_ABOUT, self._about())
        pages: list[int] = []
        for image in images:
            if len(pages) == self.most:
                return LeftOut.TOO_MANY_PAGES
            content = io.BytesIO(image)
            try:
                photo = jpegs.head(content)
            except ValueError:
                raise _Undrawn from None
            pages.append(_FIRST + picture_pdf.PAGE * len(pages))
            pdf.page(pages[-1], photo, content, picture_pdf.a4(photo))
        if not pages:
            return LeftOut.NO_PAGES
        pdf.order(pages)
        pdf.close(_ABOUT)
        return Copied(file, len(pages), of)

    def _about(self) -> dict[str, str]:
        """Return what the PDF says of itself: what is on its pages, too."""
        return {
            "Title": self.row.title,
            "Author": self.mark.name,
            "Subject": self.mark.line,
            "Keywords": str(self.mark.event or ""),
            "Creator": "guidang",
            "CreationDate": f"{self.mark.made:D:%Y%m%d%H%M%S}",
        }


def _count(value: object) -> int:
    return value if type(value) is int and 0 < value < 2**31 else 1
