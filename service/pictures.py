"""Which media types are pictures that are read and drawn; SVG is a program more than a picture."""

from typing import Final

PICTURES: Final = (
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/bmp",
    "image/x-ms-bmp",
    "image/webp",
    "image/gif",
)
