"""Reads the sheets of an XLSX as a person sees them: one sheet is one page with its name.

Libraries give the stored values, `0.15` and `45000`; people search for `15%` and `2023-03-15`.
So this walks the parts itself, as the reader of DOCX does. What a sheet declares about its
size is never believed and nothing is set aside for it: only cells that are there cost anything.
Hidden sheets, rows and columns are read too: they are in the original, and whoever may open
that may find them. Of merged cells the first holds the value.
"""

from typing import BinaryIO, Final

from indexer.extract.docx_walker import Walker
from indexer.extract.grid import Grid
from indexer.extract.package import Package
from indexer.extract.result import Extracted, Reason, Unreadable
from indexer.extract.sheet_walker import SheetWalker, Workbook, read_workbook
from indexer.extract.sheet_words import unescaped
from indexer.extract.transcript import Transcript
from indexer.extract.xml_stream import Attributes, XmlStream

_EXTRACTOR: Final = "guidang xlsx 1"
_SHEETS: Final = frozenset({"worksheet", "chartsheet", "dialogsheet"})
_MOST_SHEETS: Final = 2_000


def read(source: BinaryIO) -> Extracted:
    """Return one page for each sheet, in the order of the workbook."""
    transcript = Transcript()
    with Package(source) as package:
        part = package.main_part("workbook")
        if part.endswith(".bin"):  # XLSB: the same parts, in a binary form
            raise Unreadable(Reason.UNSUPPORTED, "xlsb")
        book = read_workbook(package, part)
        if len(book.sheets) > _MOST_SHEETS:
            raise Unreadable(Reason.TOO_COMPLEX, "sheets")
        grid = Grid(transcript)
        for name, relation in book.sheets:
            _sheet(package, book, grid, transcript, book.parts.get(relation))
            grid.end_sheet(name)
    if not book.sheets:
        raise Unreadable(Reason.DAMAGED, "no sheets")
    return transcript.finish(_EXTRACTOR)


def _sheet(
    package: Package,
    book: Workbook,
    grid: Grid,
    transcript: Transcript,
    found: tuple[str, str] | None,
) -> None:
    if found is None or found[0] not in _SHEETS:
        return
    part = found[1]
    SheetWalker(book, grid).walk(package, part)
    grid.end_row()
    for kind, side in dict.fromkeys(package.related(part)):
        if kind == "comments":
            transcript.write(_comments(package, side))
        elif kind == "drawing":
            Walker(transcript.write).walk(package, side)
            for is_kind, chart in dict.fromkeys(package.related(side)):
                if is_kind == "chart":
                    Walker(transcript.write).walk(package, chart)


def _comments(package: Package, part: str) -> str:
    """Return what people wrote beside cells, one comment a line."""
    comments: list[str] = []
    runs: list[str] = []
    pieces: list[str] = []
    inside = [False]

    def start(tag: str, _: Attributes) -> None:
        inside[0] = tag.endswith(" t")

    def end(tag: str) -> None:
        if inside[0]:
            runs.append(unescaped("".join(pieces)))
            pieces.clear()
        inside[0] = False
        if tag.endswith(" comment"):
            comments.append(" ".join("".join(runs).split()) + "\n")
            runs.clear()

    def text(text: str) -> None:
        if inside[0]:
            pieces.append(text)

    package.parse(part, XmlStream(start=start, end=end, text=text))
    return "".join(comments)
