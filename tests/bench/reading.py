"""Reading files in the sandbox alone: born-digital PDF, and office files, mail and texts."""

import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from statistics import median
from time import perf_counter

from indexer.extract.result import Failed
from indexer.extract.sandbox import Sandbox
from service import media
from tests.bench.figures import Figure
from tests.bench.stack import Stacks
from tests.formats import writers
from tests.formats.content import paper
from tests.formats.programs import web_page
from tests.indexer.pdfs import written

#: Files of one round; pages of a PDF, characters of a line, lines of a page.
_FILES, _PAGES, _LINE, _LINES = 400, 5, 33, 30
_ROUNDS = 3
_PAGES_REACH, _FILES_REACH = 800.0, 250.0
#: Different files; a round goes through them again and again.
_DIFFERENT = 12

File = tuple[str, bytes]


def reading(stacks: Stacks) -> list[Figure]:
    """Read files with one child per processor, from memory, the text thrown away."""
    count = max(_DIFFERENT, round(_FILES * stacks.scale))
    pdfs, mixed = _pdfs(), _mixed()
    with Sandbox() as sandbox:
        pages = _rate(sandbox, pdfs, count) * _PAGES
        files = _rate(sandbox, mixed, count)
    where = f"{os.cpu_count()} processors, median of {_ROUNDS}"
    size = sum(len(content) for _, content in mixed) / len(mixed) / 1024
    kinds = ", ".join(dict.fromkeys(name.split(".")[-1].upper() for name, _ in mixed))
    note = f"{kinds}; {size:.0f} KB each, {where}"
    pages_note = f"{_LINES * _LINE} characters a page, {where}"
    return [
        Figure("PDF in the sandbox", pages, _PAGES_REACH, pages_note, unit="pages/s", least=True),
        Figure("mixed files in it", files, _FILES_REACH, note, unit="documents/s", least=True),
    ]


def _rate(sandbox: Sandbox, files: Sequence[File], count: int) -> float:
    """Return how many of the files are read in a second."""
    typed = [(media.sniff(io.BytesIO(c), len(c), name), c) for name, c in files]
    threads = os.cpu_count() or 1

    def read(file: File) -> None:
        kind, content = file
        found = sandbox.extract(kind, io.BytesIO(content), len(content))
        if isinstance(found, Failed) or not found.text:
            raise RuntimeError(f"{kind}: {found}")

    took = []
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(read, typed))
        for _ in range(_ROUNDS):
            started = perf_counter()
            list(pool.map(read, islice(cycle(typed), count)))
            took.append(perf_counter() - started)
    return count / median(took)


def _pdfs() -> list[File]:
    texts = ["".join(paper(number).clauses) for number in range(_DIFFERENT)]
    found = []
    for number, text in enumerate(texts):
        characters = (text * 20)[: _PAGES * _LINES * _LINE]
        lines = [characters[at : at + _LINE] for at in range(0, len(characters), _LINE)]
        pages = ["\n".join(lines[at : at + _LINES]) for at in range(0, len(lines), _LINES)]
        found.append((f"{number}.pdf", written(pages)))
    return found


def _mixed() -> list[File]:
    """Return one file of each kind in equal shares, each about a paper long."""
    whole = paper(1)
    rows = whole.table * 12
    body = whole.body * 3
    make: dict[str, Callable[[], bytes]] = {
        "docx": lambda: writers.python_docx(whole),
        "xlsx": lambda: writers.with_xlsxwriter(rows),
        "xls": lambda: writers.with_xlwt(rows),
        "pptx": lambda: writers.python_pptx(whole),
        "eml": lambda: writers.mail(whole, "gb18030"),
        "html": lambda: web_page(whole).encode(),
        "csv": lambda: writers.as_csv(rows).encode("gb18030"),
        "txt": lambda: body.encode("gb18030"),
    }
    return [(f"a.{kind}", write()) for kind, write in make.items()]
