"""Files written by libraries that are not ours."""

import csv
import email.message
import email.policy
import io
from collections.abc import Sequence

import docx
import openpyxl
import pptx
import xlsxwriter
import xlwt
from pptx.util import Cm
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from tests.formats.content import Paper, Row

_FONT = "STSong-Light"
#: Clauses that fit on a slide.
PER_SLIDE = 5


def python_docx(paper: Paper) -> bytes:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = paper.header
    document.add_heading(paper.title, 0)
    for clause in paper.clauses:
        document.add_paragraph(clause)
    table = document.add_table(rows=0, cols=len(paper.table[0]))
    for row in paper.table:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def python_pptx(paper: Paper) -> bytes:
    deck = pptx.Presentation()
    for at in range(0, len(paper.clauses), PER_SLIDE):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = paper.title
        slide.placeholders[1].text = "\n".join(paper.clauses[at : at + PER_SLIDE])
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    size = len(paper.table), len(paper.table[0])
    table = slide.shapes.add_table(*size, Cm(1), Cm(1), Cm(22), Cm(10)).table
    for down, row in enumerate(paper.table):
        for across, text in enumerate(row):
            table.cell(down, across).text = text
    target = io.BytesIO()
    deck.save(target)
    return target.getvalue()


def slides_text(paper: Paper) -> str:
    """Return what the slides of a paper say."""
    parts = []
    for at in range(0, len(paper.clauses), PER_SLIDE):
        parts += [paper.title, *paper.clauses[at : at + PER_SLIDE]]
    return "\n".join([*parts, *(" ".join(row) for row in paper.table)])


def with_openpyxl(rows: Sequence[Row]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def with_xlsxwriter(rows: Sequence[Row]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return target.getvalue()


def with_xlwt(rows: Sequence[Row]) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Sheet1")
    for down, row in enumerate(rows):
        for across, text in enumerate(row):
            sheet.write(down, across, text)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def with_reportlab(paper: Paper) -> bytes:
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    style = ParagraphStyle("text", fontName=_FONT, fontSize=11, leading=17, wordWrap="CJK")
    story = [Paragraph(text, style) for text in (paper.title, *paper.clauses)]
    table = Table(paper.table, style=[("FONTNAME", (0, 0), (-1, -1), _FONT)])
    target = io.BytesIO()
    SimpleDocTemplate(target, pagesize=A4).build([*story, table])
    return target.getvalue()


def as_csv(rows: Sequence[Row]) -> str:
    target = io.StringIO()
    csv.writer(target).writerows(rows)
    return target.getvalue()


def mail(paper: Paper, charset: str) -> bytes:
    """Return a message of the standard library, its body in this charset."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = paper.title
    message.set_content("\n".join(paper.clauses), charset=charset, cte="base64")
    return message.as_bytes()
