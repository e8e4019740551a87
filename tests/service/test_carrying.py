"""Where lines stand after a correction: where those stood that they were made from."""

from hypothesis import given
from hypothesis import strategies as st

from service.carrying import carried
from service.layouts import WHOLE, Line, boxes_of, checked

LINE = (0.0, 0.0, 100.0, 0.0, 100.0, 10.0, 0.0, 10.0)


def lines(text, confidence=0.5):
    """Lines as recognition gives them: one for each cell of each line, with its edges."""
    found, at = [], 0
    for line in text.split("\n"):
        start = at
        for cell in line.split(" "):
            if cell:
                step = WHOLE // len(cell)
                edges = (*(step * n for n in range(1, len(cell))), WHOLE)
                found.append(Line(start, start + len(cell), confidence, LINE, edges))
            start += len(cell) + 1
        at += len(line) + 1
    return found


def said(text, found):
    return [(text[line.start : line.end], line.confidence) for line in found]


def test_a_changed_line_stands_where_it_stood_and_is_not_guessed_any_more():
    before = "甲方\n更换减迷机一台\n乙方"
    after = "甲方\n更换减速机一台\n乙方"
    assert said(after, carried(before, after, lines(before))) == [
        ("甲方", 0.5),
        ("更换减速机一台", None),
        ("乙方", 0.5),
    ]


def test_a_corrected_word_is_boxed_where_the_wrong_one_was():
    before, after = "更换减迷机一台", "更换减速机一台"
    found = carried(before, after, lines(before))
    ((box,),) = boxes_of(found, [(2, 5)])
    assert box.quad[0] == 28.4
    assert box.quad[2] == 71.0


def test_what_was_put_in_belongs_to_its_line_and_what_was_added_stands_nowhere():
    before = "更换减机\n乙方"
    after = "新的一行，原来没有\n更换减速机一台\n乙方"
    found = carried(before, after, lines(before))
    assert said(after, found) == [("更换减速机一台", None), ("乙方", 0.5)]
    assert found[0].edges[-1] == WHOLE


def test_cells_of_one_line_stay_apart():
    before, after = "品名 减迷机 2", "品名 减速机 12"
    found = carried(before, after, lines(before))
    assert said(after, found) == [("品名", 0.5), ("减速机", None), ("12", None)]


def test_a_line_that_was_taken_away_stands_nowhere():
    before = "甲方\n水印\n乙方"
    assert said("甲方\n乙方", carried(before, "甲方\n乙方", lines(before))) == [
        ("甲方", 0.5),
        ("乙方", 0.5),
    ]


@given(st.text("ab \n", max_size=40), st.text("ab \n", max_size=40))
def test_whatever_is_changed_lines_have_the_shape_that_is_stored(before, after):
    found = carried(before, after, lines(before))
    plain = [[x.start, x.end, x.confidence, list(x.quad), list(x.edges)] for x in found]
    assert checked(plain, len(after)) == found
