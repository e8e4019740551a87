"""A page as an image to recognise writing on, whatever kind of file it comes from."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Points are 1/72 inch. Scans and photographs without a believable resolution count as A4.
POINTS_PER_INCH: Final = 72.0
A4: Final = 842.0
#: Pages are drawn like this, and larger images made smaller, but never beyond so many pixels.
DOTS_PER_INCH: Final = 200.0
MOST_PIXELS: Final = 12_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """An image in rows and columns of blue, green and red, and how large the page is in points.

    `rotation` is how far the file itself says its page was turned to be shown like this.
    """

    image: NDArray[np.uint8]
    width: float
    height: float
    rotation: int = 0
