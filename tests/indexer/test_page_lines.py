"""Where characters of a stored text stand on a page of a PDF, in that text's own offsets."""

import io
from dataclasses import replace

import pytest

from indexer.extract import PAGE, page_lines, pdf
from indexer.extract.result import Reason, Unreadable
from indexer.extract.sandbox import Sandbox
from service import layouts
from tests.indexer import pdfs

HERE = replace(PAGE, apart=False)


def lines(content, text=None, page=1):
    """Return the lines of a page, for its text as the reader gives it or as it is said."""
    if text is None:
        text = pdf.read(io.BytesIO(content)).pages[page - 1].text
    answer = page_lines.of_pdf(io.BytesIO(content), {"page": page, "text": text}, lambda _: None)
    return text, layouts.checked(answer["lines"], len(text))


def box(content, word, text=None, page=1):
    """Return left, top, right and bottom of the only place where a word stands."""
    text, found = lines(content, text, page)
    at = text.index(word)
    ((where,),) = layouts.boxes_of(found, [(at, at + len(word))])
    return where.quad[0], where.quad[1], where.quad[4], where.quad[5]


def near(found, wanted):
    return all(abs(a - b) <= 3 for a, b in zip(found, wanted, strict=True))


def test_a_word_is_boxed_where_it_stands():
    content = pdfs.written(["编号\n更换减速机一台"])
    # 11 points a character from 50 on; the second line at 780 of 842 points from below
    assert near(box(content, "减速机"), (72, 52, 105, 64))


def test_each_page_has_its_own():
    content = pdfs.written(["甲方", "乙方"])
    assert near(box(content, "乙", page=2), (50, 32, 61, 44))


def test_offsets_are_those_of_the_stored_text_whatever_the_reader_closed_up():
    content = pdfs.placed([(50 + 20 * n, 700, c) for n, c in enumerate("减速机异响")])
    blanks = "减 速 机 异 响"
    for text in (blanks, "减速机异响", "  减速\u3000机异响\n"):
        left, _, right, _ = box(content, "异响" if "异响" in text else "异 响", text)
        # a gap counts to the character behind it
        assert (101 <= round(left) <= 110, round(right)) == (True, 141)


def test_a_word_joined_at_a_line_end_is_boxed_on_both_lines():
    text, found = lines(pdfs.written(["full auto-\nmation"]))
    at = text.index("automation")
    (boxes,) = layouts.boxes_of(found, [(at, at + len("automation"))])
    assert [round(one.quad[1]) // 10 for one in boxes] == [3, 5]


def test_what_was_typed_into_a_form_stands_nowhere_and_all_else_does():
    text, found = lines(pdfs.form())
    at = text.index("Huaxing")
    typed, heading = layouts.boxes_of(found, [(at, at + 7), (0, 2)])
    assert typed == []
    assert len(heading) == 1


def test_what_one_text_has_more_than_the_other_is_passed_over():
    content = pdfs.written(["采购合同编号甲乙丙丁\n付款方式三十日内"])
    for text in (
        "采购合同！编号甲乙丙丁\n付款方式三十日内",
        "采购合编号甲乙丙丁\n付款方式三十日内",
    ):
        assert near(box(content, "付款方式", text), (50, 52, 94, 64))


def test_nothing_is_boxed_where_the_text_is_another():
    _, found = lines(pdfs.written(["采购合同"]), "完全不同的文字")
    assert found == []


def test_a_turned_page_is_boxed_as_it_is_displayed():
    content = pdfs.written(["旋转的页"], rotation=90)
    _, found = lines(content)
    ((where,),) = layouts.boxes_of(found, [(0, 1)])
    # what stood at 50, 800 of 595 × 842 stands a quarter further
    left, top = min(where.quad[::2]), min(where.quad[1::2])
    assert near((left, top, 0, 0), (798, 50, 0, 0))


def test_columns_far_apart_are_lines_of_their_own():
    content = pdfs.placed([(50, 700, "单价"), (400, 700, "金额")])
    text, found = lines(content)
    assert [text[line.start : line.end] for line in found] == ["单价", "金额"]


def test_through_the_sandbox_it_is_the_same():
    content = pdfs.written(["更换减速机一台"])
    with Sandbox(1, readers={}, tasks=[HERE]) as sandbox:

        def ask(content, page=1):
            arguments = {"want": "lines", "type": "", "page": page, "text": "更换减速机一台"}
            return sandbox.ask(HERE, io.BytesIO(content), len(content), arguments, lambda _: None)

        assert layouts.checked(ask(content)["lines"], 7) == lines(content)[1]
        assert ask(content, page=2).reason is Reason.UNSUPPORTED
        assert ask(content[:300]).reason is Reason.DAMAGED


@pytest.mark.parametrize("seed", range(6))
def test_a_rotten_file_gives_lines_of_the_right_shape_or_none(seed):
    content = pdfs.rotten(pdfs.written(["库卡机器人合同" * 5] * 3), seed)
    try:
        answer = page_lines.of_pdf(
            io.BytesIO(content), {"page": 1, "text": "库卡机器人合同" * 5}, lambda _: None
        )
    except Unreadable:
        return
    layouts.checked(answer["lines"], 35)


def test_words_in_columns_written_downwards_have_their_places():
    content = pdfs.downwards(["甲方应于验收合格后", "三十日内付清全部货款"])
    text, found = lines(content)
    for word, right in (("验收", 250), ("货款", 222)):
        at = text.index(word)
        (places,) = layouts.boxes_of(found, [(at, at + 2)])
        assert [round(place.quad[0] + 7) for place in places] == [right, right]
        assert places[0].quad[1] < places[1].quad[1]
