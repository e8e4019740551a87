"""Makes XLSX and XLS files, by openpyxl, by xlwt and part by part."""

import io
import struct
from datetime import datetime

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
    locked = struct.pack("<HHH", 0x002F, 54, 1) + bytes(52)
    target = io.BytesIO()
    CompoundDoc.XlsDoc().save(target, start + locked + bytes(5_000))
    return target.getvalue()


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


def by_hand(data: str, *, strings: str = "", styles: str = "", before: str = "") -> bytes:
    """Return a workbook of one sheet called 表 with this data."""
    return packed(
        {
            "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
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
