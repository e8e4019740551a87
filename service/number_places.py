"""Where personal numbers stand in texts: code points, page, and boxes on the page.

Found when a text is stored, and placed when it is known where the page's lines stand. The
numbers themselves are not kept here: a row has the blind token, by which equal ones are found.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import layouts, personal_numbers
from service.layouts import Line, Quad
from service.models import Page, PersonalNumber
from service.personal_numbers import Blind
from service.rows import add_new

#: Of a text with more (a list of people), the first ones are stored.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """A personal number on a page: `start` and `end` are code points of the whole text."""

    kind: str
    token: str
    page: int
    start: int
    end: int
    boxes: tuple[Quad, ...] | None


def rows_of(
    text_id: str,
    pages: Sequence[str],
    blind: Blind,
    lines: Mapping[int, Sequence[Line]] | None = None,
) -> list[dict[str, object]]:
    """Return the rows of the personal numbers in a text, whose pages join by line ends.

    `lines`: where the lines of pages stand, as far as that is known; see `place` for the others.
    A number that goes on on the next page stands where it begins.
    """
    known = lines or {}
    starts = [0, *accumulate(len(page) + 1 for page in pages)]
    rows: list[dict[str, object]] = []
    for n, one in enumerate(personal_numbers.find("\n".join(pages))[:MOST]):
        page = bisect_right(starts, one.start)
        inside = (one.start - starts[page - 1], one.end - starts[page - 1])
        row: dict[str, object] = {"text": text_id, "n": n, "kind": str(one.kind), "page": page}
        row |= {"token": blind(one.kind, one.normal), "start": one.start, "end": one.end}
        rows.append({**row, "boxes": _boxes(known[page], [inside])[0] if page in known else None})
    return rows


def put(db: Session, rows: Iterable[Mapping[str, object]]) -> None:
    """Write where personal numbers stand; rows of a text that are there already stay."""
    add_new(db, PersonalNumber, rows)


def place(db: Session, text_id: str, page_no: int, lines: Sequence[Line]) -> None:
    """Say which boxes the personal numbers of a page have, now that its lines are known."""
    start = db.scalar(select(Page.start).where(Page.text == text_id, Page.no == page_no))
    rows = db.scalars(
        select(PersonalNumber).where(PersonalNumber.text == text_id, PersonalNumber.page == page_no)
    ).all()
    if start is None or not rows:
        return
    marks = [(row.start - start, row.end - start) for row in rows]
    for row, boxes in zip(rows, _boxes(lines, marks), strict=True):
        row.boxes = boxes


def _boxes(lines: Sequence[Line], marks: Sequence[tuple[int, int]]) -> list[str]:
    found = layouts.boxes_of(lines, marks)
    return [json.dumps([box.quad for box in boxes]) for boxes in found]


def pages_with(db: Session, text_id: str) -> list[int]:
    """Return the pages of a text on which personal numbers stand, in order."""
    return sorted(
        set(db.scalars(select(PersonalNumber.page).where(PersonalNumber.text == text_id)))
    )


def of_text(db: Session, text_id: str) -> list[Place]:
    """Return where the personal numbers of a text stand, in order."""
    rows = db.scalars(
        select(PersonalNumber).where(PersonalNumber.text == text_id).order_by(PersonalNumber.n)
    )
    return [
        Place(row.kind, row.token, row.page, row.start, row.end, _quads(row.boxes)) for row in rows
    ]


def _quads(said: str | None) -> tuple[Quad, ...] | None:
    if said is None:
        return None
    return tuple((a, b, c, d, e, f, g, h) for a, b, c, d, e, f, g, h in json.loads(said))
