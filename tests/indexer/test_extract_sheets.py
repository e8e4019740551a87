"""Workbooks read as a person sees them, sheet by sheet, and crafted ones within limits."""

import contextlib
import io

import pytest

from indexer.extract import xls, xlsx
from indexer.extract.result import Extracted, Failed, Note, Reason, Unreadable
from service import media
from tests.indexer.docxs import packed, relations
from tests.indexer.pdfs import rotten
from tests.indexer.refusals import reason_of
from tests.indexer.sheets import (
    by_hand,
    by_library,
    cell,
    locked,
    old_and_locked,
    old_by_hand,
    old_by_library,
    old_error,
    old_label,
    old_number,
    row,
)

OLD = "application/vnd.ms-excel"
TWO = "<si><t>甲方</t></si><si><r><t>乙</t></r><r><t>方</t></r><rPh><t>yi</t></rPh></si>"


def pages(content):
    return [(page.label, page.text) for page in xlsx.read(io.BytesIO(content)).pages]


def text(*rows, **parts):
    return pages(by_hand("".join(rows), **parts))[0][1]


def old_text(content):
    return xls.read(io.BytesIO(content)).text


def reason(content, reader=xlsx):
    return reason_of(reader.read, content)


def test_each_sheet_is_a_page_with_its_name_and_reads_as_it_is_shown():
    assert pages(by_library()) == [
        (
            "报价明细",
            (
                "焊接工作站报价\n设备\t数量\t单价\t折扣\nKR210\t1,200\t¥1,234,567.50\t15.3%\n"
                "2025年3月9日\tTRUE\t#DIV/0!\n单价含税\n"
            ),
        ),
        ("底价", "\t最低八五折\n"),
    ]


def test_the_old_format_reads_alike():
    found = xls.read(io.BytesIO(old_by_library()))
    assert [(page.label, page.text) for page in found.pages] == [
        ("对账单", "二〇二五年往来\n2025/3/9\t50%\t-1,234.50\n\tTRUE\tKR210\n"),
        ("备注", "隐藏的说明\n"),
    ]


def test_shared_words_are_whole_and_without_readings():
    cells = (cell("0", kind="s"), cell("1", kind="s"), cell("公式", kind="str"))
    assert text(row(*cells), strings=TWO) == "甲方\t乙方\t公式\n"


def test_words_written_in_the_cell_itself_are_read():
    inline = '<c t="inlineStr"><is><r><t>备</t></r><r><t>注</t></r></is></c>'
    assert text(row(inline, cell("2025-03-09", kind="d"))) == "备注\t2025-03-09\n"


def test_characters_that_xml_has_no_room_for_are_written_out_again():
    words = (
        "<si><t>第一行_x000D_第二行</t></si><si><t>_x005F_x000D_和_x4E2D_、_xD842__xDFB7_</t></si>"
    )
    words += "<si><r><t>_x00</t></r><r><t>0D_</t></r></si>"
    cells = [cell(str(n), kind="s") for n in range(3)]
    inline = '<c t="inlineStr"><is><t>甲_x0009_乙</t></is></c>'
    found = text(row(*cells, inline, cell("_X000D_a_x_", kind="str")), strings=words)
    assert found == "第一行 第二行\t_x000D_和中、𠮷\t_x000D_\t甲 乙\t_X000D_a_x_\n"


def test_a_day_that_is_written_out_reads_as_its_format_shows_it():
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    days = (cell("2025-03-09T00:00:00", kind="d", style=n) for n in (0, 1))
    unknown = cell("morgen", kind="d", style=1)
    found = text(row(*days, unknown), styles=styles)
    assert found == "2025-03-09T00:00:00\t2025/3/9\tmorgen\n"


def test_formulas_are_read_by_what_they_gave():
    assert text(row("<c><f>SUM(A1:A9)</f><v>42</v></c>")) == "42\n"


def test_a_cell_far_to_the_right_and_one_beyond_every_column_cost_a_few_tabs():
    found = text(row(cell("1", at="A1"), cell("2", at="XFD1"), cell("3", at="ZZZ1")))
    assert found.replace("\t", "") == "123\n"
    assert len(found) < 50


def test_a_sheet_that_says_it_is_endless_costs_only_what_is_in_it():
    dimension = '<dimension ref="A1:XFD1048576"/>'
    assert text('<row r="1048576">' + cell("7", at="XFD1048576") + "</row>", before=dimension)


def test_a_style_that_does_not_exist_shows_the_plain_number():
    assert text(row(cell("0.5", style=9), cell("0.5", style=10**9))) == "0.5\t0.5\n"


def test_a_format_of_the_file_itself_goes_before_the_one_that_programs_know():
    styles = '<numFmts><numFmt numFmtId="14" formatCode="yyyy\\年"/></numFmts>'
    styles += '<cellXfs><xf numFmtId="14"/></cellXfs>'
    assert text(row(cell("45725")), styles=styles) == "2025年\n"
    old = old_by_hand(old_number(45725), formats={14: 'yyyy"年"'}, used=14)
    assert old_text(old) == "2025年\n"
    assert old_text(old_by_hand(old_number(45725), used=14)) == "2025/3/9\n"


@pytest.mark.parametrize("number", [0, 49, 59, 62, 70, 81, 163, 200])
def test_a_format_that_nobody_wrote_down_shows_the_plain_number(number):
    assert old_text(old_by_hand(old_number(0.5), used=number)) == "0.5\n"
    styles = f'<cellXfs><xf numFmtId="{number}"/></cellXfs>'
    assert text(row(cell("0.5")), styles=styles) == "0.5\n"


def test_days_errors_and_truths_read_alike_in_both_formats():
    from_1904 = "<workbookPr date1904='1'/>"
    styles = '<cellXfs><xf numFmtId="14"/></cellXfs>'
    cells = (cell("44263"), cell("#N/A", kind="e"), cell("1", kind="b"), cell("0", kind="b"))
    found = text(row(*cells), styles=styles, properties=from_1904)
    assert found == "2025/3/9\t#N/A\tTRUE\tFALSE\n"
    old = old_by_hand(old_number(0.5), *(old_error(c, column=n) for n, c in enumerate((7, 42), 1)))
    assert old_text(old) == "0.5\t#DIV/0!\t#N/A\n"


@pytest.mark.parametrize(
    ("codepage", "codec", "words"),
    [
        (936, "gbk", "对账单"),
        (950, "cp950", "對賬單"),
        (1251, "cp1251", "Счёт"),
        (866, "cp866", "Счет"),
    ],
)
def test_a_workbook_from_before_unicode_is_read_in_its_codepage(sandbox, codepage, codec, words):
    content = old_by_hand(old_label(words.encode(codec)), codepage=codepage)
    assert old_text(content) == f"{words}\n"
    found = sandbox.extract(OLD, io.BytesIO(content), len(content))
    assert isinstance(found, Extracted), found
    assert found.text == f"{words}\n"


def test_a_word_that_does_not_exist_is_damage():
    assert reason(by_hand(row(cell("7", kind="s")))) is Reason.DAMAGED
    assert reason(by_hand(row(cell("x", kind="s")))) is Reason.DAMAGED


def test_a_long_word_repeated_without_end_is_refused():
    word = f"<si><t>{'长' * 30_000}</t></si>"
    rows = row(*[cell("0", kind="s")] * 5_000)
    assert reason(by_hand(rows, strings=word)) is Reason.TOO_COMPLEX


def test_a_bomb_of_blanks_and_a_list_of_entities_are_refused():
    assert reason(by_hand(" " * (64 << 20))) is Reason.TOO_COMPLEX
    crafted = packed(
        {
            "_rels/.rels": relations(officeDocument="w.xml"),
            "w.xml": '<!DOCTYPE x [<!ENTITY a "b">]><workbook/>',
        }
    )
    assert reason(crafted) is Reason.DAMAGED


def test_an_empty_workbook_is_said_to_have_no_text():
    assert xlsx.read(io.BytesIO(by_hand(""))).notes == (Note.NO_TEXT,)


def test_a_binary_workbook_is_said_not_to_be_readable_yet():
    content = packed({"_rels/.rels": relations(officeDocument="xl/book.bin"), "xl/book.bin": "x"})
    assert reason(content) is Reason.UNSUPPORTED


def test_locked_workbooks_say_so():
    assert reason(locked()) is Reason.PASSWORD
    assert reason(old_and_locked(), xls) is Reason.PASSWORD


def test_truncated_and_rotten_workbooks_are_damaged():
    new, old = by_library(), old_by_library()
    assert reason(new[: len(new) // 2]) is Reason.DAMAGED
    assert reason(old[: len(old) // 2], xls) is Reason.DAMAGED
    assert reason(old[:512] + bytes(len(old) - 512), xls) is Reason.DAMAGED
    assert reason(packed({"xl/a": "b"})) is Reason.DAMAGED


@pytest.mark.parametrize("seed", range(60))
def test_a_rotten_workbook_is_read_or_refused(seed):
    for reader, whole in ((xls, old_by_library()), (xlsx, by_library())):
        with contextlib.suppress(Unreadable):
            reader.read(io.BytesIO(rotten(whole, seed)))


def test_a_workbook_cut_off_anywhere_is_damaged_or_what_is_left_of_it():
    whole = old_by_library()
    for end in range(0, len(whole), 101):
        with contextlib.suppress(Unreadable):
            xls.read(io.BytesIO(whole[:end]))


def test_workbooks_are_told_by_their_content():
    for content, name, media_type in (
        (by_library(), "报价.xlsx", media.XLSX),
        (old_by_library(), "对账.xls", OLD),
    ):
        assert media.sniff(io.BytesIO(content), len(content), name) == media_type
        assert media.refused(media_type, name) is None


def test_workbooks_go_through_the_sandbox(sandbox):
    for reader, media_type, content in (
        (xlsx, media.XLSX, by_library()),
        (xls, OLD, old_by_library()),
    ):
        found = sandbox.extract(media_type, io.BytesIO(content), len(content))
        assert isinstance(found, Extracted)
        assert found == reader.read(io.BytesIO(content))
    content = old_and_locked()
    found = sandbox.extract(OLD, io.BytesIO(content), len(content))
    assert isinstance(found, Failed)
    assert found.reason is Reason.PASSWORD
