"""The rows of the table: which files are measured, by whom they were written."""

import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from PIL import Image

from tests.formats import content, pages, programs, writers
from tests.formats.content import Paper, Row

#: Papers of one row; rows of one workbook.
PAPERS: Final = 4
_ROWS: Final = 120
_FONTS: Final = ("Noto Serif CJK SC", "Noto Sans CJK SC")
OFFICE, BROWSER, SCANNER = "LibreOffice", "Chromium", "LibreOffice, then simulated"
OFDRW = "ofdrw"
#: LibreOffice writes in UTF-8, with commas, and quotes where there must be some.
_CSV: Final = "csv:Text - txt - csv (StarCalc):44,34,76"
#: What pages that are recognised shall reach.
REACH: Final = (0.985, 0.99)
#: The files that pages come in, where that is no TIFF, and what Pillow calls them.
_KINDS: Final = {"noisy": "pdf", "stamped": "jpg", "photograph": "jpg", "skewed": "png"}
_PILLOW: Final = {"tif": "TIFF", "pdf": "PDF", "jpg": "JPEG", "png": "PNG"}
_RECOGNISED: Final = frozenset({"clean", "noisy", "skewed", "rotated", "stamped"})


@dataclass(frozen=True, slots=True)
class Sample:
    """A file, its name, and what it says."""

    name: str
    content: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row: what is measured, who writes it, and how its files are made."""

    what: str
    writer: str
    make: Callable[[], list[Sample]]
    reach: tuple[float, float] | None = None

    @property
    def missing(self) -> str:
        """Name the program that would write the files and is not on this machine."""
        if self.writer in (OFFICE, SCANNER) and programs.office() is None:
            return "LibreOffice"
        if self.writer == BROWSER and programs.browser() is None:
            return "Chromium"
        if self.writer == OFDRW and programs.java() is None:
            return "Java with Maven"
        return ""


def all_rows() -> list[Wanted]:
    """Return every row in the order of the table."""
    return [
        Wanted("PDF", OFFICE, partial(_converted, "pdf", full=False)),
        Wanted("PDF", BROWSER, _printed),
        Wanted(
            "PDF, fonts not embedded", "reportlab", partial(_each, "pdf", writers.with_reportlab)
        ),
        *_text_rows(),
        *_sheet_rows(),
        *_slide_rows(),
        *_plain_rows(),
        Wanted("OFD", OFDRW, _ofds),
        *_page_rows(),
    ]


def _text_rows() -> Iterator[Wanted]:
    yield Wanted("DOCX", "python-docx", partial(_each, "docx", writers.python_docx, headed))
    for ending in ("docx", "doc", "rtf", "odt"):
        yield Wanted(ending.upper(), OFFICE, partial(_converted, ending, full=True))
    yield Wanted("WPS (a DOC by that name)", OFFICE, _named_wps)
    yield Wanted("HTML", OFFICE, lambda: _converted("html", full=False))


def _sheet_rows() -> Iterator[Wanted]:
    yield Wanted("XLSX", "openpyxl", partial(_sheets, "xlsx", writers.with_openpyxl))
    yield Wanted("XLSX", "XlsxWriter", partial(_sheets, "xlsx", writers.with_xlsxwriter))
    yield Wanted("XLS", "xlwt", partial(_sheets, "xls", writers.with_xlwt))
    for ending in ("xlsx", "xls", "ods", "csv"):
        yield Wanted(ending.upper(), OFFICE, partial(_sheets_of_office, ending))


def _slide_rows() -> Iterator[Wanted]:
    text = writers.slides_text
    yield Wanted("PPTX", "python-pptx", partial(_each, "pptx", writers.python_pptx, text))
    for ending in ("pptx", "ppt", "odp"):
        yield Wanted(ending.upper(), OFFICE, partial(_slides_of_office, ending))


def _plain_rows() -> Iterator[Wanted]:
    for name, codec in (
        ("UTF-8", "utf-8"),
        ("UTF-16", "utf-16"),
        ("GB 18030", "gb18030"),
        ("GBK", "gbk"),
    ):
        yield Wanted(f"TXT in {name}", "Python", partial(_plain, codec))
    for codec in ("utf-8", "gb18030"):
        yield Wanted(f"EML in {codec.upper()}", "Python", partial(_mails, codec))


def _page_rows() -> Iterator[Wanted]:
    for way in pages.WAYS:
        reach = REACH if way in _RECOGNISED else None
        kind = _KINDS.get(way, "tif").upper()
        yield Wanted(f"{kind}, {way} page", SCANNER, partial(_scans, way), reach)


@cache
def _papers() -> Mapping[str, Paper]:
    return {f"p{number}": content.paper(number) for number in range(PAPERS)}


def headed(paper: Paper) -> str:
    """Return a paper as its reader gives it with a header: that comes last."""
    return f"{paper.body}\n{paper.header}"


def whole(paper: Paper, kind: str) -> str:
    """Return all that stands in and around a paper, in the order in which it is read.

    The box follows the clause it hangs on, and so do notes in RTF and OpenDocument, which have
    them there; in Word's files they are parts of their own at the end.
    """
    notes = [paper.footnote, paper.remark]
    near, end = (notes, []) if kind in ("odt", "rtf") else ([], notes)
    first, *others = paper.clauses
    rows = (" ".join(row) for row in paper.table)
    return "\n".join([paper.title, first, paper.box, *near, *others, *rows, *end, paper.header])


def _body(paper: Paper) -> str:
    return paper.body


def _each(
    ending: str, write: Callable[[Paper], bytes], text: Callable[[Paper], str] = _body
) -> list[Sample]:
    papers = _papers().items()
    return [Sample(f"{name}.{ending}", write(paper), text(paper)) for name, paper in papers]


@cache
def _written_by_office(kind: str, *, full: bool) -> Mapping[str, bytes]:
    flat = {
        f"{name}.fodt": programs.flat_text(paper, whole=full, font=_FONTS[number % len(_FONTS)])
        for number, (name, paper) in enumerate(_papers().items())
    }
    return programs.converted(flat, kind)


def _converted(kind: str, *, full: bool) -> list[Sample]:
    ending = kind.partition(":")[0]
    made = _written_by_office(kind, full=full)
    return [
        Sample(f"{name}.{ending}", made[name], whole(p, ending) if full else p.body)
        for name, p in _papers().items()
    ]


def _named_wps() -> list[Sample]:
    return [Sample(f"{s.name[:-4]}.wps", s.content, s.text) for s in _converted("doc", full=True)]


def _ofds() -> list[Sample]:
    papers = _papers()
    made = programs.written_by_ofdrw(list(papers.values()))
    named = zip(papers.items(), made, strict=True)
    return [Sample(f"{name}.ofd", file, paper.body) for (name, paper), file in named]


def _printed() -> list[Sample]:
    papers = _papers()
    made = programs.printed(list(papers.values()))
    named = zip(papers.items(), made, strict=True)
    return [Sample(f"{name}.pdf", file, paper.body) for (name, paper), file in named]


@cache
def _tables() -> Mapping[str, tuple[Row, ...]]:
    return {f"t{n}": content.rows(random.Random(f"table {n}"), _ROWS) for n in range(PAPERS)}


def _joined(rows: tuple[Row, ...]) -> str:
    return "\n".join(" ".join(row) for row in rows)


def _sheets(ending: str, write: Callable[[tuple[Row, ...]], bytes]) -> list[Sample]:
    tables = _tables().items()
    return [Sample(f"{name}.{ending}", write(rows), _joined(rows)) for name, rows in tables]


def _sheets_of_office(ending: str) -> list[Sample]:
    files = {f"{name}.xlsx": writers.with_openpyxl(rows) for name, rows in _tables().items()}
    made = programs.converted(files, _CSV if ending == "csv" else ending)
    text = writers.as_csv if ending == "csv" else _joined
    return [Sample(f"{n}.{ending}", made[n], text(rows)) for n, rows in _tables().items()]


def _slides_of_office(ending: str) -> list[Sample]:
    papers = _papers().items()
    files = {f"{name}.pptx": writers.python_pptx(paper) for name, paper in papers}
    made = programs.converted(files, ending)
    return [Sample(f"{n}.{ending}", made[n], writers.slides_text(p)) for n, p in papers]


def _plain(codec: str) -> list[Sample]:
    return _each("txt", lambda paper: paper.body.encode(codec, "replace"), lambda p: _in(p, codec))


def _in(paper: Paper, codec: str) -> str:
    return paper.body.encode(codec, "replace").decode(codec)


def _mails(charset: str) -> list[Sample]:
    def said(paper: Paper) -> str:
        return "\n".join([f"Subject: {paper.title}", *paper.clauses])

    return _each("eml", lambda paper: writers.mail(paper, charset), said)


def _scans(way: str) -> list[Sample]:
    harm, dots = pages.WAYS[way]
    found = []
    for name, pdf in _written_by_office("pdf", full=False).items():
        chance = random.Random(f"{way} {name}")
        images = [harm(page, chance) for page in pages.drawn(pdf, dots)]
        text = _papers()[name].body
        kind = _KINDS.get(way, "tif")
        found.append(Sample(f"{name}.{kind}", _saved(images, kind, dots), text))
    return found


def _saved(images: list[Image.Image], kind: str, dots: int) -> bytes:
    """Return the pages as one file of Pillow's; raises `ValueError` for more than it can hold."""
    target = io.BytesIO()
    first, *others = images
    if kind not in ("tif", "pdf"):
        if others:
            raise ValueError(f"{len(images)} pages in one {kind}")
        first.save(target, _PILLOW[kind], dpi=(dots, dots))
        return target.getvalue()
    more = {"dpi": (dots, dots)} if kind == "tif" else {"resolution": dots}
    first.save(target, _PILLOW[kind], save_all=True, append_images=others, **more)
    return target.getvalue()
