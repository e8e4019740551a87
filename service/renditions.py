"""Documents that have no pages until a program lays them out: their rendition, a PDF.

It is a blob of the version, role `render`. How the version's text spreads over its pages is found
out when it is made, and stored sealed as page 0 of that text's layouts: for each page where its
part of the text begins, in code points, and its size in points. Layouts of the pages from 1 are
about these parts.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service import media
from service.crypto import seal_layout, unseal_layout
from service.keystore import Ring
from service.models import PageLayout
from service.rows import add_new
from service.texts import PageText, Segment, TextView

#: The role of the blob that a rendition is.
RENDER: Final = "render"

_OPEN: Final = "application/vnd.oasis.opendocument"

#: Media types that are laid out, and the usual ending of such files. Workbooks are tables.
ENDINGS: Final = MappingProxyType(
    {
        media.DOCX: "docx",
        "application/msword": "doc",
        media.ODT: "odt",
        f"{_OPEN}.text-template": "ott",
        "text/rtf": "rtf",
        media.PPTX: "pptx",
        "application/vnd.ms-powerpoint": "ppt",
        media.ODP: "odp",
        f"{_OPEN}.presentation-template": "otp",
    }
)

_LARGEST: Final = 100_000.0
#: The layout that tells of all pages.
_ALL: Final = 0


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of a rendition: where its part of the text begins, and its size in points."""

    start: int
    width: float
    height: float


def sized(value: object) -> tuple[float, float]:
    """Return a size as a sandbox tells it; raises `ValueError` when it is none."""
    match value:
        case [int() | float() as width, int() | float() as height] if (
            math.isfinite(width + height) and 0 < min(width, height) <= max(width, height)
        ) and max(width, height) <= _LARGEST:
            return float(width), float(height)
    raise ValueError("no size")


def sealed(ring: Ring, version_id: str, text_id: str, leaves: Sequence[Leaf]) -> dict[str, object]:
    """Return the row that tells of the pages, for `put`."""
    said = json.dumps([[leaf.start, leaf.width, leaf.height] for leaf in leaves])
    ct = seal_layout(ring.version(version_id), said, text_id=text_id, no=_ALL)
    return {"text": text_id, "no": _ALL, "ct": ct}


def put(db: Session, row: Mapping[str, object], *, anew: bool) -> None:
    """Write what `sealed` returned; `anew`: in place of what is there, else that stays."""
    if anew:
        of_all = (PageLayout.text == row["text"]) & (PageLayout.no == _ALL)
        db.execute(update(PageLayout).where(of_all).values(ct=row["ct"]))
    else:
        add_new(db, PageLayout, [row])


def leaves(db: Session, ring: Ring, version_id: str, text_id: str) -> tuple[Leaf, ...]:
    """Return the pages that a text spreads over; none where that is not known."""
    wanted = select(PageLayout.ct).where(PageLayout.text == text_id, PageLayout.no == _ALL)
    ct = db.scalars(wanted).first()
    if ct is None:
        return ()
    said: list[list[Any]] = json.loads(
        unseal_layout(ring.version(version_id), ct, text_id=text_id, no=_ALL)
    )
    return tuple(Leaf(start, width, height) for start, width, height in said)


def spread(text: TextView, over: Sequence[Leaf]) -> TextView:
    """Return a text by the pages of its rendition, all of it, with the same hits."""
    if len(over) == len(text.pages):
        return text
    starts = [leaf.start for leaf in over]
    parts: list[list[Segment]] = [[] for _ in starts]
    at = no = 0
    for page in text.pages:
        for segment in page.segments:
            left, hit = segment.text, segment.hit
            while left:
                while no + 1 < len(starts) and starts[no + 1] <= at:
                    no += 1
                room = starts[no + 1] - at if no + 1 < len(starts) else len(left)
                parts[no].append(Segment(left[:room], hit))
                # what goes on on the next page is no hit of its own
                left, at = left[room:], at + min(room, len(left))
                hit = None if hit is None else 0
        at += 1  # what parts two pages
        if page is not text.pages[-1]:
            parts[no].append(Segment("\n"))
    origin = text.pages[0].origin if text.pages else ""
    pages = tuple(
        PageText(number, "", tuple(part), sum(bool(s.hit) for s in part), origin)
        for number, part in enumerate(parts, 1)
    )
    return TextView(
        text.version, text.version_no, pages, text.hits, text.id, text.revision, text.confidence
    )
