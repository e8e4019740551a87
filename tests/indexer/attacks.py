"""Makes DOCX, XLSX and XLS files that want to cost more than they may."""

import struct
import zipfile

from tests.indexer import docxs, sheets
from tests.indexer.docxs import packed, paragraph, relations, run

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def stored(parts: dict[str, str]) -> bytes:
    """Return a package whose parts are not compressed, so that no ratio gives it away."""
    return packed(parts, zipfile.ZIP_STORED)


def document(body: str, *, prolog: str = "") -> bytes:
    """Return a DOCX with this body, not compressed."""
    return stored(
        {
            "_rels/.rels": relations(officeDocument="word/d.xml"),
            "word/d.xml": docxs.part("document", f"<w:body>{body}</w:body>", prolog=prolog),
        }
    )


def workbook(data: str = "", *, strings: str = "", styles: str = "", names: str = "") -> bytes:
    """Return an XLSX, not compressed; `names` are more sheets, all of them the same part."""
    return stored(
        {
            "_rels/.rels": relations(officeDocument="xl/b.xml"),
            "xl/b.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            f'<sheet name="a" r:id="r0"/>{names}</sheets></workbook>',
            "xl/_rels/b.xml.rels": relations(
                worksheet="s.xml", sharedStrings="w.xml", styles="f.xml"
            ),
            "xl/s.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{data}</sheetData></worksheet>',
            "xl/w.xml": f'<sst xmlns="{_MAIN}">{strings}</sst>',
            "xl/f.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs>{styles}</cellXfs></styleSheet>',
        }
    )


def entities() -> str:
    """Return a prolog whose entities double sixty times, and one that asks for a file."""
    doubled = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 60))
    return f'<!DOCTYPE x [<!ENTITY e0 "库">{doubled}<!ENTITY f SYSTEM "file:///etc/passwd">]>'


def outer_entity() -> str:
    """Return a prolog that asks for a list of entities on another host."""
    return '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>'


def long_names() -> str:
    """Return elements without number, each with a name as long as a book."""
    kinds = "".join(f"<n:e{number}/>" for number in range(20_000))
    return f'<n:a xmlns:n="urn:{"n" * 100_000}">{kinds}</n:a>'


def tables(depth: int) -> str:
    """Return tables in tables, around a long paragraph."""
    start, end = "<w:tbl><w:tr><w:tc>" * depth, "</w:tc></w:tr></w:tbl>" * depth
    return start + paragraph(run("长" * 50_000)) + end


def much_charted(count: int) -> bytes:
    """Return a workbook with a drawing that names one chart without end."""
    chart = f'<c xmlns:a="{_DRAWING}"><a:p><a:t>图</a:t></a:p></c>'
    return stored(
        {
            "_rels/.rels": relations(officeDocument="xl/b.xml"),
            "xl/b.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="a" r:id="r0"/></sheets></workbook>',
            "xl/_rels/b.xml.rels": relations(worksheet="s.xml"),
            "xl/s.xml": f'<worksheet xmlns="{_MAIN}"/>',
            "xl/_rels/s.xml.rels": relations(drawing="g.xml"),
            "xl/g.xml": "<g/>",
            "xl/_rels/g.xml.rels": relations(**{f"chart_{n}": "c.xml" for n in range(count)}),
            "xl/c.xml": chart,
        }
    )


def much_promised() -> bytes:
    """Return an XLS whose table of words says that it holds two thousand millions."""
    content = sheets.old_by_library()
    at = content.index(struct.pack("<H", 0x00FC), 512)
    return content[: at + 4] + struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF) + content[at + 12 :]


def odd_packing() -> bytes:
    """Return a DOCX packed in a way that Office does not know."""
    return packed(
        {
            "_rels/.rels": relations(officeDocument="word/d.xml"),
            "word/d.xml": docxs.part("document", ""),
        },
        zipfile.ZIP_LZMA,
    )
