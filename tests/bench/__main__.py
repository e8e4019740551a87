"""Measure an archive with many documents. `make bench`, or on the servers:

python -m tests.live -- python -m tests.bench --stack servers

Figures judge nothing: the exit code is 0 however they turn out. Compare within one run.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import figures, measures, stack
from tests.live.machine import say


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    found = []
    with stack.opened(options.stack, options.scale) as opened:
        facts = measures.facts(opened)
        for name in options.only.split(","):
            say(f"measuring {name}")
            found += measures.MEASURES[name](opened)
    title = f"{facts['stack']}, {facts['documents']} documents"
    figures.show(found, title)
    figures.write(options.json or _result(options.stack), found, facts)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", choices=[stack.EMBEDDED, stack.SERVERS], default=stack.EMBEDDED)
    parser.add_argument("--scale", type=float, default=1.0, help="1: 100,000 documents")
    parser.add_argument("--only", default=",".join(measures.MEASURES), help="search,log,upload")
    parser.add_argument("--json", type=Path, help="where the JSON goes (default: bench-results/)")
    return parser.parse_args(arguments)


def _result(name: str) -> Path:
    return Path("bench-results") / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
