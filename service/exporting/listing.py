"""Lists of documents as XLSX or CSV: the columns of the pages, and below what the list is.

No cell can begin a formula; texts stand as text. Words are Chinese, as in reports of bundles.
"""

import csv
import io
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from itertools import chain
from zoneinfo import ZoneInfo

from service.bundles import reports, sheets
from service.bundles.packing import Sink
from service.csv_cells import safe
from service.exporting.asked import Asked, Format, stated
from service.exporting.rows import Row

#: Columns of a list, in their order.
COLUMNS = (
    *("no", "title", "kind", "module", "grade", "state", "day", "size"),
    *("client", "number", "category", "by", "document"),
)

#: What a line of the statement says: what, and which.
Fact = tuple[str, str | int]


@dataclass(frozen=True, slots=True)
class Statement:
    """What a list says of itself; the counts are known once the last row is written."""

    asked: Asked
    made: datetime
    zone: ZoneInfo
    #: the client whose documents they are, and names of people that a filter has
    client: str
    names: Mapping[str, str]

    def facts(self, rows: int) -> list[Fact]:
        """Return the lines, for a list of so many rows."""
        asked, wanted = self.asked, self.asked.conditions
        first, last = wanted.filters.day_from, wanted.filters.day_to
        days = text("from_to") if first or last else text("any_day")
        stand = {"first": first or "…", "last": last or "…", "zone": self.zone.key}
        found: list[Fact] = [
            (text("by"), asked.by.get("name", "")),
            (text("made"), self.made.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")),
            (text("request"), asked.event or ""),
        ]
        if wanted.of:
            found.append((text("client"), self.client))
        else:
            found += [(text("query"), wanted.q or text("none")), (text("filters"), self._filters())]
        return [
            *found,
            (text("days"), days.format(**stand)),
            (text("rows"), rows),
            (text("left_out"), len(asked.documents) - rows),
            (text("masked"), text("how_masked")),
        ]

    def _filters(self) -> str:
        said = stated(self.asked.conditions.filters)
        parts = [
            f"{word('member', name)}：{'、'.join(self._value(name, one) for one in values)}"
            for name, values in said.items()
            if isinstance(values, list)
        ]
        return "；".join(parts) or text("none")

    def _value(self, name: str, value: object) -> str:
        if name == "owner":
            return self.names.get(str(value), str(value))
        return word(name, value)


def write(sink: Sink, rows: Iterable[Row], about: Statement) -> None:
    """Write a list into `sink`, in the format that was asked for."""
    counted = _Counted(rows)
    if about.asked.format == Format.CSV:
        _csv(sink, counted, about)
        return
    listed: Iterator[Sequence[sheets.Cell]] = chain([header()], counted)
    facts = (list(fact) for fact in _late(counted, about))
    sink.write(sheets.workbook([(text("list"), listed), (text("about"), facts)], about.made))


def _late(counted: "_Counted", about: Statement) -> Iterator[Fact]:
    yield from about.facts(counted.rows)


class _Counted:
    """Rows as cells, counted as they go by."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._source, self.rows = rows, 0

    def __iter__(self) -> Iterator[list[sheets.Cell]]:
        for row in self._source:
            self.rows += 1
            yield cells(self.rows, row)


def _csv(sink: Sink, counted: "_Counted", about: Statement) -> None:
    """Write the list, an empty line and the statement; a mark lets Excel read it as UTF-8."""
    sink.write(b"\xef\xbb\xbf")
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    blank: list[Sequence[sheets.Cell]] = [[]]
    for row in chain([header()], counted, blank, _late(counted, about)):
        writer.writerow([safe("" if cell is None else cell) for cell in row])
        sink.write(line.getvalue().encode())
        line.seek(0)
        line.truncate()


def header() -> list[sheets.Cell]:
    """Return the names of the columns."""
    return [word("column", name) for name in COLUMNS]


def cells(number: int, row: Row) -> list[sheets.Cell]:
    """Return a document as a row of the list."""
    return [
        number,
        row.title,
        word("kind", row.kind),
        word("module", row.module),
        word("grade", row.grade),
        state(row),
        row.day.isoformat(),
        row.size,
        row.customer_name,
        row.number,
        word("category", row.category),
        row.by,
        row.document,
    ]


def state(row: Row) -> str:
    """Return the one word for where a document stands, as pages say it."""
    taken_back = row.filing in ("withdrawn", "returned")
    if taken_back or (row.processing == "searchable" and row.filing != "filed"):
        return word("filing", row.filing)
    return word("processing", row.processing)


def word(table: str, code: object) -> str:
    """Return the word for a code; a code that has none shows itself."""
    known = _words().get(table)
    return known.get(str(code), str(code)) if known else reports.word(table, code)


def text(name: str) -> str:
    """Return a text of exported files."""
    return _words()["text"][name]


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    source = resources.files(__package__) / "words.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))
