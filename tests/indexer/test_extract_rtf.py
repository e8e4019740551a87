"""All the text of an RTF in any codepage, and crafted ones refused within limits."""

import io

import pytest

from indexer.extract import rtf
from indexer.extract.result import Extracted, Failed, Note, Reason
from service import media
from tests.indexer.refusals import reason_of

FONTS = r"{\fonttbl{\f0\fnil\fcharset0 Arial;}{\f1\fnil\fcharset134 \'cb\'ce\'cc\'e5;}}"


def hexed(text, codec="gbk"):
    return "".join(f"\\'{byte:02x}" for byte in text.encode(codec))


def made(body, *, codepage=936):
    return f"{{\\rtf1\\ansi\\ansicpg{codepage}\\deff0{FONTS}{body}}}".encode("latin-1")


def text(body, **options):
    return rtf.read(io.BytesIO(made(body, **options))).text


def reason(content):
    return reason_of(rtf.read, content)


def test_bytes_of_the_codepage_are_read_also_split_over_lines_groups_and_raw():
    lead, trail = "\\'ba", "\\'cf"
    assert text(f"{hexed('采购')}{lead}\r\n{trail}{{\\b {hexed('同')}}}\\par") == "采购合同\n"
    content = made("").replace(b"}}}", b"}}" + "采购合同".encode("gbk") + rb"\par}")
    assert rtf.read(io.BytesIO(content)).text == "采购合同\n"


@pytest.mark.parametrize(
    ("codepage", "codec", "words"),
    [
        (936, "gbk", "库卡"),
        (950, "cp950", "採購合約"),
        (932, "cp932", "日本語"),
        (949, "cp949", "한국"),
        (1252, "cp1252", "Größe"),
        (1251, "cp1251", "Договор"),
        (65001, "utf-8", "库卡"),
    ],
)
def test_each_codepage_is_read(codepage, codec, words):
    assert text(hexed(words, codec), codepage=codepage) == words


def test_a_codepage_of_old_is_read_by_its_name():
    found = rtf.read(io.BytesIO(rb"{\rtf1\mac Gr\'9a\'a7e}"))
    assert found.text == "Größe"


def test_the_charset_of_a_font_goes_before_the_codepage():
    body = f"Gr\\'f6\\'dfe {{\\f1 {hexed('库卡')}}}\\f1 {hexed('机')}\\plain \\'fc\\par"
    assert text(body, codepage=1252) == "Größe 库卡机ü\n"


def test_unicode_escapes_are_read_once_with_whatever_stands_in_for_them():
    assert text(r"\uc1\u24211?\u21345\'3f\uc2\u26426" + hexed("机") + r"\uc0\u-27066 X") == (
        "库卡机陆X"
    )
    assert text(r"{\uc1\u-10174?\u-8265?}\u24211 ?") == "𠮷库"
    assert text(r"{\u24211}X") == "库X"


def test_paragraphs_tabs_breaks_and_signs_are_kept():
    assert text(r"a\tab b\line c\par d\~e\_f\-g\\\{\}\emdash\ldblquote x\rdblquote\par") == (
        "a\tb\nc\nd\xa0e-fg\\{}—“x”\n"
    )


def test_tables_are_read_row_by_row_with_a_tab_between_cells():
    row = r"\trowd\cellx1\cellx2\pard\intbl a\par b\cell c{\footnote n}\cell\row"
    assert text(row + r"\trowd\pard\intbl \cell d\cell\row\pard e\par") == "a b\tcn\n\td\ne\n"


def test_notes_comments_and_boxes_follow_their_paragraph_and_headers_come_last_once():
    body = (
        r"{\header h\par}{\headerf h\par}{\footer f\par}"
        r"a{\footnote\pard\plain note\par}{\*\atnid i}{\*\annotation comment}"
        r"{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt box\par}}}b\par c\par"
    )
    assert text(body) == "ab\nnote\ncomment\nbox\nc\nh\nf\n"


def test_a_footnote_that_libreoffice_marks_with_a_star_is_read():
    body = r"a{\super\chftn{\*\footnote \chftn\pard\plain note}} b\par"
    assert text(body) == "a b\nnote\n"


def test_what_is_not_shown_is_not_read():
    body = (
        r"{\colortbl;\red0;}{\stylesheet{\s0 Normal;}}{\info{\title T}}{\*\generator G;}"
        r"{\*\unknown U{\b V}}a{\v hidden}\v H\v0 {\deleted gone}"
        r"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}{\pict\wmetafile8 0102ff}"
        r"{\object{\*\objdata 0105}{\result r}}{\upr{ansi}{\*\ud{uni}}}{\*\bkmkstart m}b"
    )
    assert text(body) == "alinkrunib"


def test_binary_data_is_passed_over_whatever_it_holds():
    inside = "}{\\par x}" * 60_000
    assert text(f"a{{\\pict\\bin{len(inside)} {inside}}}b") == "ab"
    assert text(r"a{\pict\bin2000000000 }b") == "a"


def test_what_follows_the_end_is_not_read_and_an_end_that_is_missing_is_said():
    found = rtf.read(io.BytesIO(made(r"a\par") + b"rest}"))
    assert (found.text, found.notes) == ("a\n", ())
    found = rtf.read(io.BytesIO(made(r"a\par{\b b")[:-1]))
    assert (found.text, found.notes) == ("a\nb", (Note.DAMAGED_PAGE,))


def test_bytes_that_are_no_characters_are_said():
    found = rtf.read(io.BytesIO(made(r"a\'ff\par")))
    assert (found.text, found.notes) == ("a\ufffd\n", (Note.BROKEN_CHARACTERS,))


def test_a_long_text_keeps_its_order_wherever_it_is_cut():
    lines = [f"第{number}条甲方付款" for number in range(8_000)]
    body = "".join(f"{hexed(line)}\\par\r\n" for line in lines)
    assert text(body).splitlines() == lines


def test_a_file_of_another_kind_and_great_depth_are_refused():
    assert reason(b"") is Reason.DAMAGED
    assert reason(b"{\\html}") is Reason.DAMAGED
    assert reason(b"{\\rtf1" + b"{" * 100_000) is Reason.TOO_COMPLEX


def test_a_file_that_shows_nothing_says_so():
    assert rtf.read(io.BytesIO(made(r"{\pict 00}"))).notes == (Note.NO_TEXT,)


def slowly(*pieces):
    return [pytest.param(piece, marks=pytest.mark.slow) for piece in pieces]


@pytest.mark.parametrize(
    "piece", ["{\\footnote a}", "\\u1", *slowly("\\cell", "\\f9{}", "\\'", "\\bin1")]
)
def test_files_made_to_cost_time_end_with_a_reason_and_the_next_is_read(hasty, piece):
    content = made(piece * (400_000 // len(piece)))
    found = hasty.extract("text/rtf", io.BytesIO(content), len(content))
    assert isinstance(found, Extracted) or found == Failed(Reason.TOO_COMPLEX, "cpu")
    after = made(hexed("下一份"))
    found = hasty.extract("text/rtf", io.BytesIO(after), len(after))
    assert isinstance(found, Extracted)
    assert found.text == "下一份"


def test_a_file_goes_through_the_sandbox_whatever_its_name(sandbox):
    content = made(hexed("合同") + r"\par")
    kind = media.sniff(io.BytesIO(content), len(content), "合同.doc")
    found = sandbox.extract(kind, io.BytesIO(content), len(content))
    assert isinstance(found, Extracted)
    assert found == rtf.read(io.BytesIO(content))
