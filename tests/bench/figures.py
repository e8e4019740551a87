"""What was measured beside what is wanted: rows of a table, members of a JSON file."""

import json
from collections.abc import Sequence
from dataclasses import KW_ONLY, asdict, dataclass
from pathlib import Path
from statistics import quantiles

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. `reach` None: only told, nothing to reach; `least`: it is the lower end."""

    what: str
    value: float
    reach: float | None = None
    note: str = ""
    _: KW_ONLY
    unit: str = "ms"
    least: bool = False

    @property
    def reached(self) -> bool | None:
        """Say whether the figure is as wanted."""
        if self.reach is None:
            return None
        return self.value >= self.reach if self.least else self.value <= self.reach

    @property
    def wanted(self) -> str:
        """Return the reach as the table shows it."""
        return "" if self.reach is None else f"{'≥' if self.least else '≤'} {_text(self.reach)}"


def _text(value: float) -> str:
    """Return a value with digits that mean something: ratios are small, rates are not."""
    return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"


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
    table.add_column("what", no_wrap=True)
    table.add_column("value", justify="right")
    table.add_column("reach", justify="right")
    table.add_column("unit")
    table.add_column("")
    table.add_column("note")
    marks = {None: "", True: "✓", False: "✗"}
    for one in figures:
        shown = (_text(one.value), one.wanted, one.unit, marks[one.reached], one.note)
        table.add_row(one.what, *shown)
    Console(width=120).print(table)


def write(path: Path, figures: Sequence[Figure], facts: dict[str, object]) -> None:
    """Write the same as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(one) | {"reached": one.reached} for one in figures]
    content = json.dumps(facts | {"figures": rows}, ensure_ascii=False, indent=1)
    path.write_text(content + "\n", encoding="utf-8")
