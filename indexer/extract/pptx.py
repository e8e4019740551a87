"""Reads the slides of a PPTX: one slide is one page, with its notes and comments after it.

What stands on masters and layouts is decoration of every deck made from a template, not
content, and is left out. Hidden slides are read: they are in the original, and whoever may
open that may find them.
"""

from typing import BinaryIO, Final

from indexer.extract.package import Package
from indexer.extract.result import Extracted, Reason, Unreadable
from indexer.extract.slide_walker import read_notes, read_slide, slide_parts
from indexer.extract.transcript import Transcript

_EXTRACTOR: Final = "guidang pptx 1"
_MOST_SLIDES: Final = 5_000


def read(source: BinaryIO) -> Extracted:
    """Return one page for each slide, in the order they are shown, under number and title."""
    transcript = Transcript()
    with Package(source) as package:
        part = package.main_part("presentation")
        slides = slide_parts(package, part)
        if len(slides) > _MOST_SLIDES:
            raise Unreadable(Reason.TOO_COMPLEX, "slides")
        for number, slide in enumerate(slides, 1):
            _slide(package, slide, number, transcript)
    if not slides:
        raise Unreadable(Reason.DAMAGED, "no slides")
    return transcript.finish(_EXTRACTOR)


def _slide(package: Package, part: str, number: int, transcript: Transcript) -> None:
    slide = read_slide(package, part)
    transcript.write("".join(slide.pieces))
    sides = dict.fromkeys(package.related(part))
    for wanted in ("notesSlide", "comments"):
        for kind, side in sides:
            if kind == wanted:
                transcript.write("".join(read_notes(package, side).pieces))
    transcript.end_page(label=f"{number} {slide.title}" if slide.title else "")
