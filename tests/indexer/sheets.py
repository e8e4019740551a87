"""Makes XLSX and XLS files, by openpyxl, by xlwt and part by part."""

import io
import struct
from collections.abc import Sequence
from datetime import date, datetime

import openpyxl
import xlwt
from openpyxl.comments import Comment
from xlwt import CompoundDoc

from tests.indexer.docxs import packed, relations

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def by_library() -> bytes:
    """Return a workbook with formats, merged cells, a comment, and a hidden sheet."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "报价明细"
    first.merge_cells("A1:D1")
    first["A1"] = "焊接工作站报价"
    rows = [("设备", "数量", "单价", "折扣"), ("KR210", 1200, 1234567.5, 0.153)]
    for n, row in enumerate(rows, 3):
        for column, value in enumerate(row, 1):
            first.cell(n, column, value)
    first["B4"].number_format = "#,##0"
    first["C4"].number_format = '"¥"#,##0.00'
    first["D4"].number_format = "0.0%"
    first["A5"] = datetime(2025, 3, 9)  # noqa: DTZ001 - sheets know no time zone
    first["A5"].number_format = 'yyyy"年"m"月"d"日"'
    first["B5"] = True
    first["C5"] = "#DIV/0!"
    first["A2"].comment = Comment("单价含税", "林晓")
    hidden = book.create_sheet("底价")
    hidden.sheet_state = "hidden"
    hidden["B2"] = "最低八五折"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def of_rows(*rows: Sequence[object]) -> bytes:
    """Return a workbook of one sheet with these rows; None leaves a cell out."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for n, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if value is not None:
                first.cell(n, column, value)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def old_of_rows(*rows: Sequence[object]) -> bytes:
    """Return the like of `of_rows` as Excel 97 to 2003 kept it."""
    book = xlwt.Workbook(encoding="utf-8")
    first = book.add_sheet("清单")
    for n, row in enumerate(rows):
        for column, value in enumerate(row):
            day = xlwt.easyxf(num_format_str="m/d" if isinstance(value, date) else "General")
            if value is not None:
                first.write(n, column, value, day)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def old_by_library() -> bytes:
    """Return the like as Excel 97 to 2003 kept it."""
    book = xlwt.Workbook(encoding="utf-8")
    first = book.add_sheet("对账单")
    first.write_merge(0, 0, 0, 2, "二〇二五年往来")
    for column, (value, style) in enumerate(
        [
            (datetime(2025, 3, 9), "yyyy/m/d"),  # noqa: DTZ001
            (0.5, "0%"),
            (-1234.5, "#,##0.00"),
        ]
    ):
        first.write(2, column, value, xlwt.easyxf(num_format_str=style))
    first.write(3, 1, True)  # noqa: FBT003 - xlwt takes no keyword
    first.write(3, 2, "KR210")
    hidden = book.add_sheet("备注")
    hidden.visibility = 1
    hidden.write(0, 0, "隐藏的说明")
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def old_and_locked() -> bytes:
    """Return an XLS that is locked: after its first record nothing is readable."""
    start = struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    locked = struct.pack("<HHHHH", 0x002F, 54, 1, 1, 1) + bytes(48)
    target = io.BytesIO()
    CompoundDoc.XlsDoc().save(target, start + locked + bytes(5_000))
    return target.getvalue()


def old_by_hand(
    *cells: bytes, formats: dict[int, str] | None = None, used: int = 0, codepage: int | None = None
) -> bytes:
    """Return an XLS of one sheet called S, whose cells use the format with this number.

    With a codepage it is an older one: Excel 95, whose texts are bytes of that codepage.
    """
    version = 0x0600 if codepage is None else 0x0500
    start = _record(0x0809, struct.pack("<HHHHII", version, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    start += _record(0x0042, struct.pack("<H", codepage or 1200))
    font = struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0)
    start += _record(0x0031, font + (b"\x01\0F" if codepage is None else b"\x01F"))
    for number, code in (formats or {}).items():
        words = struct.pack("<HHB", number, len(code), 1) + code.encode("utf-16-le")
        start += _record(0x041E, words)
    size = 20 if codepage is None else 16
    for kind in (0xFFF5, 0x0001):
        start += _record(0x00E0, struct.pack("<HHH", 0, used, kind) + bytes(size - 6))
    name = b"\x01\0S" if codepage is None else b"\x01S"
    place = len(start) + 4 + 6 + len(name) + 4
    start += _record(0x0085, struct.pack("<IBB", place, 0, 0) + name) + _record(0x000A, b"")
    sheet = _record(0x0809, struct.pack("<HHHHII", version, 0x0010, 0x0DBB, 0x07CC, 0, 6))
    target = io.BytesIO()
    CompoundDoc.XlsDoc().save(target, start + sheet + b"".join(cells) + _record(0x000A, b""))
    return target.getvalue()


def old_number(value: float, *, column: int = 0) -> bytes:
    return _record(0x0203, struct.pack("<HHHd", 0, column, 1, value))


def old_error(code: int, *, column: int = 0) -> bytes:
    return _record(0x0205, struct.pack("<HHHBB", 0, column, 1, code, 1))


def old_label(text: bytes, *, column: int = 0) -> bytes:
    """Return a cell with a text as Excel 95 kept it."""
    return _record(0x0204, struct.pack("<HHHH", 0, column, 1, len(text)) + text)


def _record(number: int, body: bytes) -> bytes:
    return struct.pack("<HH", number, len(body)) + body


def locked() -> bytes:
    """Return a locked XLSX: Office wraps it into a container of the old kind."""
    content = bytearray(old_and_locked())
    entry = content.index("Workbook\0".encode("utf-16-le"))
    name = "EncryptedPackage\0".encode("utf-16-le")
    content[entry : entry + len(name)] = name
    content[entry + 64 : entry + 66] = struct.pack("<H", len(name))
    return bytes(content)


def row(*cells: str) -> str:
    return f"<row>{''.join(cells)}</row>"


def cell(value: str, *, at: str = "", kind: str = "n", style: int = 0) -> str:
    place = f' r="{at}"' if at else ""
    return f'<c{place} t="{kind}" s="{style}"><v>{value}</v></c>'


def by_hand(
    data: str, *, strings: str = "", styles: str = "", before: str = "", properties: str = ""
) -> bytes:
    """Return a workbook of one sheet called 表 with this data."""
    return packed(
        {
            "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{properties}'
            '<sheets><sheet name="表" r:id="r0"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": relations(
                worksheet="sheet.xml", sharedStrings="strings.xml", styles="styles.xml"
            ),
            "xl/sheet.xml": f'<worksheet xmlns="{_MAIN}">{before}'
            f"<sheetData>{data}</sheetData></worksheet>",
            "xl/strings.xml": f'<sst xmlns="{_MAIN}">{strings}</sst>',
            "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>',
        }
    )
