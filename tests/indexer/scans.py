"""Pages as a scanner or a camera gives them: images of lines, and PDFs made around images."""

import io
from collections.abc import Sequence
from contextlib import closing

import pypdfium2
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from indexer.extract import page_fonts

CONTRACT = (
    "SERVICE CONTRACT 20260315",
    "Robot KR210 R2700 with gearbox",
    "Warranty of twelve months",
    "Payment within thirty days",
)
_FONT = "STSong-Light"


def page(lines: Sequence[str] = CONTRACT, *, turned: int = 0, mode: str = "RGB") -> Image.Image:
    """Return a page with these lines, turned anticlockwise by so many degrees."""
    image = Image.new("L", (620, 400), 255)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=30)
    for number, line in enumerate(lines):
        draw.text((40, 50 + 70 * number), line, font=font, fill=0)
    return image.convert(mode).rotate(turned, expand=True)


def vertical(columns: Sequence[str], *, turned: int = 0) -> Image.Image:
    """Return a page written downwards, its columns from right to left, turned as in `page`."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(300, 400))
    canvas.setFont(_FONT, 14)
    for number, column in enumerate(columns):
        for down, character in enumerate(column):
            canvas.drawString(250 - 28 * number, 360 - 16 * down, character)
    canvas.save()
    with page_fonts.lent(), closing(pypdfium2.PdfDocument(file.getvalue())) as document:
        image: Image.Image = document[0].render(scale=2.5).to_pil()
    return image.convert("L").rotate(turned, expand=True)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return an image as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pdf(*sheets: tuple[Image.Image | None, Sequence[str]], visible: bool = False) -> bytes:
    """Return a PDF; each page has an image as large as itself, or none, and lines of text."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(310, 200))
    for image, lines in sheets:
        if image:
            canvas.drawImage(ImageReader(image), 0, 0, 310, 200)
        written = canvas.beginText(20, 150)
        written.setFont(_FONT, 9)
        written.setTextRenderMode(0 if visible else 3)
        written.textLines(list(lines))
        canvas.drawText(written)
        canvas.showPage()
    canvas.save()
    return file.getvalue()
