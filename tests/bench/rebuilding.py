"""The index, built anew from the database by the command that people use."""

import os
import re
import subprocess
from time import perf_counter

from tests.bench import loading
from tests.bench.corpus import Corpus
from tests.bench.figures import Figure
from tests.bench.memory import Watch
from tests.bench.stack import EMBEDDED, Stack, Stacks

_RATE_EMBEDDED, _RATE_SERVERS = 2_500.0, 1_200.0
_MEMORY = 600.0


def rebuild(stacks: Stacks) -> list[Figure]:
    """Run `guidang index rebuild` over documents of 2 KB, from its start to its end."""
    corpus = Corpus(stacks.scale, short=True)
    with stacks.scratch(corpus, loading.rows) as stack:
        took, peak = _run(stack, corpus.documents)
    reach = _RATE_EMBEDDED if stack.name == EMBEDDED else _RATE_SERVERS
    note = f"{corpus.documents} documents of 2 KB in {took:.0f} s"
    return [
        Figure(
            "index rebuild", corpus.documents / took, reach, note, unit="documents/s", least=True
        ),
        Figure("memory of the rebuild", peak, _MEMORY, "what its process held at most", unit="MB"),
    ]


def _run(stack: Stack, documents: int) -> tuple[float, float]:
    """Return the seconds it took and the most memory in MB."""
    started = perf_counter()
    process = subprocess.Popen(
        stack.command("index", "rebuild"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **stack.environment},
    )
    with Watch(process.pid) as memory:
        said, _ = process.communicate()
    took = perf_counter() - started
    if process.returncode or not re.search(rf"^{documents} documents$", said, re.MULTILINE):
        raise RuntimeError(f"guidang index rebuild: {said[-2000:]}")
    return took, memory.peak
