"""Draws one page of a PDF, an OFD or a picture file as an image to look at and as a small one."""

import io
import math
import warnings
from collections.abc import Callable
from contextlib import closing
from typing import Any, BinaryIO, Final

import pypdfium2
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from indexer.extract import ofd_page, page_fonts, pdf
from indexer.extract.result import Reason, Unreadable

#: Dots per inch of the image and of the small one.
DPI: Final = 110
SMALL_DPI: Final = 25
#: No image is wider or higher, or has more points; a poster is drawn at a smaller scale.
_LONGEST: Final = 2600
_MOST: Final = 5_000_000
_SMALL_LONGEST: Final = 400
_QUALITY: Final = 80
_SMALL_QUALITY: Final = 70
#: Points of a picture as stored: an A4 page scanned at 700 dpi has 50 million.
PIXELS: Final = 50_000_000
_PER_INCH: Final = 72
_FORMATS: Final = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")
_READERS: Final = (
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
_TURNS: Final = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}

Image.MAX_IMAGE_PIXELS = PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
Image.init()


def of_pdf(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Send out a page of a PDF as JPEG, then the small one; answer with their sizes.

    `page` counts from 1; `rotation` is how far the page's own paper is to be turned clockwise,
    None for as far as the file says; a `password` opens a locked file.
    """
    password = arguments.get("password")
    with page_fonts.lent(), closing(pdf.opened(source, password)) as document:
        count, number = len(document), int(arguments["page"])
        if not 0 < number <= count:
            return {"pages": count}
        document.init_forms()
        return {"pages": count, **_sent(_drawn(document, number - 1, arguments), send)}


def of_ofd(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Send out a page of an OFD as JPEG, then the small one, as `of_pdf` does."""
    content, count = ofd_page.as_pdf(source, int(arguments["page"]))
    if content is None:
        return {"pages": count}
    with page_fonts.lent(), closing(pdf.opened(io.BytesIO(content))) as document:
        return {"pages": count, **_sent(_drawn(document, 0, arguments), send)}


def of_picture(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Send out a page of a picture file as JPEG, then the small one, as `of_pdf` does.

    `rotation` is how far the picture, as its own notes would have it, is to be turned clockwise.
    """
    try:
        with Image.open(source, formats=_FORMATS) as picture:
            # what several images are in other formats is no pages: they move, or are the same
            count = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
            number = int(arguments["page"])
            if not 0 < number <= count:
                return {"pages": count}
            if number > 1:
                picture.seek(number - 1)
            return {"pages": count, **_sent(_upright(picture, arguments), send)}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(Reason.TOO_COMPLEX, "pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError) as error:
        raise Unreadable(Reason.DAMAGED, type(error).__name__) from error


def _drawn(document: pypdfium2.PdfDocument, index: int, arguments: dict[str, Any]) -> Image.Image:
    try:
        page = document[index]
    except pypdfium2.PdfiumError as error:
        raise Unreadable(Reason.DAMAGED, "page") from error
    with closing(page):
        width, height = page.get_size()
        bitmap = page.render(scale=_scale(width, height), rev_byteorder=True)
        with closing(bitmap):
            image = bitmap.to_pil().convert("RGB")
        rotation = arguments.get("rotation")
        turn = 0 if rotation is None else (int(rotation) - page.get_rotation()) % 360
        return _turned(image, turn)


def _scale(width: float, height: float) -> float:
    """Return how many points of the image a point of the page becomes."""
    longest, area = max(width, height, 1.0), max(width * height, 1.0)
    return min(DPI / _PER_INCH, _LONGEST / longest, math.sqrt(_MOST / area))


def _upright(picture: ImageFile.ImageFile, arguments: dict[str, Any]) -> Image.Image:
    wanted = _fitting(*picture.size)
    picture.draft("RGB", wanted)  # of a JPEG no more is decoded than will be shown
    image = _plain(picture)
    if image.width * image.height > wanted[0] * wanted[1]:
        image = image.resize(wanted, Image.Resampling.BILINEAR, reducing_gap=2.0)
    exif = picture.getexif()
    image.info["exif"] = exif.tobytes() if exif else b""
    image = ImageOps.exif_transpose(image)
    return _turned(image, int(arguments.get("rotation") or 0) % 360)


def _plain(picture: Image.Image) -> Image.Image:
    """Return a picture in plain colours, on white where it lets something through."""
    if picture.mode.startswith("I;16"):
        return picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L").convert("RGB")
    if "A" in picture.mode or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return picture.convert("RGB")


def _fitting(width: int, height: int) -> tuple[int, int]:
    share = min(1.0, _LONGEST / max(width, height), math.sqrt(_MOST / (width * height)))
    return max(1, round(width * share)), max(1, round(height * share))


def _turned(image: Image.Image, turn: int) -> Image.Image:
    return image.transpose(_TURNS[turn]) if turn in _TURNS else image


def _sent(image: Image.Image, send: Callable[[bytes], None]) -> dict[str, Any]:
    share = min(SMALL_DPI / DPI, _SMALL_LONGEST / max(image.size))
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    whole, thumb = _jpeg(image, _QUALITY), _jpeg(small, _SMALL_QUALITY)
    send(whole)
    send(thumb)
    return {"width": image.width, "height": image.height, "bytes": [len(whole), len(thumb)]}


def _jpeg(image: Image.Image, quality: int) -> bytes:
    target = io.BytesIO()
    # what is written into a picture beside its pixels stays out, its comment, too
    image.save(target, "JPEG", quality=quality, comment=b"")
    return target.getvalue()
