"""The measure of readers: what its figures mean, and that it runs where programs are missing."""

import pytest

from tests.formats import __main__ as command
from tests.formats import programs, scoring
from tests.formats.rows import all_rows


@pytest.mark.parametrize(
    ("said", "wanted", "seq", "bag"),
    [
        ("甲方 ＫＲ２１０", "甲方\nKR210", 1.0, 1.0),
        ("乙方甲方", "甲方乙方", 0.5, 1.0),
        ("甲方", "甲方乙方", 0.5, 2 * 2 / 6),
        ("kitten", "sitting", 1 - 3 / 7, 2 * 4 / 13),
        ("", "", 1.0, 1.0),
        ("", "甲", 0.0, 0.0),
    ],
)
def test_order_and_content_are_counted_apart(said, wanted, seq, bag):
    assert scoring.seq(said, wanted) == pytest.approx(seq)
    assert scoring.bag(said, wanted) == pytest.approx(bag)


@pytest.fixture
def bare(monkeypatch):
    """A machine without LibreOffice, Chromium and Java."""
    monkeypatch.setattr(programs, "office", lambda: None)
    monkeypatch.setattr(programs, "browser", lambda: None)
    monkeypatch.setattr(programs, "java", lambda: None)


def test_files_of_libraries_are_read_whole(bare, sandbox):
    rows = [row for row in all_rows() if not row.missing]
    found = [command._measured(sandbox, row) for row in rows]
    assert len(found) > 10
    assert {(row.what, row.seq, row.bag) for row in found if row.seq < 1} == set()


def test_a_row_whose_program_is_missing_says_so(bare, sandbox):
    rows = [row for row in all_rows() if row.missing]
    assert {row.missing for row in rows} == {"LibreOffice", "Chromium", "Java with Maven"}
    shown = command._line(command._measured(sandbox, rows[0]))
    assert "not measured: no LibreOffice here" in shown


def test_the_documentation_has_a_place_for_the_table():
    assert len(command._PART.findall(command._PAGE.read_text("utf-8"))) == 1
