"""Text of any charset is read right, or not at all."""

import io
import random

import pytest

from indexer.extract import plain
from indexer.extract.result import Note, Reason, Unreadable
from tests.indexer.refusals import reason_of

SIMPLIFIED = "甲方应于设备验收合格后三十日内支付合同总价的百分之三十，逾期按日计收违约金。\n"
TRADITIONAL = "貴公司應於設備驗收合格後三十日內支付合約總價，逾期按日計收違約金；保固期一年。\n"
WESTERN = "Größe der Anlage: Prüfung der Schweißzange, geändert für Ausführung B.\n"


def read(content):
    return plain.read(io.BytesIO(content))


def read_or_reason(content):
    try:
        return read(content).text
    except Unreadable as refusal:
        return refusal.reason


def reason(content):
    return reason_of(plain.read, content)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (SIMPLIFIED, "utf-8"),
        (SIMPLIFIED, "utf-8-sig"),
        (SIMPLIFIED, "utf-16"),
        (SIMPLIFIED, "utf-16-le"),
        (SIMPLIFIED, "utf-16-be"),
        (SIMPLIFIED, "utf-32"),
        (SIMPLIFIED, "gb18030"),
        (SIMPLIFIED + "㐀𠮷镕\n", "gb18030"),
        (TRADITIONAL, "gb18030"),
        (TRADITIONAL, "big5"),
        (TRADITIONAL * 500, "big5"),
        (SIMPLIFIED * 5_000, "gb18030"),
        ("设备清单", "gb18030"),
        ("設備清單", "big5"),
        ("付款方式：30 天", "gb18030"),
        ("Robot cell KR210, contact 张三 for details.\n", "gb18030"),
        ("contract no. 2025-01\n" * 5_000 + SIMPLIFIED, "gb18030"),
        ("contract no. 2025-01\n" * 50_000 + TRADITIONAL, "big5"),
        ("Robot 机器人 cell 单元\n", "utf-16-le"),
        (WESTERN, "cp1252"),
        ("産業用ロボットの保守契約について、ご確認をお願いいたします。\n", "cp932"),
        ("plain ASCII\n", "ascii"),
        ("", "ascii"),
    ],
)
def test_the_charset_is_found(text, charset):
    found = read(text.encode(charset))
    assert found.text == text
    assert len(found.pages) == 1


@pytest.mark.parametrize("seed", range(40))
def test_a_few_words_of_chinese_are_right_or_refused_but_never_other_chinese(seed):
    chance = random.Random(seed)
    for text, charset in ((SIMPLIFIED, "gb18030"), (TRADITIONAL, "big5")):
        start = chance.randrange(len(text) - 12)
        piece = text[start : start + chance.randrange(4, 12)]
        assert read_or_reason(piece.encode(charset)) in (piece, Reason.UNKNOWN_CHARSET)


@pytest.mark.parametrize("seed", range(20))
def test_bytes_without_sense_are_no_text(seed):
    content = random.Random(seed).randbytes(4_000)
    assert reason(content) in (Reason.UNSUPPORTED, Reason.UNKNOWN_CHARSET)
    assert reason(content.replace(b"\0", b"\1")) in (Reason.UNSUPPORTED, Reason.UNKNOWN_CHARSET)


def test_controls_make_a_file_binary():
    assert reason(b"\1\2\3\4" * 100) is Reason.UNSUPPORTED
    assert reason(b"abc\0def" * 100) is Reason.UNSUPPORTED
    assert read(b"\x1b[31mred\x1b[0m\n").pages[0].text == "[31mred[0m\n"


def test_one_broken_character_in_a_long_text_is_said_and_the_rest_is_kept():
    whole = (SIMPLIFIED * 20).encode()
    found = read(whole[:-2])
    assert found.text.startswith(SIMPLIFIED)
    assert found.notes == (Note.BROKEN_CHARACTERS,)
    whole = (SIMPLIFIED * 20).encode("gb18030")
    assert read(whole[:1001] + b"\xff" + whole[1001:]).notes == (Note.BROKEN_CHARACTERS,)


@pytest.mark.parametrize("text", [SIMPLIFIED, "设备清单：焊接机器人"])
def test_utf_8_whose_last_character_is_cut_off_is_read_up_to_it(text):
    whole = text.strip().encode()
    for missing in (1, 2):
        found = read(whole[:-missing])
        assert found.text == text.strip()[:-1] + "\ufffd"
        assert found.notes == (Note.BROKEN_CHARACTERS,)


def test_utf_16_whose_last_character_is_cut_off_is_read_up_to_it():
    for charset in ("utf-16", "utf-16-le", "utf-16-be"):
        found = read((SIMPLIFIED * 3).encode(charset)[:-1])
        assert found.text == (SIMPLIFIED * 3)[:-1] + "\ufffd"


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "big5"])
def test_a_zero_here_and_there_makes_no_text_binary(charset):
    text = TRADITIONAL if charset == "big5" else SIMPLIFIED
    whole = (text * 9).encode(charset)
    assert read(whole + b"\0").text == text * 9
    assert read(b"log\r\n\0\0" + whole.replace(b"\n", b"\r\n")).text == "log\n" + text * 9


def test_line_ends_become_one_kind():
    assert read(b"a\r\nb\rc\nd\r").text == "a\nb\nc\nd\n"
    across = b"x" * (256 * 1024 - 1) + b"\r\ny"
    assert read(across).text.count("\n") == 1


def test_more_than_five_million_characters_are_counted_and_said():
    found = read(("库" * 999 + "\n").encode("gb18030") * 5_100)
    assert len(found.text) == 5_000_000
    assert (found.truncated, found.notes) == (100_000, (Note.TRUNCATED,))


def test_nothing_but_blanks_is_no_text():
    assert read(b" \r\n \t").notes == (Note.NO_TEXT,)
