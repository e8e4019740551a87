"""Reads the sheets of an XLS (Excel 97 to 2003) as a person sees them, like those of an XLSX."""

import codecs
import io
import math
from typing import BinaryIO, Final

import xlrd
from xlrd.biffh import error_text_from_code

from indexer.extract import number_format
from indexer.extract.grid import Grid
from indexer.extract.result import Extracted, Reason, Unreadable
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = f"xlrd {xlrd.__version__}"
#: The whole file is held in memory with all its cells; the format itself ends at 2 GB.
_LARGEST: Final = 64 * 1024 * 1024
for _codec in ("utf-16-le", "latin-1", "cp1252", "gbk", "cp950", "cp932", "cp949", "mac-roman"):
    codecs.lookup(_codec)  # in the sandbox nothing can be loaded later


def read(source: BinaryIO) -> Extracted:
    """Return one page for each sheet, in the order of the workbook."""
    content = source.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise Unreadable(Reason.TOO_COMPLEX, "size")
    transcript = Transcript()
    grid = Grid(transcript)
    book = _opened(content)
    for number in range(book.nsheets):
        _sheet(book, _loaded(book, number), grid)
        for _, note in sorted(book.sheet_by_index(number).cell_note_map.items()):
            transcript.write(" ".join(note.text.split()) + "\n")
        grid.end_sheet(book.sheet_names()[number])
        book.unload_sheet(number)
    return transcript.finish(_EXTRACTOR)


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


def _sheet(book: xlrd.Book, sheet: xlrd.sheet.Sheet, grid: Grid) -> None:
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            grid.cell(column, _shown(book, sheet.cell(row, column)))
        grid.end_row()


def _shown(book: xlrd.Book, cell: xlrd.sheet.Cell) -> str:
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return ""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(error_text_from_code.get(cell.value, "#N/A"))
    code = _format(book, cell)
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return number_format.is_text(str(cell.value), code)
    if not math.isfinite(cell.value):
        return ""
    return number_format.shown(cell.value, code, from_1904=book.datemode == 1)


def _format(book: xlrd.Book, cell: xlrd.sheet.Cell) -> str:
    if cell.xf_index is None or cell.xf_index >= len(book.xf_list):
        return number_format.GENERAL
    key = book.xf_list[cell.xf_index].format_key
    found = book.format_map.get(key)
    text = found.format_str if found else number_format.GENERAL
    return number_format.BUILT_IN.get(key, text) if key in number_format.BUILT_IN else text
