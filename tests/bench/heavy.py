"""What a worker holds while it reads files of many pages and of many bytes."""

import secrets
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench import samples
from tests.bench.corpus import Corpus
from tests.bench.figures import Figure
from tests.bench.loading import ARCHIVIST
from tests.bench.memory import Watch, shared_out
from tests.bench.stack import Stacks
from tests.bench.working import finished
from tests.indexer.pdfs import written

_MB = 1 << 20
_PAGES, _SIZE = 5_000, 1_024
_REACH = 1_024.0
_LINES = 30


def heavy(stacks: Stacks) -> list[Figure]:
    """Bring in one file at a time, and look at all processes of the worker until it is found."""
    pages = max(50, round(_PAGES * stacks.scale))
    size = max(2, round(_SIZE * stacks.scale))
    kinds: dict[str, tuple[str, Callable[[Path], None]]] = {
        f"a PDF of {pages:,} pages": ("a.pdf", lambda path: _many_pages(path, pages)),
        f"a PDF of {size:,} MB": ("b.pdf", lambda path: _large_pdf(path, size)),
        f"a text of {size:,} MB": ("c.txt", lambda path: _large_text(path, size)),
    }
    found = []
    for what, (name, write) in kinds.items():
        peak, took = _read(stacks, name, write)
        note = f"all its processes, read and found in {took:.0f} s"
        found.append(Figure(f"worker, {what}", peak, _REACH, note, unit="MB"))
    return found


def _read(stacks: Stacks, name: str, write: Callable[[Path], None]) -> tuple[float, float]:
    """Return the most memory the worker held while it read a file, and the seconds."""
    with (
        TemporaryDirectory(prefix="guidang-files-") as folder,
        stacks.scratch(Corpus(0)) as stack,
    ):
        (customer, *_) = samples.customers(stack.archive)
        place = Path(folder) / customer
        place.mkdir()
        write(place / name)
        samples.bring_in(stack.archive, Path(folder), login=ARCHIVIST)
        with stack.part("worker") as worker, Watch(worker.pid, shared_out) as memory:
            started = perf_counter()
            finished(stack.archive)
            took = perf_counter() - started
    return memory.peak, took


def _many_pages(path: Path, pages: int) -> None:
    lines = [
        f"第{n}行 库卡焊接机器人减速机维护保养，每年两次，二十四小时到场" for n in range(_LINES)
    ]
    path.write_bytes(written([f"第{no}页\n" + "\n".join(lines) for no in range(pages)]))


def _large_pdf(path: Path, size: int) -> None:
    """Write a PDF whose pages carry pictures' bytes that no reader of text needs."""
    text = written(["设备清单\n变位机与焊接机器人"])
    with path.open("wb") as file:
        file.write(text[: text.rindex(b"startxref")])
        noise = secrets.token_bytes(_MB)
        for number in range(size):
            file.write(b"%d 0 obj<</Length %d>>stream\n" % (10_000 + number, _MB))
            file.write(noise + b"\nendstream endobj\n")
        file.write(text[text.rindex(b"startxref") :])


def _large_text(path: Path, size: int) -> None:
    line = "2026-03-05 08:41:07 焊接机器人 KR210 第三轴电机温度 61 度，运行正常\n".encode("gb18030")
    with path.open("wb") as file:
        for _ in range(size):
            file.write(line * (_MB // len(line)))
