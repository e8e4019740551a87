"""A page of an OFD as a PDF of one page, so that it is drawn and searched as one.

Pictures lie below, then lines and filled shapes, then the writing in black, with a font that the
PDF names and the system lends (`page_fonts`). Pieces of writing are stretched to the width they
have. Patterns, shading, arcs and seals of signatures are left out: this is for looking, and the
original stays.
"""

import io
import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO, Final
from xml.etree.ElementTree import Element

import ofdkit
from ofdkit.package import Package
from PIL import Image

from indexer.extract import image, ofd, ofd_sheet
from indexer.extract.ofd_path import number, numbers, path
from indexer.extract.ofd_sheet import local_name
from indexer.extract.result import Reason, Unreadable

_POINTS: Final = 72 / 25.4
#: Millimetres of the longest side, pieces of writing, shapes and pictures of a page.
_LONGEST: Final = 5_000.0
_RUNS, _SHAPES, _PICTURES = 20_000, 20_000, 20
_TEMPLATES: Final = 20
#: Letters before this are half as wide; beyond the basic plane the font has none.
_HALF, _PLANE = 0x0100, 0x10000
_NO_LETTER: Final = "\u3013"
_LINE: Final = 0.353
_QUALITY: Final = 85

_FONT: Final = (
    (
        b"<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H"
        b"/DescendantFonts[6 0 R]>>"
    ),
    (
        b"<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/DW 1000/W[1 95 500]"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>/FontDescriptor 7 0 R>>"
    ),
    (
        b"<</Type/FontDescriptor/FontName/STSong-Light/Flags 6/Ascent 857/Descent -143"
        b"/CapHeight 857/ItalicAngle 0/StemV 93/FontBBox[-25 -254 1000 880]>>"
    ),
)


def as_pdf(source: BinaryIO, no: int) -> tuple[bytes | None, int]:
    """Return page `no`, from 1, as a PDF, None where there is none; and how many there are."""
    ofd.examine(source)
    try:
        source.seek(0)
        with ofdkit.open(source) as document, Package(source) as package:
            count = len(document.pages)
            if not 0 < no <= count:
                return None, count
            return _written(document.pages[no - 1], package), count
    except ofdkit.OFDLimitError as error:
        raise Unreadable(Reason.TOO_COMPLEX, "ofd") from error
    except (ofdkit.OFDError, zipfile.BadZipFile, ValueError, RuntimeError) as error:
        raise Unreadable(Reason.DAMAGED, "ofd") from error


def _written(page: ofdkit.Page, package: Package) -> bytes:
    left, top, width, height = page.box
    if not (0 < width <= _LONGEST and 0 < height <= _LONGEST):
        raise Unreadable(Reason.DAMAGED, "page size")
    roots = list(_roots(package, page.location))
    pictures = list(_pictures(package, roots))
    drawing = [f"{_POINTS:.6f} 0 0 {-_POINTS:.6f} {-left * _POINTS:.3f} "]
    drawing[0] += f"{(top + height) * _POINTS:.3f} cm"
    drawing += [f"q {at} cm /I{n} Do Q" for n, (at, _) in enumerate(pictures)]
    drawing += _shapes(roots)
    drawing += _writing(page.runs[:_RUNS])
    return _packed(
        (width * _POINTS, height * _POINTS),
        "\n".join(drawing).encode("ascii"),
        [content for _, content in pictures],
    )


def _roots(package: Package, location: str | None) -> Iterator[Element]:
    """Yield the templates that a page lies on, and the page."""
    if location is None:
        return
    root = package.read_xml(location)
    wanted = {
        str(one.get("TemplateID") or "").strip()
        for one in root.iter()
        if local_name(one) == "Template"
    }
    documents = [name for name in package.names if name.lower().endswith("document.xml")]
    for name in documents[:_TEMPLATES] if wanted else ():
        for one in package.read_xml(name).iter():
            if local_name(one) == "TemplatePage" and str(one.get("ID") or "").strip() in wanted:
                part = package.resolve(name, str(one.get("BaseLoc") or ""))
                if part:
                    yield package.read_xml(part)
    yield root


def _pictures(package: Package, roots: Sequence[Element]) -> Iterator[tuple[str, bytes]]:
    """Yield the places of pictures, and the pictures as JPEG; what cannot be opened is left out."""
    files = ofd_sheet.files(package)
    shown = [one for root in roots for one in root.iter() if local_name(one) == "ImageObject"]
    for one in shown[:_PICTURES]:
        name = files.get(str(one.get("ResourceID") or "").strip())
        box = numbers(one.get("Boundary"), 4)
        if name is None or box is None:
            continue
        with suppress(Unreadable, MemoryError):
            drawn = image.sheet(io.BytesIO(package.read(name)), 1).image
            target = io.BytesIO()
            Image.fromarray(drawn[:, :, ::-1]).save(target, "JPEG", quality=_QUALITY)
            left, top, width, height = box
            at = f"{width:.4f} 0 0 {-height:.4f} {left:.4f} {top + height:.4f}"
            yield at, _jpeg(target.getvalue(), drawn.shape[1], drawn.shape[0])


def _jpeg(content: bytes, width: int, height: int) -> bytes:
    head = (
        f"<</Type/XObject/Subtype/Image/Width {width}/Height {height}/ColorSpace/DeviceRGB"
        f"/BitsPerComponent 8/Filter/DCTDecode/Length {len(content)}>>stream\n"
    )
    return head.encode("ascii") + content + b"\nendstream"


def _shapes(roots: Sequence[Element]) -> list[str]:
    found = [one for root in roots for one in root.iter() if local_name(one) == "PathObject"]
    return [drawn for one in found[:_SHAPES] if (drawn := _shape(one))]


def _shape(one: Element) -> str:
    """Return what draws a line or a shape; nothing for one that is not understood."""
    box = numbers(one.get("Boundary"), 4)
    data = next((part.text for part in one if local_name(part) == "AbbreviatedData"), None)
    drawn = path(data or "")
    if box is None or not drawn:
        return ""
    filled, stroked = one.get("Fill") == "true", one.get("Stroke") != "false"
    if not (filled or stroked):
        return ""
    matrix = numbers(one.get("CTM"), 6) or (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    width = number(one.get("LineWidth"), _LINE)
    inks = f"{_colour(one, 'StrokeColor')} RG {_colour(one, 'FillColor')} rg"
    paint = "B" if filled and stroked else "f" if filled else "S"
    return (
        f"q 1 0 0 1 {box[0]:.4f} {box[1]:.4f} cm {' '.join(f'{n:.6f}' for n in matrix)} cm "
        f"{inks} {width:.4f} w {drawn} {paint} Q"
    )


def _colour(one: Element, name: str) -> str:
    """Return a colour of a shape as three shares; black where none is said."""
    value = next((part.get("Value") for part in one if local_name(part) == name), None)
    parts = numbers(value, 3) or (0.0, 0.0, 0.0)
    return " ".join(f"{min(255.0, max(0.0, part)) / 255:.3f}" for part in parts)


def _writing(runs: Sequence[ofdkit.TextRun]) -> list[str]:
    """Return what writes all pieces of writing, line by line from the top."""
    found: list[str] = []
    for run in _by_lines([run for run in runs if _is_sound(run)]):
        text = "".join(c if ord(c) < _PLANE else _NO_LETTER for c in run.text if c.isprintable())
        natural = run.size * sum(0.5 if ord(c) < _HALF else 1.0 for c in text)
        if not text.strip() or natural <= 0:
            continue
        stretched = 100 * run.width / natural if run.width > 0 else 100.0
        code = text.encode("utf-16-be", "ignore").hex()
        found.append(
            f"BT /F {run.size:.4f} Tf {min(1000.0, max(10.0, stretched)):.2f} Tz "
            f"1 0 0 -1 {run.x:.4f} {run.y:.4f} Tm <{code}> Tj ET"
        )
    return found


def _is_sound(run: ofdkit.TextRun) -> bool:
    places = (run.x, run.y, run.size, run.width)
    return all(map(math.isfinite, places)) and max(map(abs, places)) <= _LONGEST and run.size > 0


def _by_lines(runs: Sequence[ofdkit.TextRun]) -> list[ofdkit.TextRun]:
    """Return pieces of writing from the top, each line from the left, as its text is read."""
    lines: list[list[ofdkit.TextRun]] = []
    for run in sorted(runs, key=lambda run: (run.y, run.x)):
        if lines and abs(run.y - lines[-1][0].y) <= min(run.size, lines[-1][0].size) / 2:
            lines[-1].append(run)
        else:
            lines.append([run])
    return [run for line in lines for run in sorted(line, key=lambda run: run.x)]


def _packed(size: tuple[float, float], drawing: bytes, pictures: Sequence[bytes]) -> bytes:
    """Return the file: catalogue, pages, page, what it draws, font, pictures."""
    named = "".join(f"/I{n} {8 + n} 0 R" for n in range(len(pictures)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {size[0]:.3f} {size[1]:.3f}]/Contents 4 0 R"
        f"/Resources<</Font<</F 5 0 R>>/XObject<<{named}>>>>>>".encode("ascii"),
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        *_FONT,
        *pictures,
    ]
    file = bytearray(b"%PDF-1.7\n")
    places = []
    for at, content in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (at, content)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(file)
