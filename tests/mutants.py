"""Take each guard out in turn: the suite must notice. `python -m tests.mutants [--random N]`.

A guard is a piece of code whose removal would let somebody see or change what they must not.
Each entry says what is replaced by what, and which tests must fail then.
"""

import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent

#: What a copy of the checkout leaves out.
LEFT_OUT = (
    ".git",
    ".venv",
    "data",
    "screens",
    "bench-results",
    "*.egg-info",
    "__pycache__",
    ".*_cache",
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One guard taken out: `old` becomes `new` in `file`; `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "database re-check",
        "service/finding.py",
        "if h.uid in rows and recheck.confirms(rows[h.uid], h, scopes)",
        "if h.uid in rows",
        ("tests/service/test_stale_index.py",),
    ),
    Mutant(
        "dirty marks",
        "service/finding.py",
        "dirty_documents=dirty_documents, dirty_customers=dirty_customers)",
        "dirty_documents=frozenset(), dirty_customers=frozenset())",
        ("tests/service/test_stale_index.py",),
    ),
    Mutant(
        "intent before anything is touched",
        "service/archive.py",
        "self._intends = action in STORES or (not changing and reading is None)",
        "self._intends = False",
        ("tests/service/test_call_intent.py", "tests/service/test_call.py"),
    ),
    Mutant(
        "run-as header",
        "service/search/elastic.py",
        '"es-security-runas-user"',
        '"x-nobody"',
        ("tests/service/test_elastic_requests.py",),
    ),
    Mutant(
        "wrapped keys are bound to their place",
        "service/keystore/rows.py",
        'return _CANONICAL.encode({**names, "p": "guidang.wrap.v1"}).encode()',
        'return b"guidang.wrap.v1"',
        ("tests/service/test_keystore.py",),
    ),
)


def survives(mutant: Mutant) -> bool:
    """Take one guard out in a copy of the checkout; say whether the tests still pass."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as place:
        copy = Path(place) / "checkout"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        path = copy / mutant.file
        text = path.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            message = f"{mutant.name}: {mutant.file} holds its guard {text.count(mutant.old)} times"
            raise LookupError(message)
        path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        run = subprocess.run([*command, *mutant.tests], cwd=copy, capture_output=True, check=False)
    # 1: tests failed. Anything else (no tests found, a broken import) is no proof.
    if run.returncode not in (0, 1):
        raise LookupError(f"{mutant.name}: {run.stdout.decode()[-2000:]}")
    return run.returncode == 0


@click.command()
@click.option("--random", "some", type=int, help="Only so many, chosen at random.")
def main(some: int | None) -> None:
    """Run the mutants; exit 1 if one survives."""
    chosen = list(MUTANTS)
    if some is not None and some < len(chosen):
        chosen = random.sample(chosen, some)
    alive = []
    for mutant in chosen:
        lived = survives(mutant)
        click.echo(f"{'SURVIVED' if lived else 'killed  '}  {mutant.name}")
        if lived:
            alive.append(mutant.name)
    click.echo(f"{len(chosen) - len(alive)} of {len(chosen)} guards are watched by tests")
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main()
