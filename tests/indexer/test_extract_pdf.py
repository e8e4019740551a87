"""What is read from a PDF, and what is said when nothing can be."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from indexer.extract import PDF, pdf
from indexer.extract.result import Extracted, Failed, Note, Reason, Recognition
from indexer.extract.sandbox import Sandbox
from tests.indexer import pdfs
from tests.indexer.refusals import reason_of


def read(content):
    return pdf.read(io.BytesIO(content))


def reason(content):
    return reason_of(pdf.read, content)


def outcome(sandbox, content):
    return sandbox.extract("application/pdf", io.BytesIO(content), len(content))


def test_chinese_text_is_read_page_by_page():
    found = read(pdfs.written(["库卡焊接机器人采购合同\n付款方式", "第二页"]))
    assert [page.text for page in found.pages] == ["库卡焊接机器人采购合同\n付款方式", "第二页"]
    assert found.text == "库卡焊接机器人采购合同\n付款方式\n第二页"
    assert [found.text[start:][:1] for start in found.starts] == ["库", "第"]
    assert (found.origin, found.notes, found.truncated) == ("layer", (), 0)


def test_a_character_that_stands_alone_is_read(sandbox):
    assert outcome(sandbox, pdfs.placed([(50, 700, "状")])).text == "状"


@pytest.mark.parametrize("gap", [-0.5, 0, 0.3, 2.5])
def test_lines_set_character_by_character_are_read_whole(gap):
    lines = ["甲方：苏州焊接机器人有限公司", "型号KR210共11台", "人人一一，ill-fitting", "备注"] * 8
    text = read(pdfs.placed(pdfs.spread(lines, gap=gap, leading=20))).text
    assert text.replace(" ", "").split("\n") == lines


def test_a_narrow_column_of_single_characters_is_read():
    cells = [(60, 700 - 13 * n, character) for n, character in enumerate("数量单价金额")]
    body = [(120, 700 - 13 * n, "焊枪清理站一套") for n in range(6)]
    text = read(pdfs.placed(cells + body)).text
    assert sorted("".join(text.split())) == sorted("数量单价金额" + "焊枪清理站一套" * 6)


def test_columns_written_downwards_are_read_from_right_to_left():
    columns = ["甲方应于验收合格后", "三十日内付清全部货款", "保修期为十二个月"]
    found = pdf.read(io.BytesIO(pdfs.downwards(columns)))
    assert found.text.splitlines() == columns
    assert found.pages[0].recognition is None


@pytest.mark.parametrize(
    ("encoding", "entries"),
    [("UniGB-UCS2-H", b""), ("UniGB-UCS2-V", b""), ("UniGB-UCS2-H", b"/CIDToGIDMap 8 0 R")],
    ids=["across", "down", "glyph numbers"],
)
def test_single_characters_are_read_in_whatever_way_their_font_counts(encoding, entries):
    found = read(pdfs.in_cid_font("机器人一，二二", encoding=encoding, entries=entries))
    assert found.text == "机器人一，二二"


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("GBK-EUC-H", "gbk"),
        ("GBK-EUC-V", "gbk"),
        ("GBKp-EUC-H", "gbk"),
        ("GBK2K-H", "gb18030"),
        ("GB-EUC-H", "gb2312"),
        ("GBpc-EUC-H", "gb2312"),
        ("UniGB-UTF16-H", "utf-16-be"),
    ],
)
def test_text_in_the_charsets_of_chinese_programs_is_read_without_a_map(encoding, codec):
    found = read(pdfs.in_cid_font("机器人合同，付款方式二", encoding=encoding, codec=codec))
    assert found.text == "机器人合同，付款方式二"
    assert found.pages[0].recognition is None


def test_glyphs_whose_characters_nothing_names_are_compared_with_the_page():
    content = pdfs.glyphs([*range(40, 60)] * 10, Image.new("L", (31, 20), 255))
    assert read(content).pages[0].recognition is Recognition.COMPARE


def test_a_single_character_of_a_font_without_a_known_order_is_read():
    assert read(pdfs.with_cmap([1], {1: "状"})).text == "状"


def test_a_page_has_the_size_and_rotation_it_is_seen_in():
    page = read(pdfs.written(["旋转的页"], rotation=90)).pages[0]
    assert page.text == "旋转的页"
    assert (round(page.width), round(page.height), page.rotation) == (595, 842, 90)


def test_characters_beyond_the_basic_plane_come_out_whole():
    found = read(pdfs.with_cmap([1, 2, 1], {1: "𠮷", 2: "中"}))
    assert found.text == "𠮷中𠮷"
    assert len(found.text) == 3


def test_words_divided_at_a_line_end_are_joined_and_other_hyphens_stay():
    found = read(pdfs.written(["full auto-\nmation with KR-\n210 and X-\nRay"]))
    assert found.text == "full automation with KR-\n210 and X-\nRay"


def test_form_values_choices_and_remarks_are_read():
    text = read(pdfs.form()).text
    assert text.startswith("客户登记表\n")
    assert all(word in text for word in ("Huaxing Robotics", "KR 210", "REMARK checked by legal"))
    assert "KR 16" not in text


def test_a_layer_full_of_private_characters_is_not_believed():
    found = read(pdfs.with_cmap([1, 2] * 20, {1: "\ue123", 2: "中"}))
    assert found.pages[0].text == ""
    assert found.pages[0].note is Note.SUSPECT_LAYER
    assert set(found.notes) == {Note.SUSPECT_LAYER, Note.NO_TEXT}


@pytest.mark.parametrize(
    ("layer", "believed"),
    [
        ("", True),
        ("合同" * 100, True),
        ("\uf0b7 项目\n" * 30, True),
        ("auto\ufffe" * 30, True),
        ("合同" * 100 + "\ufffd", True),
        ("合同" * 50 + "\ufffd" * 4, False),
        ("\x01\x02\x03\x04", False),
    ],
)
def test_honest_bullets_are_told_from_a_wrong_font_map(layer, believed):
    assert pdf.usable(layer) is believed


def test_what_stands_before_a_file_and_after_it_changes_nothing():
    whole = pdfs.written(["采购合同"])
    assert read(b"\r\n" * 40 + whole).text == "采购合同"
    assert read(whole + bytes(1_000)).text == "采购合同"


def test_a_page_label_with_half_a_character_costs_only_the_label():
    content = pdfs.assembled(
        b"<</Type/Catalog/Pages 2 0 R/PageLabels<</Nums[0<</P<FEFFD842>>>]>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Resources<<%b>>>>"
        % pdfs.HELV,
        pdfs.stream(b"BT /F 12 Tf 20 200 Td (KR210) Tj ET"),
    )
    assert [(page.label, page.text) for page in read(content).pages] == [("", "KR210")]


def test_a_page_without_text_is_said_to_have_none():
    found = read(pdfs.written([""]))
    assert (found.text, found.notes) == ("", (Note.NO_TEXT,))


def test_five_thousand_pages_are_read():
    found = read(pdfs.thousands(5000))
    assert len(found.pages) == 5000
    assert found.pages[-1].text == "page 4999"


def test_a_large_file_is_read_through_callbacks_with_the_same_result(sandbox):
    small = pdfs.one_page(pdfs.stream(b"BT /F 12 Tf 20 200 Td (KR210) Tj ET"), resources=pdfs.HELV)
    large = pdfs.one_page(
        pdfs.stream(b"BT /F 12 Tf 20 200 Td (KR210) Tj ET"),
        pdfs.stream(bytes(12_000_000)),
        resources=pdfs.HELV,
    )
    found, same = outcome(sandbox, large), outcome(sandbox, small)
    assert isinstance(found, Extracted)
    assert found == same
    assert found.text == "KR210"


def test_a_password_is_named_as_the_reason():
    assert reason(pdfs.written(["x"], password="secret")) is Reason.PASSWORD


def test_an_owner_password_alone_locks_nothing():
    content = pdfs.written(["可读"], owner="owner")
    assert read(content).text == "可读"


def test_truncated_files_are_damaged_wherever_they_end():
    whole = pdfs.written(["库卡机器人\n" * 30] * 20)
    for end in range(0, len(whole) - 40, 997):
        assert reason(whole[:end]) is Reason.DAMAGED


def test_a_rotten_file_is_damaged_or_what_is_left_of_it(sandbox):
    whole = pdfs.written(["库卡机器人合同" * 5] * 20)
    for seed in range(25):
        answer = outcome(sandbox, pdfs.rotten(whole, seed))
        assert isinstance(answer, Extracted) or answer.reason is Reason.DAMAGED


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7", b"MZ" + bytes(500), b"startxref", b"%PDF-1.7\nstartxref\n0\n%%EOF"],
)
def test_what_is_no_pdf_is_damaged(content):
    assert reason(content) is Reason.DAMAGED


def test_a_loop_of_pages_ends(sandbox):
    assert isinstance(outcome(sandbox, pdfs.page_loop()), Failed)


@pytest.mark.parametrize("bomb", [pdfs.flate_bomb, pdfs.form_bomb])
def test_a_bomb_costs_its_file_and_no_other(bomb):
    tight = replace(PDF, limits=replace(PDF.limits, memory=300 << 20))
    with Sandbox(1, readers={"application/pdf": tight}) as sandbox:
        answer = outcome(sandbox, bomb())
        assert isinstance(answer, Failed)
        assert answer.reason in (Reason.KILLED, Reason.TOO_COMPLEX)
        assert outcome(sandbox, pdfs.written(["下一个"])).text == "下一个"
