"""Reads lists of files: CSV here, the cells of workbooks in the sandbox."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from indexer.extract import ROWS
from indexer.extract.result import Failed, Reason
from indexer.extract.rows import OLD
from indexer.extract.sandbox import Sandbox
from service import manifests
from service.errors import Invalid, Unsupported
from service.manifests import Manifest, Row

#: A workbook is a ZIP, or as Excel 97 and WPS kept it; a CSV never begins like one.
_WORKBOOKS: Final = (b"PK\x03\x04", OLD)
#: A title over the table, its head, and empty lines count as rows too.
_MOST_ROWS: Final = manifests.MOST_LINES + 100
#: Bytes of all rows that a sandbox may send.
_MOST_BYTES: Final = manifests.LARGEST


def manifest(sandbox: Sandbox, source: BinaryIO, size: int) -> Manifest:
    """Return the list that a file of `size` bytes holds: a CSV, or a workbook (XLSX, XLS, ET).

    Raises `Invalid` or `Unsupported` for a file that is none.
    """
    if size > manifests.LARGEST:
        raise Invalid("The manifest is too long.")
    if not is_workbook(source):
        return manifests.from_csv(source.read())
    lines = bytearray()

    def take(piece: bytes) -> None:
        if len(lines) + len(piece) > _MOST_BYTES:
            raise Invalid("The manifest is too long.")
        lines.extend(piece)

    answer = sandbox.ask(ROWS, source, size, {"most": _MOST_ROWS}, take)
    if isinstance(answer, Failed):
        raise _unreadable(answer)
    return manifests.from_rows(_checked(bytes(lines)))


def is_workbook(source: BinaryIO) -> bool:
    """Tell a workbook from a CSV; the source stands at its start before and after."""
    source.seek(0)
    start = source.read(max(map(len, _WORKBOOKS)))
    source.seek(0)
    return start.startswith(_WORKBOOKS)


def manifest_of(path: Path) -> Manifest:
    """Return the list in a file of the host, with a sandbox of its own where one is needed."""
    with path.open("rb") as source:
        size = path.stat().st_size
        if not is_workbook(source):
            return manifests.from_csv(source.read(manifests.LARGEST + 1))
        with Sandbox(children=1) as sandbox:
            return manifest(sandbox, source, size)


def _unreadable(failed: Failed) -> Invalid | Unsupported:
    if failed.reason is Reason.PASSWORD:
        return Invalid("The manifest is locked by a password. Save it without one.")
    if failed.reason is Reason.TOO_COMPLEX:
        return Invalid("The manifest is too long.")
    return Unsupported(
        "The manifest is neither a CSV nor a workbook (XLSX, XLS, ET) that can be read."
    )


def _checked(lines: bytes) -> Iterator[Row]:
    """Yield rows as far as they are some: they may come from a hostile file."""
    for line in lines.splitlines():
        row = json.loads(line)
        if isinstance(row, list) and len(row) == 2:  # noqa: PLR2004 - number and cells
            number, cells = row
            if type(number) is int and isinstance(cells, list):
                yield number, [str(cell) for cell in cells]
