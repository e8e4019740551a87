"""A sheet of a workbook as rows of cells, from its text: lines with tabs, hits marked."""

from collections.abc import Iterable

from service.texts import Segment

#: Media types whose pages are sheets.
SHEETS = frozenset(
    {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.ms-excel",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.spreadsheet-template",
    }
)

Cell = list[Segment]


def rows(segments: Iterable[Segment]) -> list[list[Cell]]:
    """Return the rows of a sheet, each a list of cells.

    A hit over two cells is marked in both, and has its number in the first: in others it is 0.
    """
    table: list[list[Cell]] = [[[]]]
    for segment in segments:
        hit = segment.hit
        for number, line in enumerate(segment.text.split("\n")):
            if number:
                table.append([[]])
            for column, text in enumerate(line.split("\t")):
                if column:
                    table[-1].append([])
                if text:
                    table[-1][-1].append(Segment(text, hit))
                    hit = hit and 0
    while table and not any(table[-1]):
        table.pop()
    return table
