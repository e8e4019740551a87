"""Reads the sheets of an XLS (Excel 97 to 2003) as a person sees them, like those of an XLSX."""

import codecs
import io
import math
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import xlrd
from xlrd.biffh import error_text_from_code

from indexer.extract import number_format
from indexer.extract.grid import Grid
from indexer.extract.result import Extracted, Reason, Unreadable
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = f"xlrd {xlrd.__version__}"
#: The whole file is held in memory with all its cells; the format itself ends at 2 GB.
_LARGEST: Final = 64 * 1024 * 1024
#: What a workbook may say its bytes are, as xlrd names it.
_CODECS: Final = (
    "utf_16_le iso-8859-1 cp437 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 "
    "cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp932 cp936 cp949 cp950 cp1250 cp1251 cp1252 cp1253 "
    "cp1254 cp1255 cp1256 cp1257 cp1258 cp1361 mac_roman mac_greek mac_cyrillic mac_latin2 "
    "mac_iceland mac_turkish"
).split()
for _codec in _CODECS:
    codecs.lookup(_codec)  # in the sandbox nothing can be loaded later


class Cell(NamedTuple):
    """A cell: as people see it, and of a number the value and the format it is shown by."""

    shown: str
    value: float | None
    code: str


def read(source: BinaryIO) -> Extracted:
    """Return one page for each sheet, in the order of the workbook."""
    content = _content(source)
    transcript = Transcript()
    grid = Grid(transcript)
    book = _opened(content)
    codes = _codes(book)
    for number, name in enumerate(book.sheet_names()):
        sheet = _loaded(book, number)
        _sheet(book, sheet, codes, grid)
        for _, note in sorted(sheet.cell_note_map.items()):
            transcript.write(" ".join(note.text.split()) + "\n")
        grid.end_sheet(name)
        book.unload_sheet(number)
    return transcript.finish(_EXTRACTOR)


def first(source: BinaryIO) -> Iterator[tuple[list[Cell], bool]]:
    """Yield the rows of the first sheet, and whether its days are counted from 1904."""
    book = _opened(_content(source))
    codes, sheet = _codes(book), _loaded(book, 0)
    for row in range(sheet.nrows):
        cells = [sheet.cell(row, column) for column in range(sheet.row_len(row))]
        yield [_cell(book, codes, one) for one in cells], book.datemode == 1


def _cell(book: xlrd.Book, codes: dict[int, str], cell: xlrd.sheet.Cell) -> Cell:
    number = cell.ctype in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE) and math.isfinite(cell.value)
    value, code = float(cell.value) if number else None, _format(book, codes, cell)
    return Cell(_shown(book, codes, cell), value, code)


def _content(source: BinaryIO) -> bytes:
    content = source.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Unreadable(Reason.TOO_COMPLEX, "size")
    return content


def _opened(content: bytes) -> xlrd.Book:
    try:
        return xlrd.open_workbook(
            file_contents=content,
            logfile=io.StringIO(),
            formatting_info=True,
            on_demand=True,
            ragged_rows=True,  # else a sheet costs as much as it says it is large
        )
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        locked = "encrypted" in str(error).lower()
        raise Unreadable(Reason.PASSWORD if locked else Reason.DAMAGED, "xls") from error


def _loaded(book: xlrd.Book, number: int) -> xlrd.sheet.Sheet:
    try:
        return book.sheet_by_index(number)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # it meets damage with whatever the damage leads to
        raise Unreadable(Reason.DAMAGED, "xls sheet") from error


def _codes(book: xlrd.Book) -> dict[int, str]:
    """Return the number formats by their ids: what the file says, and what it needn't say."""
    own = {found.format_key: found.format_str for found in book.format_list}
    return {**number_format.BUILT_IN, **own}


def _sheet(book: xlrd.Book, sheet: xlrd.sheet.Sheet, codes: dict[int, str], grid: Grid) -> None:
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            grid.cell(column, _shown(book, codes, sheet.cell(row, column)))
        grid.end_row()


def _shown(book: xlrd.Book, codes: dict[int, str], cell: xlrd.sheet.Cell) -> str:
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return ""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(error_text_from_code.get(cell.value, "#N/A"))
    code = _format(book, codes, cell)
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return number_format.is_text(str(cell.value), code)
    if not math.isfinite(cell.value):
        return ""
    return number_format.shown(cell.value, code, from_1904=book.datemode == 1)


def _format(book: xlrd.Book, codes: dict[int, str], cell: xlrd.sheet.Cell) -> str:
    if cell.xf_index is None or cell.xf_index >= len(book.xf_list):
        return number_format.GENERAL
    return codes.get(book.xf_list[cell.xf_index].format_key, number_format.GENERAL)
