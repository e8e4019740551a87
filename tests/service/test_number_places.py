"""Personal numbers are stored where they stand, those on recognised pages with their boxes."""

from typing import Any

from service import number_places
from service.layouts import Line

PAGES = ["联系人\n电话 13879720083", "正文", "手机 13879720091"]


def rows(lines: dict[int, list[Line]] | None = None) -> Any:
    return number_places.rows_of("t", PAGES, lambda kind, normal: f"{kind}:{normal[-2:]}", lines)


def test_a_number_stands_on_its_page_at_code_points_of_the_whole_text():
    whole = "\n".join(PAGES)
    found = [(r["page"], whole[r["start"] : r["end"]], r["token"], r["boxes"]) for r in rows()]
    assert found == [(1, "13879720083", "tel:83", None), (3, "13879720091", "tel:91", None)]


def test_a_number_on_a_recognised_page_has_the_box_of_its_part_of_the_line():
    line = Line(4, 18, 0.97, (0.0, 20.0, 140.0, 20.0, 140.0, 32.0, 0.0, 32.0))
    first, last = rows({1: [line]})
    assert first["boxes"] == "[[30.0, 20.0, 140.0, 20.0, 140.0, 32.0, 30.0, 32.0]]"
    assert last["boxes"] is None
