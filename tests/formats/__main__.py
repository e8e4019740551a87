"""Measure how well files of other programs are read: `make bench-formats`.

Every file goes through the sandbox as an upload does. The table goes into docs/formats.md when
all rows are measured; `--only pdf,page` measures rows whose name holds a word.
"""

import argparse
import io
import json
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Final

from indexer.extract.result import Failed
from indexer.extract.sandbox import Sandbox
from indexer.recognition import recognise
from service import media
from tests.formats.rows import Sample, Wanted, all_rows
from tests.formats.scoring import bag, seq, squeezed

_PAGE: Final = Path(__file__).parents[2] / "docs" / "formats.md"
_PART: Final = re.compile(
    r"<!-- measured: make bench-formats -->\n.*?<!-- end of measured -->", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of the table; without files when a program to write them is `missing`."""

    what: str
    writer: str
    files: int = 0
    characters: int = 0
    seq: float = 0.0
    bag: float = 0.0
    worst: float = 0.0
    missing: str = ""
    reached: bool | None = None


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    rows = [row for row in all_rows() if _chosen(row, options.only)]
    with Sandbox() as sandbox:
        found = []
        for row in rows:
            found.append(_measured(sandbox, row))
            print(_line(found[-1]), flush=True)
    if not options.only:
        _write(found)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.formats", description=__doc__)
    parser.add_argument("--only", type=lambda text: text.lower().split(","), default=[])
    return parser.parse_args(arguments)


def _chosen(row: Wanted, words: list[str]) -> bool:
    return not words or any(word in f"{row.what} {row.writer}".lower() for word in words)


def _measured(sandbox: Sandbox, row: Wanted) -> Measured:
    if row.missing:
        return Measured(row.what, row.writer, missing=row.missing)
    samples = row.make()
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda sample: read(sandbox, sample), samples))
    orders = [seq(text, s.text) for text, s in zip(said, samples, strict=True)]
    bags = [bag(text, s.text) for text, s in zip(said, samples, strict=True)]
    reached = None
    if row.reach:
        reached = fmean(orders) >= row.reach[0] and fmean(bags) >= row.reach[1]
    return Measured(
        row.what,
        row.writer,
        files=len(samples),
        characters=sum(len(squeezed(sample.text)) for sample in samples),
        seq=fmean(orders),
        bag=fmean(bags),
        worst=min(orders),
        reached=reached,
    )


def read(sandbox: Sandbox, sample: Sample) -> str:
    """Return what an upload of this file would be found by; raises `RuntimeError` for none."""
    source, size = io.BytesIO(sample.content), len(sample.content)
    kind = media.sniff(source, size, sample.name)
    extracted = sandbox.extract(kind, source, size)
    if not isinstance(extracted, Failed):
        made = recognise(sandbox, kind, source, size, extracted).extracted
        if not isinstance(made, Failed):
            return made.text
        extracted = made
    raise RuntimeError(f"{sample.name} as {kind}: {extracted.reason} {extracted.detail}")


def _line(row: Measured) -> str:
    if row.missing:
        return f"| {row.what} | {row.writer} | not measured: no {row.missing} here | | | | |"
    figures = f"{_share(row.seq)} | {_share(row.bag)} | {_share(row.worst)}"
    if row.reached is False:
        figures += ", **missed**"
    return f"| {row.what} | {row.writer} | {row.files} | {row.characters:,} | {figures} |"


def _share(value: float) -> str:
    return "1" if value == 1 else f"{value:.4f}".lstrip("0")


def _write(rows: list[Measured]) -> None:
    """Put the table into the documentation, and the same as JSON beside other results."""
    page = _PAGE.read_text("utf-8")
    part = "\n".join(["<!-- measured: make bench-formats -->", *_table(rows)])
    part += "\n<!-- end of measured -->"
    _PAGE.write_text(_PART.sub(lambda _: part, page), "utf-8")
    target = Path("bench-results") / f"formats-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")


def _table(rows: list[Measured]) -> Iterator[str]:
    yield "| format | written by | files | characters | seq | bag | worst seq |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    yield from map(_line, rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
