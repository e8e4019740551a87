"""Lists of files: which file belongs to which customer, as what. The one place that reads them.

A list is a table that people keep: CSV as any program saves it, or the first sheet of a workbook,
whose cells the sandbox has read. A line that cannot be meant as it stands is named, never guessed
at: a document under the wrong properties is noticed by nobody among thousands.
"""

import csv
import io
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType

from service.codes import Grade
from service.errors import Invalid
from service.properties import (
    NOTE_LENGTH,
    NUMBER_LENGTH,
    TITLE_LENGTH,
    Properties,
    clean_title,
)

#: Bytes of the largest list that is read, and lines of the longest.
LARGEST = 32 * 1024 * 1024
MOST_LINES = 20_000

#: A title may stand over the table: so many lines are looked at for its head.
_HEAD_WITHIN = 10
_ORIGIN = date(1899, 12, 30)
#: Days as sheets count them, from 1954 to 2119: other numbers are none.
_SERIALS = range(20_000, 80_001)
_DATE = re.compile(
    r"(\d{4})\s*(?:[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})|年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号])"
    r"(?:[T\s]\s*[\d:.]+)?"
)
_EIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_REMARK = re.compile(r"\(.*\)|[*:\s_-]")

#: A row of a table: the number people see beside it, and its cells.
Row = tuple[int, Sequence[str]]


class Fault(StrEnum):
    """Why a line cannot be meant as it stands."""

    CELLS = "cells"
    FILE = "file"
    TWICE = "twice"
    KIND = "kind"
    GRADE = "grade"
    DATE = "date"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Line:
    """What a list says of one file. `file` is a path with `/`; `customer` as it is written."""

    number: int
    file: str
    customer: str = ""
    properties: Properties = field(default_factory=Properties)
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A list that was read; `ignored` are heads of columns that mean nothing here."""

    lines: tuple[Line, ...] = ()
    ignored: tuple[str, ...] = ()


def from_csv(content: bytes) -> Manifest:
    """Read a list from a CSV: UTF-8, or GB18030 as Chinese programs save it.

    Raises `Invalid` for what is no such table as a whole.
    """
    if len(content) > LARGEST:
        raise Invalid("The manifest is too long.")
    text = _decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)

    def rows() -> Iterator[Row]:
        try:
            for cells in reader:
                yield reader.line_num, cells
        except csv.Error as error:
            raise Invalid(
                "Line %(line)s of the manifest is no CSV.", line=max(1, reader.line_num)
            ) from error

    return from_rows(rows())


def from_rows(rows: Iterable[Row]) -> Manifest:
    """Read a list from the rows of a table. Raises `Invalid` for what is no list as a whole."""
    filled = ((number, [c.strip() for c in cells]) for number, cells in rows if any(cells))
    head: list[str] = []
    for _, (_, cells) in zip(range(_HEAD_WITHIN), filled, strict=False):
        head = [_column(cell) for cell in cells]
        if "file" in head or "path" in head:
            break
    else:
        raise _no_table()
    known = [name for name in head if name]
    if len(set(known)) < len(known):
        raise _no_table()
    ignored = tuple(c for c, name in zip(cells, head, strict=True) if c and not name)
    lines: list[Line] = []
    seen: set[str] = set()
    for number, row in filled:
        if not any(row):
            continue
        if len(lines) >= MOST_LINES:
            raise Invalid("The manifest is too long.")
        line = _line(number, head, row)
        if not line.fault and line.file in seen:
            line = Line(number, line.file, line.customer, line.properties, Fault.TWICE)
        seen.add(line.file)
        lines.append(line)
    return Manifest(tuple(lines), ignored)


def refusal(line: Line) -> Invalid:
    """Return what is said of a line that has a fault."""
    number, fault = line.number, line.fault
    if fault is Fault.CELLS:
        said = Invalid("Line %(line)s of the manifest has more cells than the first.", line=number)
    elif fault is Fault.TWICE:
        said = Invalid("The manifest names a file twice: %(file)s", file=line.file)
    elif fault is Fault.KIND:
        said = Invalid(
            "Line %(line)s of the manifest: there is no such kind of document.", line=number
        )
    elif fault is Fault.GRADE:
        said = Invalid("Line %(line)s of the manifest: there is no such grade.", line=number)
    elif fault is Fault.DATE:
        said = Invalid("Line %(line)s of the manifest: write the date as YYYY-MM-DD.", line=number)
    elif fault is Fault.LONG:
        said = Invalid("Line %(line)s of the manifest: a text is too long.", line=number)
    else:
        said = Invalid("Line %(line)s of the manifest names no file.", line=number)
    return said


def day(text: str) -> date | None:
    """Return a date written in a usual way, or as sheets count days; None for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if found := _DATE.fullmatch(plain) or _EIGHT.fullmatch(plain):
        parts = [int(part) for part in found.groups() if part]
        with suppress(ValueError):
            return date(*parts)
    if (serial := _SERIAL.fullmatch(plain)) and int(serial[1]) in _SERIALS:
        return _ORIGIN + timedelta(days=int(serial[1]))
    return None


def kind_of(text: str) -> str | None:
    """Return the code of a kind of document that is given by code or name."""
    return _words("kinds").get(_plain(text))


def path_of(text: str) -> str:
    """Return a path as lists and folders are compared by it: `/`, no leading dots, composed."""
    path = unicodedata.normalize("NFC", text.strip().replace("\\", "/"))
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def matched(lines: Iterable[Line], files: Sequence[str]) -> dict[Line, str]:
    """Return which of these files each line means; a line that means none or several is not there.

    A line may say the whole path, the path without the folder that was chosen, or, where only
    one file is called so, the name alone.
    """
    ways: dict[str, list[str]] = {}
    for one in files:
        path = path_of(one)
        names = {path, path.partition("/")[2] or path, path.rpartition("/")[2]}
        for name in names:
            ways.setdefault(name, []).append(one)
    exact = {path_of(one): one for one in files}
    found: dict[Line, str] = {}
    taken: set[str] = set()
    for line in lines:
        meant = [exact[line.file]] if line.file in exact else ways.get(line.file, [])
        if not line.fault and len(meant) == 1 and meant[0] not in taken:
            found[line] = meant[0]
            taken.add(meant[0])
    return found


def _no_table() -> Invalid:
    names = sorted(_names("columns").keys() - {"file", "path", "folder"})
    return Invalid(
        "The manifest needs a column file, and may have %(columns)s, each once.",
        columns=", ".join(names),
    )


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise Invalid("The manifest is neither UTF-8 nor GB18030 text.")


def _delimiter(text: str) -> str:
    """Return what stands between the cells: where the first line has no comma, something else."""
    first = text.lstrip().partition("\n")[0]
    return next((sign for sign in ",\t;" if sign in first), ",")


def _line(number: int, head: Sequence[str], row: Sequence[str]) -> Line:
    said = {name: cell for name, cell in zip(head, row, strict=False) if name and cell}
    fault = Fault.CELLS if any(row[len(head) :]) else None
    file = _file(said)
    if not file:
        fault = fault or Fault.FILE
    values: dict[str, str | date | None] = {}
    for name, read, wrong in _READ:
        text = said.get(name)
        values[name] = read(text) if text else None
        if text and values[name] is None:
            fault = fault or wrong
    return Line(number, file, said.get("customer", ""), Properties(**values), fault)  # type: ignore[arg-type]


def _file(said: Mapping[str, str]) -> str:
    """Return the path of a file: its name may stand beside its folder."""
    path = path_of(said.get("path") or said.get("folder", ""))
    name = path_of(said.get("file", ""))
    if not path or not name or f"/{path}".endswith(f"/{name}"):
        return name if not path or ("path" not in said and not name) else path
    return f"{path}/{name}"


def _up_to(longest: int, text: str) -> str | None:
    return text if len(text) <= longest else None


def _column(text: str) -> str:
    return _words("columns").get(_plain(text), "")


def _plain(text: str) -> str:
    """Return a word without what people write it with: case, width, blanks, remarks."""
    return _REMARK.sub("", unicodedata.normalize("NFKC", text).casefold())


@cache
def _names(table: str) -> Mapping[str, tuple[str, ...]]:
    text = Path(__file__).with_name("manifest_words.toml").read_text(encoding="utf-8")
    return {code: tuple(names) for code, names in tomllib.loads(text)[table].items()}


@cache
def _words(table: str) -> Mapping[str, str]:
    """Return the code of every word of a table."""
    words = {_plain(code): code for code in _names(table)}
    words |= {_plain(name): code for code, names in _names(table).items() for name in names}
    return MappingProxyType(words)


def _grade_of(text: str) -> Grade | None:
    code = _words("grades").get(_plain(text))
    return Grade(code) if code else None


#: property, how its cell is read, and what is wrong where that gives nothing
_READ = (
    ("kind", kind_of, Fault.KIND),
    ("title", lambda text: _up_to(TITLE_LENGTH, clean_title(text)), Fault.LONG),
    ("grade", _grade_of, Fault.GRADE),
    ("dated", day, Fault.DATE),
    ("number", lambda text: _up_to(NUMBER_LENGTH, text), Fault.LONG),
    ("note", lambda text: _up_to(NOTE_LENGTH, text), Fault.LONG),
)
