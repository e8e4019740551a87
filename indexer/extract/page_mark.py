"""Burns who took a page away, when and by which entry of the log into its pixels.

What is marked is an image that was drawn of a page, or a sheet of text drawn here for what has no
pages. It is done by children of their own, which never see a file that somebody brought: one that
took over whoever drew a page does not reach who marks it.
"""

import io
import math
import warnings
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, BinaryIO, Final

from PIL import Image, ImageDraw, ImageFont, JpegImagePlugin

from indexer.extract import system_fonts
from indexer.extract.result import Reason, Unreadable

#: The mark on a page as a screen shows it: height of its letters, pixels from row to row, between
#: two in a row; degrees that rows rise; how much of a point it takes, of 255.
_LETTERS, _ROWS, _APART = 15, 178, 60
_RISE: Final = 24
_INK: Final = 33
#: Longer side of an A4 page on a screen of 96 dots per inch; on smaller images it shrinks so far.
_A4: Final = 1123
_LEAST: Final = 0.8
#: A small picture is enlarged to this, and gets a white edge, so that a whole mark has room.
_LONGEST_FROM, _SHORTEST_FROM = 900, 600
_MOST: Final = 8_000_000
_QUALITY: Final = 80
#: What is brighter is darkened by the mark, what is darker brightened.
_MIDDLE: Final = 127

#: A sheet of text: A4 at 110 dots per inch, its edge, letters and rows.
_SHEET: Final = (910, 1287)
_EDGE: Final = 80
_TEXT, _ROW, _HEAD = 17, 26, 13
_GREY: Final = 110
_COUNT: Final = (_SHEET[1] - 2 * _EDGE) // _ROW
_WIDTH: Final = _SHEET[0] - 2 * _EDGE
_FACES: Final = 12
#: Letters whose width is kept.
_WIDTHS: Final = 20_000

_READERS: Final = (JpegImagePlugin,)
Image.MAX_IMAGE_PIXELS = _MOST
warnings.simplefilter("error", Image.DecompressionBombWarning)
Image.init()


def _loaded() -> tuple[bytes, int] | None:
    """Return a Chinese font and the number of its simplified face; None where there is none."""
    found = system_fonts.files()
    path = system_fonts.first((*system_fonts.SANS, *system_fonts.SERIF), found)
    if path is None:
        return None
    content = path.read_bytes()
    for index in range(_FACES):
        try:
            family, _ = _face(content, index, _TEXT).getname()
        except OSError:
            break
        if family and "SC" in family.split():
            return content, index
    return content, 0


def _face(content: bytes, index: int, size: int) -> ImageFont.FreeTypeFont:
    # the plain layout: the other loads a library when it is first used, which is too late here
    return ImageFont.truetype(
        io.BytesIO(content), size, index, layout_engine=ImageFont.Layout.BASIC
    )


_LOADED: Final = _loaded()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    if _LOADED is None:
        message = "no Chinese font"
        raise Unreadable(Reason.UNSUPPORTED, message)
    return _face(*_LOADED, size)


def done(
    source: BinaryIO, arguments: dict[str, Any], send: Callable[[bytes], None]
) -> dict[str, Any]:
    """Send out an image with its mark as JPEG; answer with its size.

    The image is the JPEG in `source`, or a sheet of `text` below the line `head`: then `used` says
    how many code points of the text stand on it. `mark` is the line that is burnt in.
    """
    text = arguments.get("text")
    if text is None:
        image, used = _opened(source), 0
    else:
        image, used = _sheet(str(text), str(arguments["head"]))
    image = _marked(image, str(arguments["mark"]))
    target = io.BytesIO()
    # a picture's own comment is taken along unless another is given
    image.save(target, "JPEG", quality=_QUALITY, comment=b"")
    send(target.getvalue())
    return {"width": image.width, "height": image.height, "used": used}


def _opened(source: BinaryIO) -> Image.Image:
    try:
        with Image.open(source, formats=("JPEG",)) as picture:
            return _roomy(picture.convert("L" if picture.mode == "L" else "RGB"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(Reason.TOO_COMPLEX, "pixels") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise Unreadable(Reason.DAMAGED, type(error).__name__) from error


def _roomy(image: Image.Image) -> Image.Image:
    """Return an image on which a mark can be read."""
    share = _LONGEST_FROM / max(image.size)
    if share > 1:
        size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
        image = image.resize(size, Image.Resampling.BICUBIC)
    if min(image.size) >= _SHORTEST_FROM:
        return image
    size = max(image.width, _SHORTEST_FROM), max(image.height, _SHORTEST_FROM)
    paper = Image.new(image.mode, size, "white")
    paper.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return paper


def _marked(image: Image.Image, line: str) -> Image.Image:
    """Return an image with the line all over it: darker on what is bright, brighter on dark."""
    plain = image.convert("L")
    ink = plain.point(lambda light: 0 if light > _MIDDLE else 255).convert(image.mode)
    return Image.composite(ink, image, _rows(image.size, line))


def _rows(size: tuple[int, int], line: str) -> Image.Image:
    """Return how much of each point is taken by rising rows of the line, as a grey image."""
    scale = max(_LEAST, max(size) / _A4)
    font = _font(round(_LETTERS * scale))
    across = math.ceil(math.hypot(*size))
    layer = Image.new("L", (across, across))
    draw = ImageDraw.Draw(layer)
    period = max(1, round(font.getlength(line) + _APART * scale))
    for number in range(math.ceil(across / (_ROWS * scale))):
        # each row begins a third further to the left, so that no gap goes through all of them
        for left in range(-(number * period // 3) % period - period, across, period):
            draw.text((left, number * _ROWS * scale), line, fill=_INK, font=font)
    turned = layer.rotate(_RISE, Image.Resampling.BILINEAR)
    left, top = (across - size[0]) // 2, (across - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


def _sheet(text: str, head: str) -> tuple[Image.Image, int]:
    """Return a sheet with the beginning of a text, and how much of it there was room for."""
    image = Image.new("L", _SHEET, "white")
    draw = ImageDraw.Draw(image)
    small, font = _font(_HEAD), _font(_TEXT)
    title = _shown(head)
    draw.text((_EDGE, _EDGE // 2), title[: _end(title, 0, small)], fill=_GREY, font=small)
    at = 0
    for row in range(_COUNT):
        if at >= len(text):
            break
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop]
        end = at + _end(line, 0, font) if line else at
        draw.text((_EDGE, _EDGE + row * _ROW), _shown(text[at:end]), fill=0, font=font)
        at = end + 1 if end == stop else end
    return image, min(at, len(text))


def _end(line: str, start: int, font: ImageFont.FreeTypeFont) -> int:
    """Return how many letters of a line have room in a row: at least one, whole words if so."""
    room = float(_WIDTH)
    for at in range(start, len(line)):
        room -= _advance(line[at], font)
        if room < 0:
            space = line.rfind(" ", start, at)
            word = line[at].isascii() and line[at - 1 : at].isascii()
            return space + 1 if word and space > start else max(at, start + 1)
    return len(line)


@lru_cache(_WIDTHS)
def _advance(letter: str, font: ImageFont.FreeTypeFont) -> float:
    return font.getlength(_shown(letter))


def _shown(text: str) -> str:
    """Return a text without what cannot be drawn; cells of a table stand apart."""
    return "".join(
        "    " if one == "\t" else one for one in text if one.isprintable() or one == "\t"
    )
