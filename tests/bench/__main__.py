"""Measure an archive with many documents. `make bench`, or on the servers:

python -m tests.live -- python -m tests.bench --stack servers

Figures judge nothing: the exit code is 0 however they turn out. Compare within one run.
What a measure fills or changes is in an archive of its own that goes away.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    bundles,
    figures,
    heavy,
    logpages,
    looking,
    measures,
    reading,
    rebuilding,
    recognising,
    stack,
    starting,
    together,
    transfer,
    verifying,
    working,
)
from tests.bench.figures import Figure
from tests.bench.stack import Stacks
from tests.live.machine import say

MEASURES: dict[str, Callable[[Stacks], list[Figure]]] = {
    "search": measures.search,
    "log": measures.log,
    "logpage": logpages.logpage,
    "verify": verifying.verifying,
    "bundle": bundles.bundle,
    "upload": measures.upload,
    "start": starting.start,
    "reading": reading.reading,
    "ocr": recognising.ocr,
    "heavy": heavy.heavy,
    "worker": working.worker,
    "lanes": working.lanes,
    "pages": looking.pages,
    "large": transfer.large,
    "together": together.together,
    "rebuild": rebuilding.rebuild,
}


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    found: list[Figure] = []
    with stack.opened(options.stack, options.scale) as opened:
        facts: dict[str, object] = {"stack": opened.name, "documents": opened.corpus.documents}
        for name in options.only:
            say(f"measuring {name}")
            found += MEASURES[name](opened)
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
    parser.add_argument(
        "--only", type=_names, default=list(MEASURES), metavar="NAME,…", help=", ".join(MEASURES)
    )
    parser.add_argument("--json", type=Path, help="where the JSON goes (default: bench-results/)")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(MEASURES):
        raise argparse.ArgumentTypeError(f"there is no {min(unknown)}")
    return names


def _result(name: str) -> Path:
    return Path("bench-results") / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
