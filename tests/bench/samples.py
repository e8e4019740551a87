"""Files to bring in: PDF of five pages and DOCX, by turns, no two alike."""

import random
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from service.archive import Archive
from service.codes import Category
from service.demo.loading import as_person
from service.importing import Report, State, Wanted
from service.importing import run as bring
from service.models import Customer
from tests.bench import words
from tests.indexer.docxs import by_hand, paragraph, run
from tests.indexer.pdfs import written

KIND = "commissioning"
#: Pages of a PDF, lines of a page and characters of a line: 3,300 characters.
_PAGES, _LINES, _LINE = 5, 20, 33


def customers(archive: Archive) -> list[str]:
    """Return the customers to which an officer may add these files."""
    with archive.db.read() as db:
        active = Customer.category == str(Category.ACTIVE)
        return list(db.scalars(select(Customer.id).where(active).order_by(Customer.number)))


def write(folder: Path, customers: Sequence[str], count: int, *, salt: str) -> None:
    """Write so many files below a folder, by turns for each of the customers.

    Another `salt` gives other files.
    """
    chance = random.Random(f"files {salt}")
    vocabulary = words.vocabulary()
    for customer in customers:
        (folder / customer).mkdir(parents=True)
    for number in range(count):
        text = vocabulary.text(chance, _PAGES * _LINES * _LINE).replace("\n", "，")
        lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
        ending, content = (".docx", _docx(lines)) if number % 2 else (".pdf", _pdf(lines))
        place = folder / customers[number % len(customers)]
        (place / f"{salt}-{number:05d}{ending}").write_bytes(content)


def _pdf(lines: Sequence[str]) -> bytes:
    return written(
        ["\n".join(lines[start : start + _LINES]) for start in range(0, len(lines), _LINES)]
    )


def _docx(lines: Sequence[str]) -> bytes:
    return by_hand("".join(paragraph(run(line)) for line in lines))


def bring_in(archive: Archive, folder: Path, *, login: str) -> int:
    """Import a folder as somebody, as `guidang import` does; return how many files came in."""
    report = Report()
    bring(
        archive,
        Wanted(folder, None, KIND),
        as_person(archive, login),
        report,
        lambda _size, _total: None,
    )
    refused = [row for row in report.rows if row.state is not State.RECEIVED]
    if refused:
        raise RuntimeError(f"{refused[0].file}: {refused[0].state} {refused[0].error}")
    return len(report.rows)
