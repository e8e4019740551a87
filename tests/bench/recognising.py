"""Recognising pages in the sandbox, beside rapidocr by itself with the same settings and models."""

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Self

from PIL import Image, ImageDraw, ImageFont

from indexer.extract import OCR
from indexer.extract.result import Failed
from indexer.extract.sandbox import Sandbox
from tests.bench.figures import Figure
from tests.bench.memory import children, highest
from tests.bench.stack import Stacks
from tests.formats.content import paper

_ROUNDS, _PAGES = 3, 4
_RATIO, _MEMORY = 1.25, 650.0
#: An A4 page at 200 dpi, and its font.
_SIDES = (1654, 2339)
_FONT = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"
_LINE = 40


def ocr(stacks: Stacks) -> list[Figure]:
    """Recognise the same pages by turns: here through the sandbox, there by rapidocr alone."""
    pages = [_page(number) for number in range(max(2, round(_PAGES * min(1.0, stacks.scale))))]
    ours: list[float] = []
    bare: list[float] = []
    with TemporaryDirectory() as folder, Sandbox() as sandbox:
        files = [Path(folder, f"{number}.png") for number in range(len(pages))]
        for file, content in zip(files, pages, strict=True):
            file.write_bytes(content)
        with _Bare(files) as alone:
            _all(sandbox, pages)
            for _ in range(_ROUNDS):
                ours.append(_all(sandbox, pages))
                bare.append(alone.all())
        peak = max(map(highest, children(sandbox._apart[OCR]._nursery._process.pid)))
    ratio = median(a / b for a, b in zip(ours, bare, strict=True))
    cores = os.cpu_count() or 1
    each = median(ours) / len(pages) * cores * 1000
    note = f"{len(pages)} pages of A4 at 200 dpi on {cores} processors, {_ROUNDS} rounds by turns"
    return [
        Figure("a page recognised", each, note=note),
        Figure("beside rapidocr alone", ratio, _RATIO, "median of rounds", unit="times"),
        Figure("memory of a process that recognises", peak, _MEMORY, unit="MB"),
    ]


def _all(sandbox: Sandbox, pages: list[bytes]) -> float:
    """Return how long it takes to recognise all pages."""

    def one(content: bytes) -> None:
        said = {"type": "image/png", "page": 1}
        answer = sandbox.ask(OCR, io.BytesIO(content), len(content), said, lambda _: None)
        if isinstance(answer, Failed):
            raise RuntimeError(str(answer))  # noqa: TRY004 - no wrong type, a failure

    started = perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, pages))
    return perf_counter() - started


class _Bare:
    """Processes of rapidocr, one per processor, that recognise their share when told to."""

    def __init__(self, files: list[Path]) -> None:
        cores = os.cpu_count() or 1
        self._shares = [[str(file) for file in files[core::cores]] for core in range(cores)]
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        for share in self._shares:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.bare_rapidocr", json.dumps(share)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._running.append(process)
        self._wait()
        self.all()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.communicate()

    def all(self) -> float:
        """Return how long it takes until the last has recognised its pages."""
        started = perf_counter()
        for process in self._running:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        self._wait()
        return perf_counter() - started

    def _wait(self) -> None:
        for process in self._running:
            assert process.stdout
            if process.stdout.readline().strip() != "done":
                raise RuntimeError("rapidocr did not answer")


def _page(number: int) -> bytes:
    """Return a page of a paper, as an image without harm."""
    image = Image.new("RGB", _SIDES, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(_FONT, 34)
    text = paper(number).body.split("\n")
    lines = [line[at : at + _LINE] for line in text for at in range(0, len(line), _LINE)]
    for row, line in enumerate(lines):
        draw.text((150, 160 + 56 * row), line, font=font, fill="black")
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
