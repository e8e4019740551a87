"""Make PDF files: printed by headless Chromium, or set by reportlab."""

import re
import subprocess
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from tests.demo import html
from tests.demo.source import Block, Source

FONT = "STSong-Light"  # not embedded: readers bring it or take their own
SWITCHES = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--no-pdf-header-footer"
).split()


def chromium(source: Source, target: Path) -> None:
    """Print a source with Chromium."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(html.printed(source), "utf-8")
        command = ["chromium", *SWITCHES, f"--user-data-dir={folder}/profile"]
        command += [f"--print-to-pdf={target}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    # The same length, so that no offset in the file moves: making twice gives the same bytes.
    made = re.sub(rb"\(D:\d{14}", b"(D:20261101090000", target.read_bytes())
    target.write_bytes(made)


def reportlab(source: Source, target: Path) -> None:
    """Set a source with reportlab and a font that is not embedded."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    document = SimpleDocTemplate(
        str(target),
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        title=source.title,
        author=source.directives.get("header", ""),
        invariant=1,
    )

    def around(canvas: Canvas, _: object) -> None:
        canvas.setFont(FONT, 8)
        canvas.drawString(20 * mm, 285 * mm, source.directives.get("header", ""))
        canvas.drawString(20 * mm, 12 * mm, source.directives.get("footer", ""))
        canvas.drawRightString(190 * mm, 12 * mm, f"第 {canvas.getPageNumber()} 页")

    flow = [part for block in source.blocks for part in _flow(block)]
    document.build(flow, onFirstPage=around, onLaterPages=around)


def _style(kind: str) -> ParagraphStyle:
    size = {"title": 17, "heading": 12.5, "cell": 9}.get(kind, 10.5)
    return ParagraphStyle(
        kind,
        fontName=FONT,
        fontSize=size,
        leading=size * 1.6,
        wordWrap="CJK",
        alignment=1 if kind in {"title", "centred"} else 0,
        firstLineIndent=21 if kind == "paragraph" else 0,
        leftIndent=14 if kind == "item" else 0,
        spaceBefore=8 if kind == "heading" else 0,
        spaceAfter=4,
    )


def _flow(block: Block) -> list[Flowable]:
    if block.kind == "page":
        return [PageBreak()]
    if block.kind == "table":
        cell = _style("cell")
        rows = [[Paragraph(escape(text), cell) for text in row] for row in block.rows]
        table = Table(rows, colWidths=_widths(block), repeatRows=1)
        table.setStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
        return [Spacer(1, 4), table, Spacer(1, 6)]
    mark = "· " if block.kind == "item" else ""
    return [Paragraph(mark + escape(block.text), _style(block.kind))]


def _widths(block: Block) -> list[float]:
    """Give each column room for four characters, and share the rest by its longest text."""
    least = 14 * mm
    longest = [
        min(max(len(text.encode("gb18030")) for text in column), 44)
        for column in zip(*block.rows, strict=True)
    ]
    rest = 170 * mm - least * len(longest)
    return [least + rest * n / sum(longest) for n in longest]
