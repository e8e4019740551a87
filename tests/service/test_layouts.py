"""Lines of a page are kept sealed, and say where a mark stands."""

import pytest
from sqlalchemy import select

from service import layouts, texts
from service.crypto import Corrupt
from service.layouts import Line
from service.models import PageLayout, Text

LEVEL = (10.0, 20.0, 110.0, 20.0, 110.0, 32.0, 10.0, 32.0)
#: four characters, the first as wide as the other three together
UNEVEN = Line(3, 7, 0.75, LEVEL, (500, 600, 800, 1000))


@pytest.fixture
def text_id(world):
    document = world.document(world.customer().id, "年度维护保养合同，减速机更换").id
    world.work()
    version = world.shown(document, "service_officer").version.id
    with world.archive.db.read() as db:
        return texts.newest_id(db, version)


def keep(world, text_id, pages):
    with world.archive.db.read() as db:
        version = db.get_one(Text, text_id).version
    with world.archive.ring() as ring:
        rows = layouts.seal_rows(ring, version, text_id, pages)
        with world.archive.db.write() as db:
            layouts.put(db, rows)
    return rows


def lines(world, text_id, no):
    with world.archive.db.read() as db, world.archive.ring() as ring:
        return layouts.lines(db, ring, text_id, no)


def test_lines_come_back_as_they_were_put(world, text_id):
    keep(world, text_id, {2: [UNEVEN, Line(7, 9, None, LEVEL)], 3: []})
    assert lines(world, text_id, 2) == [UNEVEN, Line(7, 9, None, LEVEL)]
    assert lines(world, text_id, 3) == []


def test_a_page_without_layout_has_no_lines_yet(world, text_id):
    assert lines(world, text_id, 4) is None
    assert lines(world, "a" * 26, 1) is None


def test_the_layout_that_was_put_first_stays(world, text_id):
    keep(world, text_id, {2: [UNEVEN]})
    keep(world, text_id, {2: []})
    assert lines(world, text_id, 2) == [UNEVEN]


def test_a_layout_opens_at_no_other_page(world, text_id):
    keep(world, text_id, {2: [UNEVEN]})
    with world.archive.db.write() as db:
        db.scalars(select(PageLayout)).one().no = 5
    with pytest.raises(Corrupt):
        lines(world, text_id, 5)


def test_a_layout_does_not_show_in_the_database_what_it_is_about(world, text_id):
    (row,) = keep(world, text_id, {2: [UNEVEN]})
    assert b"500" not in row["ct"]


def boxes(*lines, mark):
    (found,) = layouts.boxes_of(lines, [mark])
    return [box.quad for box in found]


def test_a_mark_is_cut_from_its_line_by_the_edges_of_characters():
    assert boxes(UNEVEN, mark=(4, 6)) == [(60, 20, 90, 20, 90, 32, 60, 32)]
    assert boxes(UNEVEN, mark=(3, 7)) == [LEVEL]


def test_a_line_without_edges_is_cut_in_proportion():
    assert boxes(Line(0, 4, None, LEVEL), mark=(1, 2)) == [(35, 20, 60, 20, 60, 32, 35, 32)]


def test_a_skewed_line_is_cut_along_its_skew():
    skewed = Line(0, 2, None, (0, 0, 100, 50, 95, 60, -5, 10))
    assert boxes(skewed, mark=(0, 1)) == [(0, 0, 50, 25, 45, 35, -5, 10)]


def test_a_mark_over_two_lines_has_a_box_on_each():
    second = (10.0, 40.0, 110.0, 40.0, 110.0, 52.0, 10.0, 52.0)
    found = boxes(Line(0, 4, None, LEVEL), Line(5, 9, None, second), mark=(2, 7))
    assert found == [
        (60, 20, 110, 20, 110, 32, 60, 32),
        (10, 40, 60, 40, 60, 52, 10, 52),
    ]


def test_a_mark_that_stands_nowhere_has_no_box():
    assert boxes(UNEVEN, mark=(0, 3)) == []
    assert boxes(UNEVEN, mark=(7, 9)) == []


def test_little_confidence_is_doubtful_and_none_is_not():
    ((doubtful,), (sure,)) = layouts.boxes_of(
        [Line(0, 2, 0.79, LEVEL), Line(2, 4, None, LEVEL)], [(0, 1), (2, 3)]
    )
    assert doubtful.doubtful
    assert not sure.doubtful


GOOD = [0, 2, 0.9, list(LEVEL), [500, 1000]]


def test_what_a_sandbox_sends_is_taken_when_it_has_the_shape():
    assert layouts.checked([GOOD, [2, 4, None, list(LEVEL)]], 4) == [
        Line(0, 2, 0.9, LEVEL, (500, 1000)),
        Line(2, 4, None, LEVEL),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        {},
        [{}],
        [[]],
        [[0, 2, 0.9]],
        [[0, 2, 0.9, [1.0] * 7]],
        [[0, 2, 0.9, ["1"] * 8]],
        [[0, 2, 0.9, [float("nan")] * 8]],
        [[0, 2, 0.9, [float("inf")] * 8]],
        [[0, 2, 0.9, [1e300] * 8]],
        [[2, 2, 0.9, list(LEVEL)]],
        [[-1, 2, 0.9, list(LEVEL)]],
        [["0", 2, 0.9, list(LEVEL)]],
        [[0, 5, 0.9, list(LEVEL)]],
        [[0, 2, 1.1, list(LEVEL)]],
        [[0, 2, "1", list(LEVEL)]],
        [[0, 2, 0.9, list(LEVEL), [500]]],
        [[0, 2, 0.9, list(LEVEL), [500, 400]]],
        [[0, 2, 0.9, list(LEVEL), [500, 1001]]],
        [[0, 2, 0.9, list(LEVEL), [500, 0.5]]],
        [GOOD] * 20_001,
    ],
)
def test_what_a_sandbox_sends_in_another_shape_is_refused(bad):
    with pytest.raises(ValueError, match=r"no |outside|out of"):
        layouts.checked(bad, 4)
