"""The statement of an import as CSV: every file with what became of it, and the sums below.

Spreadsheet programs open it as it is: with a mark of UTF-8, and no cell that they could take for
a formula.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext

from service.csv_cells import safe
from service.imports.showing import BatchView, ItemView
from service.imports.sums import Tally
from web import import_words, labels


def csv_of(batch: BatchView, views: Iterable[ItemView]) -> bytes:
    """Return the statement, in the reader's language."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)

    def line(*cells: object) -> None:
        writer.writerow([safe("" if cell is None else cell) for cell in cells])

    line(
        gettext("Line"),
        gettext("File"),
        gettext("Bytes"),
        "SHA-256",
        gettext("File number"),
        gettext("Id of the document"),
        gettext("State"),
        gettext("Reason"),
        gettext("Time"),
    )
    for view in views:
        item = view.item
        line(
            item.ordinal,
            item.file,
            item.received if item.received is not None else item.size,
            item.sha256,
            view.number,
            item.document if view.row and view.row.readable else None,
            state(view),
            reason(view),
            _moment(item.changed),
        )
    line()
    line(gettext("Import number"), batch.number)
    for words, tally in parts(batch):
        line(words, tally.files, tally.bytes)
    line(gettext("The sums agree") if batch.sums.agrees else gettext("The sums do not agree"))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def state(view: ItemView) -> str:
    """Return what became of a file, in words."""
    row = view.row
    if view.item.state != "received" or row is None:
        return import_words.word("state", view.item.state)
    if row.filing in ("withdrawn", "returned"):
        return labels.label("filing", row.filing)
    return labels.label("processing", row.processing)


def reason(view: ItemView) -> str:
    """Return why a file is not here, or cannot be read."""
    if view.item.error:
        return import_words.word("reason", view.item.error)
    return labels.label("reason", view.row.error) if view.row and view.row.error else ""


def parts(batch: BatchView) -> tuple[tuple[str, Tally], ...]:
    """Return the sums with their words: the whole first, then what it is made of."""
    sums = batch.sums
    return (
        (gettext("Expected"), sums.expected),
        (gettext("Received"), sums.received),
        (gettext("Brought before"), sums.duplicates),
        (gettext("Did not come in"), sums.failed),
        (gettext("Left out"), sums.skipped),
        (gettext("Still to come"), sums.left),
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
