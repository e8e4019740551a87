"""Reads the text layer of a PDF, its form fields and its annotations, page by page (PDFium)."""

import codecs
import ctypes
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from itertools import islice
from typing import BinaryIO, Final

import pypdfium2
import pypdfium2.raw as pdfium

from indexer.extract import pdf_fonts
from indexer.extract.page_columns import columns
from indexer.extract.pdf_annotations import annotations, holds_file
from indexer.extract.result import Extracted, Note, Reason, Recognition, Unreadable
from indexer.extract.transcript import Transcript

_WHOLE: Final = 8 * 1024 * 1024
_TAIL: Final = 64 * 1024
_PAGES: Final = 50_000
_EXTRACTOR: Final = f"pypdfium2 {pypdfium2.PYPDFIUM_INFO}"

#: PDFium's marks for a hyphen at a line's end; the line end itself is already gone.
_HYPHEN = re.compile("[\ufffe\x02]")
_HYPHENATED = re.compile("(?<=[a-z])[\ufffe\x02](?=[a-z])")
_BLANK = re.compile(r"\s+")
#: What a text layer that lies is full of. U+F000 to F0FF is not in it: there the bullets and
#: ticks of symbol fonts stand, in honest documents too.
_WRONG = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uefff\uf100-\uf8ff\ufffd\uffff\U000f0000-\U0010ffff]"
)
_WRONG_SHARE: Final = 0.02
_WRONG_LEAST: Final = 3
#: Characters of a page that are looked at, of how many there are.
_LOOKED: Final = 100

#: A page with less of its own may be an image with a stamp of the scanner.
_FEW: Final = 100
#: An image that covers so much of a page is the page.
_COVERS: Final = 0.5
#: Shares of all Chinese characters, and numbers of them, from which on those that only rare or
#: traditional writing has make a layer doubtful: wrong font maps give plausible Chinese.
_RARE_SHARE: Final = 0.1
_RARE_LEAST: Final = 5
_OBJECTS: Final = 1000
_HAN: Final = re.compile("[\u4e00-\u9fff]")


def _rare() -> re.Pattern[str]:
    """Return what finds the Chinese characters that GB 2312 does not have."""
    every = map(chr, range(0x4E00, 0xA000))
    return re.compile(f"[{''.join(one for one in every if not one.encode('gb2312', 'ignore'))}]")


_RARE: Final = _rare()

#: How files are named that belong to a PDF or a page and hang on neither (PDF/A-3).
_BELONGS: Final = re.compile(rb"/AF\s*(?:\[|\d+\s+\d+\s+R)")
#: Where what is packed begins, and how much of it is looked through for that.
_PACK: Final = re.compile(rb"/ObjStm\b.{0,300}?>>\s*stream\r?\n", re.DOTALL)
_PACKS: Final = 200
_PACKED: Final = 1024 * 1024

codecs.lookup("utf-16-le")  # pypdfium2 decodes with it, where nothing can be loaded any more

pdf_fonts.install()


def read(source: BinaryIO, password: str | None = None) -> Extracted:
    """Return every page's text, empty where the text layer can't be believed."""
    with closing(opened(source, password)) as document:
        if len(document) > _PAGES:
            raise Unreadable(Reason.TOO_COMPLEX, "pages")
        document.init_forms()
        transcript = Transcript()
        held: set[int] = set()
        read_pages = sum(_page(transcript, document, n, held) for n in range(len(document)))
        if not read_pages:
            raise Unreadable(Reason.DAMAGED, "no page loads")
        holds = bool(held) or pdfium.FPDFDoc_GetAttachmentCount(document) > 0
        found = transcript.finish(_EXTRACTOR)
        return replace(found, holds=holds or _belong(source))


def usable(text: str) -> bool:
    """Tell whether a text layer says what the page shows: a wrong font map rarely hides."""
    wrong = len(_WRONG.findall(_HYPHEN.sub("", text) if _hyphens(text) else text))
    return wrong < _WRONG_LEAST or wrong <= _WRONG_SHARE * len(_BLANK.sub("", text))


def joined(text: str) -> str:
    """Return text with words divided at a line's end whole again, other hyphens kept."""
    return _HYPHEN.sub("-\n", _HYPHENATED.sub("", text)) if _hyphens(text) else text


def _hyphens(text: str) -> bool:
    return "\ufffe" in text or "\x02" in text


def opened(source: BinaryIO, password: str | None = None) -> pypdfium2.PdfDocument:
    """Open a PDF; raises `Unreadable` where it is damaged or locked."""
    size = source.seek(0, io.SEEK_END)
    source.seek(max(0, size - _TAIL))
    if b"startxref" not in source.read():  # PDFium would guess, and lose pages silently
        raise Unreadable(Reason.DAMAGED, "no end")
    source.seek(0)
    try:
        return pypdfium2.PdfDocument(source.read() if size <= _WHOLE else source, password)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        reason = Reason.PASSWORD if locked else Reason.DAMAGED
        raise Unreadable(reason, f"pdfium {error.err_code}") from error


def _belong(source: BinaryIO) -> bool:
    """Tell whether files belong to a PDF or a page that PDFium does not know of."""
    source.seek(0)
    content = source.read(_WHOLE)
    return any(_BELONGS.search(text) for text in (content, *_unpacked(content)))


def _unpacked(content: bytes) -> Iterator[bytes]:
    """Yield what is packed together in a PDF beside its streams: the start of each pack."""
    for found in islice(_PACK.finditer(content), _PACKS):
        with suppress(zlib.error):
            yield zlib.decompressobj().decompress(
                content[found.end() : found.end() + _PACKED], _PACKED
            )


def _page(
    transcript: Transcript, document: pypdfium2.PdfDocument, index: int, held: set[int]
) -> bool:
    """Write one page; return whether it could be loaded. Adds it to `held` if it holds files."""
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        transcript.end_page(note=Note.DAMAGED_PAGE)
        return False
    with closing(page):
        layer, unnamed = _layer(page)
        believed = usable(layer)
        if believed:
            transcript.write(joined(layer))
        for value in annotations(page, document.formenv):
            transcript.write(f"\n{value}")
        if holds_file(page):
            held.add(index)
        width, height = page.get_size()
        transcript.end_page(
            label=_label(document, index),
            width=width,
            height=height,
            rotation=page.get_rotation(),
            note=None if believed else Note.SUSPECT_LAYER,
            recognition=_recognition(page, layer, unnamed=unnamed)
            if believed
            else Recognition.READ,
        )
    return True


def doubtful(text: str) -> bool:
    """Tell whether a layer may lie plausibly. Genuine traditional writing is doubtful too."""
    rare = len(_RARE.findall(text))
    return rare >= _RARE_LEAST and rare >= _RARE_SHARE * len(_HAN.findall(text))


def _recognition(page: pypdfium2.PdfPage, layer: str, *, unnamed: bool) -> Recognition | None:
    """Tell what recognition should do about a page whose layer is not wrong at first sight."""
    characters = len(_BLANK.sub("", layer)) if len(layer) < 2 * _FEW else _FEW
    if characters < _FEW and _is_drawn(page, empty=not characters):
        return Recognition.READ
    if unnamed or doubtful(layer) or (_is_drawn(page, empty=False) and _is_hidden(page)):
        return Recognition.COMPARE
    return None


def _is_drawn(page: pypdfium2.PdfPage, *, empty: bool) -> bool:
    """Tell whether a page shows an image as large as itself; or, where it is empty, anything."""
    count = min(pdfium.FPDFPage_CountObjects(page), _OBJECTS)
    if empty:
        return bool(count > 0)
    width, height = page.get_size()
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(count):
        one = pdfium.FPDFPage_GetObject(page, index)
        if pdfium.FPDFPageObj_GetType(one) != pdfium.FPDF_PAGEOBJ_IMAGE:
            continue
        bounds = [ctypes.byref(side) for side in (left, bottom, right, top)]
        if pdfium.FPDFPageObj_GetBounds(one, *bounds):
            area = (right.value - left.value) * (top.value - bottom.value)
            if area >= _COVERS * width * height:
                return True
    return False


def _is_hidden(page: pypdfium2.PdfPage) -> bool:
    """Tell whether the first writing on a page is not shown: somebody else's recognition."""
    for index in range(min(pdfium.FPDFPage_CountObjects(page), _OBJECTS)):
        one = pdfium.FPDFPage_GetObject(page, index)
        if pdfium.FPDFPageObj_GetType(one) == pdfium.FPDF_PAGEOBJ_TEXT:
            mode = pdfium.FPDFTextObj_GetTextRenderMode(one)
            return bool(mode == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)
    return False


def _label(document: pypdfium2.PdfDocument, index: int) -> str:
    try:
        return str(document.get_page_label(index))
    except UnicodeDecodeError:
        return ""


def _layer(page: pypdfium2.PdfPage) -> tuple[str, bool]:
    """Return a page's text, and whether the file names too few of its characters."""
    try:
        with closing(page.get_textpage()) as layer:
            unnamed = _is_unnamed(layer)
            found = columns(page, layer)
            if not found:
                return str(layer.get_text_range()), unnamed
            pieces = (layer.get_text_range(one.start, one.end - one.start) for one in found)
            return "\r\n".join(map(str, pieces)), unnamed
    except pypdfium2.PdfiumError:
        return "", False


def _is_unnamed(layer: pypdfium2.PdfTextPage) -> bool:
    """Tell whether a font does not say what it shows: its numbers then pass for characters."""
    count = layer.count_chars()
    looked = range(0, count, max(1, count // _LOOKED))
    wrong: int = sum(pdfium.FPDFText_HasUnicodeMapError(layer, at) == 1 for at in looked)
    return wrong >= _WRONG_LEAST and wrong > _WRONG_SHARE * len(looked)
