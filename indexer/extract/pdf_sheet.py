"""Draws a page of a PDF to recognise what is written on it."""

from contextlib import closing
from typing import BinaryIO

import numpy as np
import pypdfium2

from indexer.extract import pdf
from indexer.extract.result import Reason, Unreadable
from indexer.extract.sheet import DOTS_PER_INCH, MOST_PIXELS, POINTS_PER_INCH, Sheet


def sheet(source: BinaryIO, number: int, password: str | None = None) -> Sheet:
    """Return page `number`, from 1, as it is displayed."""
    with closing(pdf.opened(source, password)) as document:
        try:
            page = document[number - 1]
        except (pypdfium2.PdfiumError, IndexError) as error:
            raise Unreadable(Reason.DAMAGED, "page") from error
        with closing(page):
            width, height = page.get_size()
            if not (width > 0 and height > 0):
                raise Unreadable(Reason.DAMAGED, "page size")
            scale = DOTS_PER_INCH / POINTS_PER_INCH
            scale = min(scale, (MOST_PIXELS / (width * height)) ** 0.5)
            with closing(page.render(scale=scale, rev_byteorder=False)) as bitmap:
                image = np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
            return Sheet(image, width, height, page.get_rotation())
