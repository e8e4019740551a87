"""Make DOCX files: by LibreOffice from HTML (with footnotes), or by python-docx."""

import re
import subprocess
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt

from tests.demo import html
from tests.demo.source import Block, Source

MADE = datetime(2026, 11, 1, 9, tzinfo=UTC)
MOMENT = re.compile(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
DATED_PARTS = {"docProps/core.xml", "word/comments.xml"}


def libreoffice(source: Source, target: Path) -> None:
    """Let LibreOffice Writer read HTML and save it for Word."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, f"{target.stem}.html")
        page.write_text(html.office(source), "utf-8")
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"]
        command += ["--infilter=HTML (StarWriter)", "--convert-to", "docx:MS Word 2007 XML"]
        command += ["--outdir", str(target.parent), str(page)]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
    _settle(target)


def python_docx(source: Source, target: Path) -> None:
    """Write a file for Word with running header, footer, tables and a comment."""
    document = docx.Document()
    properties = document.core_properties
    properties.title, properties.author = source.title, source.directives.get("author", "")
    properties.created = properties.modified = MADE
    normal = document.styles["Normal"]
    normal.font.size = Pt(10.5)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "宋体")
    section = document.sections[0]
    section.header.paragraphs[0].text = source.directives.get("header", "")
    section.footer.paragraphs[0].text = source.directives.get("footer", "")
    for block in source.blocks:
        _add(document, block)
    if comment := source.directives.get("comment"):
        author, _, text = comment.partition(":")
        last = next(p for p in reversed(document.paragraphs) if p.runs)
        document.add_comment(last.runs, text=text.strip(), author=author, initials=author[:1])
    document.save(str(target))
    _settle(target)


def _settle(target: Path) -> None:
    """Put one moment in place of the present, so that making twice gives the same bytes."""
    with zipfile.ZipFile(target) as package:
        parts = [(part, package.read(part)) for part in package.infolist()]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for part, content in parts:
            dated = part.filename in DATED_PARTS
            made = MOMENT.sub(MADE.strftime("%Y-%m-%dT%H:%M:%S").encode(), content)
            package.writestr(
                zipfile.ZipInfo(part.filename, MADE.timetuple()[:6]),
                made if dated else content,
                zipfile.ZIP_DEFLATED,
            )


def _add(document: Document, block: Block) -> None:
    match block.kind:
        case "title":
            document.add_heading(block.text, level=0)
        case "heading":
            document.add_heading(block.text, level=2)
        case "centred":
            document.add_paragraph(block.text).alignment = WD_ALIGN_PARAGRAPH.CENTER
        case "item":
            document.add_paragraph(block.text, style="List Bullet")
        case "page":
            document.add_page_break()
        case "table":
            table = document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
            for row in block.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        case _:
            document.add_paragraph(block.text)
