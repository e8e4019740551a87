"""Cells of a table that spreadsheet programs open as it is."""

from typing import TypeVar

Cell = TypeVar("Cell")

#: What a program that calculates takes for the beginning of a formula, in every width.
_FORMULA = tuple("=+-@\t\r＝＋－＠")


def safe(cell: Cell) -> Cell | str:
    """Return a cell that no spreadsheet program runs; only text can be a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
