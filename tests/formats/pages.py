"""Pages as a scanner or a telephone gives them, made of printed ones."""

import io
import random
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pypdfium2
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

_PAPER = (255, 255, 255)
_RED = (214, 40, 36)
_POINTS = 72
#: Makes of a clean page what came out of a machine; the number differs from page to page.
Harm = Callable[[Image.Image, random.Random], Image.Image]


def drawn(pdf: bytes, dots: int) -> list[Image.Image]:
    """Return the pages of a PDF at so many dots per inch."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=dots / _POINTS).to_pil().convert("RGB") for page in document]
    finally:
        document.close()


def clean(page: Image.Image, _chance: random.Random) -> Image.Image:
    return page


def grey(page: Image.Image, chance: random.Random) -> Image.Image:
    """Return what an office scanner makes: grey paper, dust, a little blur, JPEG."""
    values = np.asarray(page.convert("L").filter(ImageFilter.GaussianBlur(0.8)), np.float64)
    dice = np.random.default_rng(chance.randrange(2**32))
    values = 30 + values * 0.8 + dice.normal(0, 14, values.shape)
    dust = dice.random(values.shape)
    values[dust < 0.0008] = 40
    values[dust > 0.9992] = 250
    return _jpeg(Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB"), 60)


def skewed(page: Image.Image, chance: random.Random) -> Image.Image:
    angle = chance.choice((-3.0, -1.8, 1.4, 2.6))
    turned = page.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=_PAPER)
    return grey(turned, chance)


def sideways(page: Image.Image, chance: random.Random) -> Image.Image:
    return grey(page.rotate(chance.choice((90, 180, 270)), expand=True), chance)


def stamped(page: Image.Image, chance: random.Random) -> Image.Image:
    """Return a page with a round red seal over the writing, a star in it, ink unevenly thick."""
    side = page.width // 5
    ink = Image.new("L", (side, side))
    draw = ImageDraw.Draw(ink)
    draw.ellipse((4, 4, side - 5, side - 5), outline=255, width=max(3, side // 36))
    middle, radius = side / 2, side / 7
    points = []
    for corner in range(10):
        away = radius if corner % 2 == 0 else radius * 0.4
        angle = np.pi * (corner / 5 - 0.5)
        points.append((middle + away * np.cos(angle), middle + away * np.sin(angle)))
    draw.polygon(points, fill=255)
    dice = np.random.default_rng(chance.randrange(2**32))
    thick = np.asarray(ink, np.float32) / 255 * dice.uniform(0.35, 0.8, (side, side))
    left = chance.randrange(page.width // 6, page.width - side - page.width // 8)
    top = chance.randrange(page.height // 6, page.height // 2)
    values = np.asarray(page, np.float32).copy()
    under = values[top : top + side, left : left + side]
    red = np.minimum(under, np.array(_RED, np.float32))
    share = thick[:, :, None]
    values[top : top + side, left : left + side] = under * (1 - share) + red * share
    return grey_colour(Image.fromarray(values.astype(np.uint8)), chance)


def grey_colour(page: Image.Image, chance: random.Random) -> Image.Image:
    """Return what a colour scanner makes."""
    values = np.asarray(page.filter(ImageFilter.GaussianBlur(0.7)), np.float64)
    dice = np.random.default_rng(chance.randrange(2**32))
    values = 20 + values * 0.88 + dice.normal(0, 8, values.shape)
    return _jpeg(Image.fromarray(values.clip(0, 255).astype(np.uint8)), 65)


def photographed(page: Image.Image, chance: random.Random) -> Image.Image:
    """Return what a telephone sees from above: tilted, in uneven light, a shadow, a table."""
    width, height = page.size
    framed = Image.new("RGB", (width + width // 5, height + height // 5), (92, 74, 60))
    framed.paste(page, (width // 10, height // 10))
    wide, high = framed.size
    lean = [chance.uniform(0.0, 0.04) for _ in range(8)]
    corners = [
        (wide * lean[0], high * lean[1]),
        (wide * lean[2], high * (1 - lean[3])),
        (wide * (1 - lean[4]), high * (1 - lean[5])),
        (wide * (1 - lean[6]), high * lean[7]),
    ]
    seen = framed.transform(
        framed.size,
        Image.Transform.QUAD,
        [n for corner in corners for n in corner],
        Image.Resampling.BICUBIC,
    )
    across = np.linspace(0, 1, wide)[None, :]
    down = np.linspace(0, 1, high)[:, None]
    light = 0.62 + 0.38 * np.exp(-((across - 0.3) ** 2 + (down - 0.25) ** 2) / 0.7)
    light = np.where(across + 0.3 * down > chance.uniform(0.85, 1.1), light * 0.82, light)
    lit = np.asarray(seen.filter(ImageFilter.GaussianBlur(0.9)), np.float32) * light[:, :, None]
    dice = np.random.default_rng(chance.randrange(2**32))
    lit = lit + dice.normal(0, 5, lit.shape)
    warm = Image.fromarray(lit.clip(0, 255).astype(np.uint8))
    return _jpeg(ImageEnhance.Color(warm).enhance(0.9), 72)


def faxed(page: Image.Image, chance: random.Random) -> Image.Image:
    """Return a page in black and white, as fax machines and old scanners give it."""
    turned = page.rotate(chance.uniform(-0.6, 0.6), Image.Resampling.BICUBIC, fillcolor=_PAPER)
    return turned.convert("L").point(lambda value: 255 if value > 150 else 0).convert("1")


def _jpeg(page: Image.Image, quality: int) -> Image.Image:
    target = io.BytesIO()
    page.save(target, "JPEG", quality=quality)
    return Image.open(target).convert("RGB")


#: The ways a page comes in, with the dots per inch it is drawn at.
WAYS: Mapping[str, tuple[Harm, int]] = MappingProxyType(
    {
        "clean": (clean, 200),
        "noisy": (grey, 200),
        "skewed": (skewed, 200),
        "rotated": (sideways, 200),
        "stamped": (stamped, 200),
        "clean, 300 dpi": (clean, 300),
        "black and white": (faxed, 200),
        "photograph": (photographed, 200),
    }
)
