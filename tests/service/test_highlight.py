"""What was found is marked in the original text, and nothing else is, and no number is shown."""

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.search import analysis, highlight, patterns
from service.search.highlight import Segment, marks, segments, snippets
from service.search.query import AtLeast, Node, Phrase, parse

TEL, OTHER = "13800001111", "13900002222"
RID = "110101199003071233"


def blind(kind: str, number: str) -> str:
    return f"{kind}:{number}"


def node(typed: str) -> Node | None:
    return parse(typed, blind).node


def marked(text: str, typed: str) -> list[str]:
    return [text[start:end] for start, end in marks(text, node(typed))]


def told(shown: tuple[Segment, ...]) -> str:
    return "".join(f"[{s.text}]" if s.hit else s.text for s in shown)


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("库卡机器人", "机器", ["机器"]),
        ("庫卡機器人", "库卡机器人", ["庫卡機器人"]),
        ("库卡机器人", "機器", ["机器"]),
        ("采购合同和合同附件", "合同", ["合同", "合同"]),
        ("采购合 同\n附件", "合同附件", ["合 同\n附件"]),
        ("合，同", "合同", ["合，同"]),
        ("合同，付款", "合同 付款", ["合同", "付款"]),
        ("ＫＵＫＡ kuka Kuka KUKAS", "kuka", ["ＫＵＫＡ", "kuka", "Kuka"]),
        ("KR210 KR-210 KR 210 KR2100", "KR210", ["KR210", "KR-210", "KR 210"]),
        ("KR210 KR-215 KR3 2KR215", "KR21*", ["KR210", "KR-215"]),
        ("robot Roboter rob bot", "rob*", ["robot", "Roboter", "rob"]),
        ("20210305 2021", "2021*", ["20210305", "2021"]),
        ("１２３", "123", ["１２３"]),
        ("conﬁg", "config", ["conﬁg"]),
        ("étude e\u0301tude etude", "étude", ["étude"]),
        ("étude e\u0301tude etude", "etude", ["etude"]),
        ("合同 草稿", "合同 -草稿", ["合同"]),
        ("甲方乙方", "甲方 OR 乙方", ["甲方", "乙方"]),
        ("合同合同", "合同合同 合同", ["合同合同"]),
        ("甲\ue000乙", "甲乙", []),
        ("文字", "", []),
        ("文字", "***", []),
        ("", "合同", []),
        ("更新", "更新", ["更新"]),
        ("a" * 130, "a" * 130, ["a" * 130]),
    ],
)
def test_what_was_asked_for_is_marked_as_it_is_written(text, typed, expected):
    assert marked(text, typed) == expected


def test_a_number_is_marked_where_it_stands_and_masked():
    text = f"电话138 0000 1111，或{OTHER}"
    assert marked(text, TEL) == ["138 0000 1111"]
    assert told(segments(text, node(TEL))) == "电话[138****1111]，或139****2222"


@pytest.mark.parametrize(
    "typed", ["138", "1111", "0000", "138 0000", "13*", "1380000*", "“138 0000”"]
)
def test_a_part_of_a_personal_number_is_never_marked(typed):
    assert marked("电话138 0000 1111。", typed) == []
    assert marked(f"电话{TEL}。", typed) == []


def test_titles_show_no_personal_number():
    title = f"张三{TEL}身份证{RID}合同"
    shown = told(segments(title, node("合同")))
    assert shown == "张三138****1111身份证1****************3[合同]"
    assert told(segments("合同", None)) == "合同"


def test_a_snippet_shows_a_line_around_the_hit_and_its_page():
    text = "甲" * 300 + "\n" + "乙" * 100 + "付款方式" + "丙" * 300
    found = snippets([(0, text)], [0, 301], node("付款方式"))
    (snippet,) = found.snippets
    assert snippet.page == 2
    assert told(snippet.segments) == f"…{'乙' * 24}[付款方式]{'丙' * 68}…"
    assert found.pages == ((2, 1),)


def test_pages_say_how_many_hits_they_have():
    parts = [(0, "合同\n合同合同\n"), (9, "没有\n合同")]
    found = snippets(parts, [0, 3, 8, 12], node("合同"))
    assert found.pages == ((1, 1), (2, 2), (4, 1))


def test_a_phrase_is_found_across_pages_and_parts():
    found = snippets([(0, "甲方合"), (3, "\n同乙方")], [0, 4], node("合同"))
    assert found.pages == ((1, 1),)
    assert told(found.snippets[0].segments) == "甲方[合 同]乙方"


def test_a_hit_at_the_end_of_a_part_is_counted_once():
    found = snippets([(0, "甲方合同"), (4, "乙方")], [0], node("合同"))
    assert found.pages == ((1, 1),)


def test_parts_that_do_not_follow_each_other_are_not_joined():
    found = snippets([(0, "甲方合"), (100, "同乙方")], [0], node("合同"))
    assert found == highlight.Snippets((), ())


def test_no_more_than_three_parts_are_read():
    read: list[int] = []

    def parts():
        for number in range(10):
            read.append(number)
            yield number * 10, "没有没有没有没有没有"

    assert snippets(parts(), [0], node("合同")).snippets == ()
    assert read == [0, 1, 2]


def test_lines_with_more_of_what_was_asked_come_first_and_stand_in_order():
    far = "。" * 200
    text = f"合同{far}合同{far}合同付款{far}合同{far}付款，合同"
    found = snippets([(0, text)], [0], node("合同 付款"))
    assert [told(s.segments).strip("…。") for s in found.snippets] == [
        "[合同]",
        "[合同付款]",
        "[付款]，[合同]",
    ]


def test_personal_numbers_near_a_hit_are_masked_even_at_the_edge_of_a_snippet():
    for gap in range(90):
        for text in (f"合同{'字' * gap}{TEL}尾", f"头{RID}{'字' * gap}合同"):
            (snippet,) = snippets([(0, text)], [0], node("合同")).snippets
            shown = told(snippet.segments)
            assert not any(TEL[n : n + 5] in shown for n in range(len(TEL) - 4))
            assert not any(RID[n : n + 3] in shown for n in range(len(RID) - 2))


def test_a_number_asked_for_is_shown_masked_in_its_snippet():
    found = snippets([(0, f"联系人王伟，电话{TEL}")], [0], node(f"{TEL} 联系人"))
    assert told(found.snippets[0].segments) == "[联系人]王伟，电话[138****1111]"


def test_breaks_of_lines_and_control_characters_become_blanks():
    found = snippets([(0, "甲\r\n\t合同\x00\x1b乙")], [0], node("合同"))
    assert told(found.snippets[0].segments) == "甲 [合同] 乙"


def test_some_of_many_words_are_marked_like_all_of_them():
    some = AtLeast(1, (Phrase(("合", "同")), Phrase(("付", "款"))))
    assert marks("付款合同", some) == [(0, 2), (2, 4)]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.text(st.sampled_from("合同維维Kkｋ2２1 -，\n"), max_size=40),
    st.text(st.sampled_from("合同維维Kkｋ2２1"), min_size=1, max_size=4),
)
def test_a_text_has_a_mark_exactly_when_its_tokens_hold_the_phrase(text, typed):
    wanted = analysis.tokens(typed)
    have = analysis.tokens(text)
    found = any(have[n : n + len(wanted)] == wanted for n in range(len(have)))
    spans = marks(text, Phrase(tuple(wanted)))
    assert bool(spans) == found
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=60), st.text(max_size=20))
def test_segments_lose_nothing_but_blanks_and_numbers(text, typed):
    shown = segments(text, node(typed))
    if not any(character.isdecimal() for character in text):
        assert highlight._BLANK.sub(" ", text) == "".join(s.text for s in shown)
    assert all(segment.text for segment in shown)


def test_a_page_of_long_documents_with_many_hits_reads_only_what_it_needs():
    chance = random.Random(5)
    text = "".join(
        chance.choice(("合同", "付款", "甲方乙方，", "13800001111。")) for _ in range(20_000)
    )
    read: list[int] = []

    def parts():
        for start in range(0, len(text), 20_000):
            read.append(start)
            yield start, text[start : start + 20_000]

    found = snippets(parts(), list(range(0, len(text), 900)), node("合同"))
    assert read == [0]
    assert len(found.snippets) == 3


@pytest.mark.parametrize(
    ("quick", "said"),
    [
        (patterns._LETTER, analysis.LETTER),
        (patterns._SEPARATOR, analysis.SEPARATOR),
        (patterns._WORD, rf"[^\W_{analysis.HAN}]"),
    ],
)
def test_the_classes_that_compile_quickly_hold_the_same_characters(quick: str, said: str) -> None:
    one, other = re.compile(quick), re.compile(said)
    characters = [chr(code) for code in range(0x32000)]
    assert [c for c in characters if one.fullmatch(c)] == list(filter(other.fullmatch, characters))
