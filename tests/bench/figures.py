"""What was measured beside what is wanted: rows of a table, members of a JSON file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One row; times in milliseconds. `reach` None: only told, nothing to reach."""

    what: str
    value: float
    reach: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Say whether the figure is as wanted."""
        return None if self.reach is None else self.value <= self.reach


def p50(seconds: Sequence[float]) -> float:
    """Return the median in milliseconds."""
    return percentile(seconds, 50)


def p95(seconds: Sequence[float]) -> float:
    """Return the 95th percentile in milliseconds."""
    return percentile(seconds, 95)


def percentile(seconds: Sequence[float], percent: int) -> float:
    """Return a percentile in milliseconds."""
    if len(seconds) == 1:
        return seconds[0] * 1000
    return quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000


def show(figures: Sequence[Figure], title: str) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left")
    table.add_column("what")
    table.add_column("ms", justify="right")
    table.add_column("reach", justify="right")
    table.add_column("")
    table.add_column("note")
    marks = {None: "", True: "✓", False: "✗"}
    for one in figures:
        reach = "" if one.reach is None else f"≤ {one.reach:.1f}"
        table.add_row(one.what, f"{one.value:.1f}", reach, marks[one.reached], one.note)
    Console(width=120).print(table)


def write(path: Path, figures: Sequence[Figure], facts: dict[str, object]) -> None:
    """Write the same as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(one) | {"reached": one.reached} for one in figures]
    content = json.dumps(facts | {"figures": rows}, ensure_ascii=False, indent=1)
    path.write_text(content + "\n", encoding="utf-8")
