"""Opens images: how many pages they have, how large those are, and each as a sheet (Pillow).

Formats are loaded when this module is imported; those that aren't listed are not opened. Size
is looked at before anything is unpacked.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

import numpy as np
import PIL
from PIL import (
    Image,
    ImageOps,
    MpoImagePlugin,  # noqa: F401 - these three are loaded on first use otherwise
    TiffImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from indexer.extract.result import Extracted, Reason, Recognition, Unreadable
from indexer.extract.sheet import A4, MOST_PIXELS, POINTS_PER_INCH, Sheet
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = f"pillow {PIL.__version__}"
_FORMATS: Final = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")
#: More pixels are no page: 50 million are an A4 page at 700 dpi.
_PIXELS: Final = 50_000_000
_SIDE: Final = 30_000
_PAGES: Final = 2_000
#: Other than these, several images in one file move; they are not pages.
_PAGED: Final = frozenset({"TIFF"})
#: A resolution is believed when it makes a page of such a size, in points.
_SMALLEST, _LARGEST = 36.0, 3400.0
_ORIENTATION: Final = 0x0112

Image.MAX_IMAGE_PIXELS = _PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
Image.preinit()


def read(source: BinaryIO) -> Extracted:
    """Return the pages of an image, all still to be recognised."""
    with opened(source) as image:
        transcript = Transcript()
        for _ in _pages(image):
            width, height = _size(image)
            transcript.end_page(width=width, height=height, recognition=Recognition.READ)
        return transcript.finish(_EXTRACTOR)


def sheet(source: BinaryIO, number: int) -> Sheet:
    """Return page `number`, from 1, upright as the camera says, on white, no larger than needed."""
    with opened(source) as image:
        if number > 1:
            image.seek(number - 1)
        width, height = _size(image)
        most = MOST_PIXELS / (image.width * image.height)
        if most < 1:  # JPEG can be unpacked smaller at once
            side = max(image.size) * most**0.5
            image.draft("RGB", (int(side), int(side)))
        image.load()
        turned = ImageOps.exif_transpose(_coloured(image))
        if turned.width * turned.height > MOST_PIXELS:
            scale = (MOST_PIXELS / (turned.width * turned.height)) ** 0.5
            smaller = (int(turned.width * scale) or 1, int(turned.height * scale) or 1)
            turned = turned.resize(smaller, Image.Resampling.BOX)
        return Sheet(np.ascontiguousarray(np.asarray(turned)[:, :, ::-1]), width, height)


@contextmanager
def opened(source: BinaryIO) -> Iterator[Image.Image]:
    """Open an image; what goes wrong with it becomes `Unreadable`."""
    try:
        source.seek(0)
        with Image.open(source, formats=_FORMATS) as image:
            _check(image)
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable(Reason.TOO_COMPLEX, "pixels") from error
    except Unreadable:
        raise
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # Pillow raises whatever its formats come upon
        raise Unreadable(Reason.DAMAGED, type(error).__name__) from error


def _check(image: Image.Image) -> None:
    if image.width * image.height > _PIXELS or max(image.size) > _SIDE:
        raise Unreadable(Reason.TOO_COMPLEX, "pixels")


def _pages(image: Image.Image) -> Iterator[int]:
    """Go through the pages of an image that has pages."""
    count = getattr(image, "n_frames", 1) if image.format in _PAGED else 1
    if count > _PAGES:
        raise Unreadable(Reason.TOO_COMPLEX, "pages")
    for number in range(count):
        if number:
            image.seek(number)
            _check(image)
        yield number + 1


def _size(image: Image.Image) -> tuple[float, float]:
    """Return width and height in points, as displayed."""
    width, height = image.size
    across, down = _dots(image)
    points = width * POINTS_PER_INCH / across, height * POINTS_PER_INCH / down
    if not all(_SMALLEST <= side <= _LARGEST for side in points):
        scale = A4 / max(width, height)
        points = width * scale, height * scale
    return points[::-1] if _is_turned(image) else points


def _dots(image: Image.Image) -> tuple[float, float]:
    """Return dots per inch as the file says; cameras say 72, and mean nothing by it."""
    try:
        across, down = (float(dots) for dots in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 1.0, 1.0
    usual = across > POINTS_PER_INCH and down > POINTS_PER_INCH
    return (across, down) if usual else (1.0, 1.0)


def _is_turned(image: Image.Image) -> bool:
    return image.getexif().get(_ORIENTATION) in (5, 6, 7, 8)


def _coloured(image: Image.Image) -> Image.Image:
    """Return an image of any mode in three colours; what is transparent is white."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _grey(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        return _kept(Image.alpha_composite(paper, clear).convert("RGB"), image)
    return image if image.mode == "RGB" else _kept(image.convert("RGB"), image)


def _grey(image: Image.Image) -> Image.Image:
    """Return deep greys in 256 steps; Pillow would cut off what is brighter than the darkest."""
    values = np.asarray(image).astype(np.float32)
    whole = 65535.0 if image.mode != "F" else max(1.0, float(np.nanmax(values)))
    steps = np.nan_to_num(values * (255.0 / whole)).clip(0, 255).astype(np.uint8)
    return _kept(Image.fromarray(steps).convert("RGB"), image)


def _kept(made: Image.Image, image: Image.Image) -> Image.Image:
    """Let an image that was made of another lie as that one does."""
    made.info["exif"] = image.info.get("exif", b"")
    made.getexif()[_ORIENTATION] = image.getexif().get(_ORIENTATION, 1)
    return made
