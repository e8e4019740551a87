"""Makes DOCX files, by python-docx and part by part."""

import io
import zipfile
from collections.abc import Mapping

from docx import Document

_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def declared(namespaces: Mapping[str, str]) -> str:
    """Return the attributes that declare these prefixes."""
    return " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in namespaces.items())


_NAMESPACES = declared(
    {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "v": "urn:schemas-microsoft-com:vml",
    }
)


def by_library() -> bytes:
    """Return a document with a heading, paragraphs, a table with merged cells and a header."""
    document = Document()
    document.add_heading("采购合同")
    document.add_paragraph("甲方应于验收合格后三十日内付款。")
    table = document.add_table(3, 3)
    table.cell(0, 0).merge(table.cell(0, 2)).text = "设备清单"
    table.cell(1, 0).merge(table.cell(2, 0)).text = "机器人"
    table.cell(1, 1).text = "KR210"
    table.cell(2, 2).text = "两台\n备用一台"
    section = document.sections[0]
    assert section is not None
    section.header.paragraphs[0].text = "华星科技"
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def part(root: str, body: str, *, prolog: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<w:{root} {_NAMESPACES}>{body}</w:{root}>'
    )


def packed(parts: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return target.getvalue()


def relations(**targets: str) -> str:
    """Return a list of relations; `header_2=…` is a second one of type header."""
    rows = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/{kind.partition("_")[0]}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets.items())
    )
    return f'<Relationships xmlns="{_RELS}">{rows}</Relationships>'


def by_hand(body: str, *, prolog: str = "", **sides: str) -> bytes:
    """Return a document with this body and side parts: `header="…"`, `footnotes="…"`."""
    parts = {
        "_rels/.rels": relations(officeDocument="word/document.xml"),
        "word/_rels/document.xml.rels": relations(**{k: f"{k}.xml" for k in sides}),
        "word/document.xml": part("document", f"<w:body>{body}</w:body>", prolog=prolog),
    }
    for kind, content in sides.items():
        parts[f"word/{kind}.xml"] = part("part", content)
    return packed(parts)
