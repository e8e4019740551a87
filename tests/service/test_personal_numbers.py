"""Personal numbers are found however they are written, and leave the text whole."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

from service import masking
from service.personal_numbers import BREAK, Kind, PersonalNumber, broken, find, token
from service.search import analysis

KEY = bytes(range(32))


def resident_id(first: str) -> str:
    return first + ric.calc_check_digit(f"{first}0")


def card(first: str) -> str:
    return first + luhn.calc_check_digit(first)


RID = resident_id("11010119900307123")
RID_X = next(r for n in range(1000) if (r := resident_id(f"44030619851230{n:03}")).endswith("X"))
CARD19 = card("622202123456789012")
CARD16 = card("622588012345678")
TEL = "13800001111"
WIDE = str.maketrans("0123456789X+-", "０１２３４５６７８９Ｘ＋－")


def blind(kind: str, normal: str) -> str:
    return token(KEY, kind, normal)


def kinds(text: str) -> list[tuple[Kind, str]]:
    return [(number.kind, number.normal) for number in find(text)]


@pytest.mark.parametrize(
    "written",
    [
        TEL,
        "138 0000 1111",
        "138-0000-1111",
        "138.0000.1111",
        "138 000 01111",
        "1380 000 1111",
        f"+86{TEL}",
        f"+86 {TEL}",
        f"+86-{TEL}",
        f"0086{TEL}",
        f"86{TEL}",
        f"0{TEL}",
        TEL.translate(WIDE),
        f"+86-{TEL}".translate(WIDE),
        "138\u00a00000\u30001111",
        "138\u20110000–1111",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "电话：{}。", "（{}）", "tel{}转801", "a {} b", "1, {}, 2"]
)
def test_mobile_numbers_are_found_however_they_are_written(written, around):
    text = around.format(written)
    (number,) = find(text)
    assert (number.kind, number.normal) == (Kind.MOBILE, f"+86{TEL}")
    assert text[number.start : number.end] == written


@pytest.mark.parametrize("number", [RID, RID_X, resident_id("99999919900307123")])
def test_resident_ids_are_found_even_of_unknown_regions(number):
    for written in (
        number,
        number.lower(),
        number.translate(WIDE),
        f"{number[:6]} {number[6:14]} {number[14:]}",
        f"{number[:6]}-{number[6:14]}-{number[14:]}",
        f"{number[:6]} {number[6:10]} {number[10:14]} {number[14:]}",
    ):
        assert kinds(f"身份证{written}，") == [(Kind.RESIDENT_ID, number)]


@pytest.mark.parametrize(
    "number", [CARD16, card("62220212345678901"), CARD19, card("400000123456789")]
)
def test_bank_cards_are_found(number):
    spaced = re.sub(r"(\d{4})(?=\d)", r"\1 ", number)
    for written in (number, spaced, spaced.replace(" ", "-"), number.translate(WIDE)):
        assert kinds(f"卡号：{written}") == [(Kind.CARD, number)]


def test_a_card_is_found_before_another_number():
    assert kinds(f"{CARD16} 12") == [(Kind.CARD, CARD16)]
    assert kinds(f"{CARD16} {TEL}") == [(Kind.CARD, CARD16), (Kind.MOBILE, f"+86{TEL}")]


@pytest.mark.parametrize(
    "text",
    [
        "1380000111",
        "138000011112",
        "12800001111",
        "9" + TEL,
        RID[:-1] + str((int(RID[-1]) + 1) % 10),
        resident_id("11010119901307123"),
        resident_id("11010112900307123"),
        CARD19[:-1] + str((int(CARD19[-1]) + 1) % 10),
        card("112233445566778"),
        "91440300MA5DA1BC2X",
        "0755-86123456",
        "HT20210305001",
        "2021-03-05 10:30",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14",
        "",
    ],
)
def test_other_numbers_are_left_alone(text):
    assert find(text) == []


def test_a_company_s_credit_code_is_not_personal():
    assert find("统一社会信用代码 91440300192203821X") == []


OLD = "110101900307123"
OLD_NOW = resident_id("11010119900307123")


@pytest.mark.parametrize(
    ("written", "kind", "normal"),
    [
        (f"138{end}00001111", Kind.MOBILE, f"+86{TEL}")
        for end in ("\n", "\r\n", " \n    ", "\u2028", "-\n")
    ]
    + [
        (f"{TEL[:6]}{hidden}{TEL[6:]}", Kind.MOBILE, f"+86{TEL}")
        for hidden in "\u00ad\u200b\u200c\u200d\u200e\u2060\ufeff"
    ]
    + [
        ("\u200b".join(TEL), Kind.MOBILE, f"+86{TEL}"),
        ("138\u200b 0000\u200b 1111", Kind.MOBILE, f"+86{TEL}"),
        ("1380000\n11\u200b11", Kind.MOBILE, f"+86{TEL}"),
        ("138  0000   1111", Kind.MOBILE, f"+86{TEL}"),
        ("138 - 0000 - 1111", Kind.MOBILE, f"+86{TEL}"),
        ("138/0000/1111", Kind.MOBILE, f"+86{TEL}"),
        ("1380／000／1111", Kind.MOBILE, f"+86{TEL}"),
        (f"{RID[:8]}\n{RID[8:]}", Kind.RESIDENT_ID, RID),
        (f"{RID[:6]}\n{RID[6:12]}\n{RID[12:]}", Kind.RESIDENT_ID, RID),
        (f"{RID_X[:17]}\n{RID_X[17:]}", Kind.RESIDENT_ID, RID_X),
        (f"{RID[:6]}  {RID[6:14]}/{RID[14:]}", Kind.RESIDENT_ID, RID),
        ("\u00ad".join(RID), Kind.RESIDENT_ID, RID),
        (f"{CARD19[:9]}\n{CARD19[9:]}", Kind.CARD, CARD19),
        (re.sub(r"(\d{4})(?=\d)", r"\1  ", CARD16), Kind.CARD, CARD16),
        (re.sub(r"(\d{4})(?=\d)", r"\1/", CARD19), Kind.CARD, CARD19),
        (re.sub(r"(\d{4})(?=\d)", "\\1\u200b", CARD19), Kind.CARD, CARD19),
        (OLD, Kind.RESIDENT_ID, OLD_NOW),
        (OLD.translate(WIDE), Kind.RESIDENT_ID, OLD_NOW),
        ("110101 900307 123", Kind.RESIDENT_ID, OLD_NOW),
        ("110101-900307-123", Kind.RESIDENT_ID, OLD_NOW),
        ("11010190\n0307123", Kind.RESIDENT_ID, OLD_NOW),
        # a county that there is no more
        ("310103500101001", Kind.RESIDENT_ID, resident_id("31010319500101001")),
    ],
)
@pytest.mark.parametrize("around", ["{}", "号码：{}，", "号码 {} 张三\n2021"])
def test_numbers_are_found_however_a_machine_breaks_them(written, kind, normal, around):
    text = around.format(written)
    (number,) = find(text)
    assert (number.kind, number.normal) == (kind, normal)
    assert text[number.start : number.end] == written


def test_an_old_resident_id_is_the_number_its_person_has_today():
    assert blind(*kinds(OLD)[0]) == blind(*kinds(OLD_NOW)[0])
    assert masking.text(OLD) == masking.text(OLD_NOW)


@pytest.mark.parametrize(
    "text",
    [
        # no region, no such month, no such day, a digit too many
        "990101900307123",
        "110101901307123",
        "110101900230123",
        "1101019003071234",
        "SN2021030500123 4",
        # dates, amounts, cells and lists
        "2021/03/05 2021/03/06",
        "2021/03/05/13",
        "2021-03-05\n2021-03-06",
        "付款1500000/2023",
        "1380000  1111",
        "合同金额1380000\n1111年",
        "单价 1380000\n1111元",
        "1\t张三\t1380000\n1111\t李四",
        "0755/86123456\n0755/86123457",
        "1. 13800\n2. 001111",
        # columns
        "1380000\n1111\n2222\n",
        "数量\n138\n00001111\n15\n合计",
        "62258801\n23456781\n62258802\n",
        "138\n\n00001111",
    ],
)
def test_other_numbers_do_not_become_one(text):
    assert find(text) == []


@pytest.mark.parametrize("between", ["\n", "\r\n", "\u200b", "/", "  ", "\n\n"])
def test_two_numbers_are_not_made_one(between):
    listed = [TEL, "13900002222", RID, CARD16, OLD, RID_X, CARD19, "13700003333"]
    found = find(between.join(listed))
    assert [number.normal for number in found] == [
        *(f"+86{TEL}", "+8613900002222", RID, CARD16, OLD_NOW, RID_X, CARD19),
        "+8613700003333",
    ]


def test_a_landline_and_a_mobile_side_by_side_are_no_card():
    landline = next(n for n in range(61234567, 61234667) if luhn.is_valid(f"{n}{TEL}"))
    for between in (" ", "  ", "\n"):
        assert kinds(f"{landline}{between}{TEL}") == [(Kind.MOBILE, f"+86{TEL}")]


def test_a_resident_id_broken_in_a_column_is_found():
    lines = "\n".join(f"{number[:12]}\n{number[12:]}" for number in (RID, RID_X, RID))
    assert [normal for _, normal in kinds(lines)] == [RID, RID_X, RID]


@pytest.mark.parametrize(
    "piece", ["1", "13", "1 ", "6222 ", "1380\n", "1\u200b", "1  \n ", "138 000\n", "110101 19"]
)
def test_hostile_texts_take_no_longer_than_their_length_says(piece):
    def took(times: int) -> float:
        text = piece * times
        began = process_time()
        find(text)
        return process_time() - began

    size = 40_000 // len(piece)
    assert took(8 * size) < 40 * max(took(size), 0.005)


def test_numbers_next_to_each_other_are_each_found():
    text = f"{TEL} {RID}；{CARD19},139 0000 2222"
    assert [kind for kind, _ in kinds(text)] == [
        Kind.MOBILE,
        Kind.RESIDENT_ID,
        Kind.CARD,
        Kind.MOBILE,
    ]


def test_a_broken_text_has_breaks_for_numbers_and_tokens_once():
    text, tokens = broken(f"张三{TEL}，李四 138 0000 1111，{RID}。", blind)
    assert text == f"张三{BREAK}，李四 {BREAK}，{BREAK}。"
    assert tokens == [blind("tel", f"+86{TEL}"), blind("rid", RID)]


def test_no_digit_of_a_number_reaches_the_index():
    text, _ = broken(f"tel{TEL}转801，证{RID_X}，卡{CARD19}", blind)
    assert analysis.tokens(text) == ["tel", BREAK, "转", "801", "证", BREAK, "卡", BREAK]
    assert analysis.codes(text) == ()


def test_a_blind_token_is_its_type_and_half_an_hmac():
    assert token(KEY, "tel", f"+86{TEL}") == "tel:eb6b90aa2f434c29446a583e48ca7f72"


def test_the_same_number_under_another_key_is_another_token():
    assert token(KEY, "tel", TEL) != token(KEY[::-1], "tel", TEL)


@given(st.text(st.sampled_from("0123456789１３８Xx+＋-－ .6合a/\n\u200b"), max_size=80))
def test_found_numbers_stand_in_order_and_do_not_overlap(text):
    end = 0
    for number in find(text):
        assert end <= number.start < number.end <= len(text)
        end = number.end
        assert find(text[number.start : number.end]) == [
            PersonalNumber(number.kind, 0, number.end - number.start, number.normal)
        ]


@given(st.text(st.sampled_from("0123456789Xx+- .合a"), max_size=60), st.integers(0, 59))
def test_a_number_is_masked_wherever_it_stands(text, place):
    place = min(place, len(text))
    whole = f"{text[:place]}合{TEL}合{text[place:]}"
    assert TEL not in masking.text(whole)
    assert "138****1111" in masking.text(whole)


def test_masks_show_what_the_rules_allow():
    assert masking.mobile("+8613800001111") == "138****1111"
    assert masking.resident_id("44030619851230123X") == "4****************X"
    assert masking.card("6222021234567893021") == "**** **** **** 3021"
    assert masking.text(f"电话{TEL}。") == "电话138****1111。"
    assert masking.text("没有号码") == "没有号码"
