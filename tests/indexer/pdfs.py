"""Makes PDF files, honest and crafted."""

import io
import random
import zlib
from collections.abc import Sequence

from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

SONG = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(SONG))


HELV = b"/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"


def written(
    pages: Sequence[str], *, rotation: int = 0, password: str = "", owner: str | None = None
) -> bytes:
    """Return a PDF with these pages, lines separated by line ends, in a font not embedded."""
    target = io.BytesIO()
    encrypt = StandardEncryption(password, owner, canPrint=0) if password or owner else None
    canvas = Canvas(target, encrypt=encrypt)
    for page in pages:
        canvas.setFont(SONG, 11)
        for number, line in enumerate(page.split("\n")):
            canvas.drawString(50, 800 - 20 * number, line)
        if rotation:
            canvas.setPageRotation(rotation)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def downwards(columns: Sequence[str]) -> bytes:
    """Return a page written downwards from right to left."""
    font = UnicodeCIDFont("STSong-Light", isVertical=True)
    font.fontName = font.name = "STSong-Light-V"
    pdfmetrics.registerFont(font)
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(300, 500))
    canvas.setFont(font.fontName, 14)
    for number, column in enumerate(columns):
        canvas.drawString(250 - 28 * number, 470, column)
    canvas.save()
    return target.getvalue()


def placed(marks: Sequence[tuple[float, float, str]]) -> bytes:
    """Return a page of marks, each drawn on its own, in a font not embedded."""
    target = io.BytesIO()
    canvas = Canvas(target)
    canvas.setFont(SONG, 11)
    for x, y, mark in marks:
        canvas.drawString(x, y, mark)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def spread(lines: Sequence[str], *, gap: float, leading: float) -> list[tuple[float, float, str]]:
    """Return the characters of lines with their places, as justified text sets them."""
    marks = []
    for number, line in enumerate(lines):
        x = 50.0
        for character in line:
            marks.append((x, 800 - leading * number, character))
            x += pdfmetrics.stringWidth(character, SONG, 11) + gap
    return marks


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (entries, len(content), content)


def deflated(content: bytes) -> bytes:
    return stream(zlib.compress(content, 9), b"/Filter/FlateDecode")


def assembled(*objects: bytes) -> bytes:
    """Return a PDF of numbered objects; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1)
    return bytes(out) + head + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(out)


def one_page(content: bytes, *objects: bytes, resources: bytes = b"", page: bytes = b"") -> bytes:
    """Return a PDF of one page; content is object 4, further objects follow from 5."""
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Resources<<%b>>%b>>"
        % (resources, page),
        content,
        *objects,
    )


def with_cmap(codes: Sequence[int], cmap: dict[int, str]) -> bytes:
    """Return a page in a font whose map to Unicode is given."""
    shown = b"".join(b"%04x" % code for code in codes)
    lines = b"".join(
        b"<%04x><%b>" % (code, text.encode("utf-16-be").hex().encode())
        for code, text in cmap.items()
    )
    to_unicode = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        b"%d beginbfchar %b endbfchar endcmap end end" % (len(cmap), lines)
    )
    return one_page(
        stream(b"BT /F 12 Tf 20 200 Td <%b> Tj ET" % shown),
        b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H"
        b"/DescendantFonts[6 0 R]/ToUnicode 7 0 R>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/DW 1000/FontDescriptor 8 0 R"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
        stream(to_unicode),
        b"<</Type/FontDescriptor/FontName/X/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0"
        b"/Ascent 800/Descent -200/CapHeight 700/StemV 80>>",
        resources=b"/Font<</F 5 0 R>>",
    )


def glyphs(codes: Sequence[int], scan: Image.Image) -> bytes:
    """Return a page that is an image, and writes glyphs whose characters nothing names."""
    shown = b"".join(b"%04x" % code for code in codes)
    return one_page(
        stream(
            b"q 310 0 0 200 0 0 cm /I Do Q 1 g BT /F 1 Tf 20 100 Td <%b> Tj ET" % shown,
        ),
        b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/X/DW 1000/FontDescriptor 7 0 R"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>",
        b"<</Type/FontDescriptor/FontName/X/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0"
        b"/Ascent 800/Descent -200/CapHeight 700/StemV 80>>",
        stream(
            zlib.compress(scan.convert("L").tobytes()),
            b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
            b"/BitsPerComponent 8/Filter/FlateDecode" % scan.size,
        ),
        resources=b"/Font<</F 5 0 R>>/XObject<</I 8 0 R>>",
        page=b"/MediaBox[0 0 310 200]",
    )


def in_cid_font(
    text: str, *, encoding: str, entries: bytes = b"", codec: str = "utf-16-be"
) -> bytes:
    """Return a page with each character of a text drawn on its own, in a Chinese font."""
    down = encoding.endswith("V")
    shown = b" ".join(
        b"BT /F 12 Tf 1 0 0 1 %d %d Tm <%b> Tj ET"
        % (
            100 + 12 * n * (not down),
            300 - 12 * n * down,
            character.encode(codec).hex().encode(),
        )
        for n, character in enumerate(text)
    )
    return one_page(
        stream(shown),
        b"<</Type/Font/Subtype/Type0/BaseFont/SimSun/Encoding/%b/DescendantFonts[6 0 R]>>"
        % encoding.encode(),
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/SimSun/FontDescriptor 7 0 R%b"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>" % entries,
        b"<</Type/FontDescriptor/FontName/SimSun/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0"
        b"/Ascent 800/Descent -200/CapHeight 700/StemV 80>>",
        deflated(b"\xff\xf0" * 65536),
        resources=b"/Font<</F 5 0 R>>",
    )


def thousands(count: int) -> bytes:
    """Return a PDF of many pages, each saying its number."""
    kids = b" ".join(b"%d 0 R" % (3 + 2 * n) for n in range(count))
    pages = [
        body
        for n in range(count)
        for body in (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents %d 0 R/Resources<<%b>>>>"
            % (4 + 2 * n, b"/Font<</F %d 0 R>>" % (3 + 2 * count)),
            stream(b"BT /F 12 Tf 20 200 Td (page %d) Tj ET" % n),
        )
    ]
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, count),
        *pages,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )


def flate_bomb() -> bytes:
    """Return a small PDF whose page content inflates to a gibibyte."""
    squeezer = zlib.compressobj(9)
    start = squeezer.compress(b" ") + squeezer.flush(zlib.Z_FULL_FLUSH)
    block = squeezer.compress(b" " * (1 << 24)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    return one_page(stream(start + block * 64 + squeezer.flush(), b"/Filter/FlateDecode"))


def form_bomb() -> bytes:
    """Return a page that draws a form ten times, which draws a form ten times, nine deep."""
    forms = [
        stream(
            b"/N Do " * 10,
            b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</N %d 0 R>>>>" % below,
        )
        for below in range(6, 14)
    ]
    leaf = stream(
        b"BT /F 9 Tf (x) Tj ET", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<<%b>>" % HELV
    )
    return one_page(stream(b"/N Do " * 10), *forms, leaf, resources=b"/XObject<</N 5 0 R>>")


def rotten(content: bytes, seed: int) -> bytes:
    """Return the content with bytes changed here and there."""
    chance = random.Random(seed)
    changed = bytearray(content)
    for _ in range(seed + 1):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def page_loop() -> bytes:
    """Return a PDF whose tree of pages contains itself."""
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1000000>>",
        b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 1000000>>",
    )


def form() -> bytes:
    """Return a PDF with a text field, a list and a ticked box, and a remark."""
    target = io.BytesIO()
    canvas = Canvas(target)
    canvas.setFont(SONG, 11)
    canvas.drawString(50, 800, "客户登记表")
    canvas.acroForm.textfield(name="company", value="Huaxing Robotics", x=50, y=700, width=300)
    canvas.acroForm.choice(
        name="model", value="KR 210", options=["KR 210", "KR 16"], x=50, y=650, width=100
    )
    canvas.acroForm.checkbox(name="agreed", checked=True, x=50, y=600)
    canvas.textAnnotation("REMARK checked by legal", Rect=[50, 500, 150, 550])
    canvas.showPage()
    canvas.save()
    return target.getvalue()
