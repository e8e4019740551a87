"""The reports of a bundle for people: every shown entry as CSV and XLSX, figures as HTML.

They say what events.ndjson says, in Chinese words (words.toml), with names of people and numbers
of clients. No cell can begin a formula, and nothing here is evidence.
"""

import csv
import io
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from html import escape
from importlib import resources
from itertools import chain
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from service.bundles import sheets
from service.csv_cells import safe

#: Columns of the list, in their order.
COLUMNS = (
    *("seq", "time", "phase", "ref", "person", "name", "dept", "action", "verb", "type", "object"),
    *("customer", "number", "category", "grade", "decision", "rule", "count", "bytes", "via"),
)

#: How a day is cut off a moment that stands in the archive's time zone.
_DAY = 10

#: What entries can end with.
_DECISIONS = ("allow", "deny", "fail")


#: A line of what a bundle says of itself: what, and which.
Fact = tuple[str, str | int]


class Writable(Protocol):
    """A file that is written to."""

    def write(self, data: bytes, /) -> object:
        """Take more of it."""


@dataclass(slots=True)
class Figures:
    """How many entries were shown, by day, department and action, and how they ended."""

    days: dict[str, Counter[str]] = field(default_factory=dict)
    departments: dict[str, Counter[str]] = field(default_factory=dict)
    actions: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, body: Mapping[str, Any], day: str) -> None:
        """Count one entry."""
        decision = str(body.get("decision", ""))
        places = (
            (self.days, day),
            (self.departments, str(body["actor"].get("dept", ""))),
            (self.actions, str(body["action"])),
        )
        for table, name in places:
            counted = table.setdefault(name, Counter())
            counted["all"] += 1
            counted[decision] += 1

    def tables(self) -> Iterator[tuple[str, list[list[str | int]]]]:
        """Give each table: its heading, and rows of name, all, allowed, refused, failed."""
        for heading, codes, table in (
            ("by_day", "", self.days),
            ("by_department", "department", self.departments),
            ("by_action", "action", self.actions),
        ):
            rows: list[list[str | int]] = [
                [
                    word(codes, name) if codes else name,
                    *(counted[n] for n in ("all", *_DECISIONS)),
                ]
                for name, counted in sorted(table.items())
            ]
            yield text(heading), rows


def day_of(ts: str, zone: ZoneInfo) -> str:
    """Return the calendar day of an entry in a time zone."""
    return moment(ts, zone)[:_DAY]


def moment(ts: str, zone: ZoneInfo) -> str:
    """Return when an entry was made, in a time zone."""
    return datetime.fromisoformat(ts).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def row(
    body: Mapping[str, Any], zone: ZoneInfo, names: Mapping[str, str], numbers: Mapping[str, str]
) -> list[sheets.Cell]:
    """Return an entry as a row of the list."""
    actor, subject = body["actor"], body.get("object", {})
    result = body.get("result", {})
    who, client = str(actor.get("id", "")), str(body.get("customer", ""))
    return [
        body["seq"],
        moment(body["ts"], zone),
        word("phase", body["phase"]),
        body.get("ref"),
        who,
        names.get(who) or word("actor", actor.get("kind")),
        word("department", actor.get("dept")),
        word("action", body["action"]),
        word("verb", body["verb"]),
        word("object", subject.get("type")),
        subject.get("id"),
        client,
        numbers.get(client, ""),
        word("category", (body.get("categories") or [None])[0]),
        word("grade", body.get("grade")),
        word("decision", body.get("decision")),
        body.get("rule"),
        result.get("count"),
        result.get("bytes"),
        word("via", body.get("via")),
    ]


def header() -> list[sheets.Cell]:
    """Return the names of the columns."""
    return [word("column", name) for name in COLUMNS]


def both(
    rows: Iterable[Sequence[sheets.Cell]],
    listing: Writable,
    figures: Figures,
    facts: Sequence[Fact],
    made: datetime,
) -> bytes:
    """Write the list as CSV and return the workbook, in one pass over the rows."""
    told: list[Sequence[sheets.Cell]] = [list(fact) for fact in facts]
    for heading, table in figures.tables():
        told += [[], [heading], _titles(), *table]
    wanted = [(text("figures"), told), (text("list"), _as_csv(rows, listing))]
    return sheets.workbook(wanted, made)


def _as_csv(
    rows: Iterable[Sequence[sheets.Cell]], listing: Writable
) -> Iterator[Sequence[sheets.Cell]]:
    """Give the rows on, and write each as CSV; a mark lets Excel read it as UTF-8."""
    listing.write(b"\xef\xbb\xbf")
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\r\n")
    for number, cells in enumerate(chain([header()], rows)):
        writer.writerow([safe(cell) for cell in cells])
        listing.write(line.getvalue().encode())
        line.seek(0)
        line.truncate()
        if number < sheets.MOST:  # a list that is longer than a sheet is whole as CSV
            yield cells


def page(figures: Figures, facts: Sequence[Fact], notes: Iterable[str]) -> str:
    """Return the report that people open first: what this is, what it does not prove, figures."""
    parts = [f"<h1>{text('title')}</h1>", "<dl>"]
    parts += [f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts]
    parts.append(f"</dl><h2>{text('not_proven')}</h2><ul>")
    parts += [f"<li>{escape(note)}</li>" for note in notes]
    parts.append(f"</ul><h2>{text('how')}</h2><pre>{escape(text('commands'))}</pre>")
    for heading, table in figures.tables():
        parts.append(f"<h2>{escape(heading)}</h2><table><tr>")
        parts += [f"<th>{escape(title)}</th>" for title in _titles()]
        parts.append("</tr>")
        for cells in table:
            inside = "".join(f"<td>{escape(str(cell))}</td>" for cell in cells)
            parts.append(f"<tr>{inside}</tr>")
        parts.append("</table>")
    return _FRAME.format(title=escape(text("title")), style=_STYLE, body="\n".join(parts))


def word(table: str, code: object) -> str:
    """Return the word for a code; a code that has none shows itself."""
    if code is None or code == "":
        return ""
    return _words().get(table, {}).get(str(code), str(code))


def text(name: str) -> str:
    """Return a text of the reports."""
    return _words()["text"][name]


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    source = resources.files(__package__) / "words.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _titles() -> list[str]:
    return [text("name"), text("all"), *(word("decision", code) for code in _DECISIONS)]


_STYLE = (
    "body{font:14px/1.6 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;margin:2em;max-width:60em}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:2px 10px;text-align:left}"
    "dt{font-weight:600}dd{margin:0 0 .4em}pre{background:#f2f4f7;padding:.8em;overflow:auto}"
)
_FRAME = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><style>{style}</style></head>
<body>
{body}
</body></html>
"""
