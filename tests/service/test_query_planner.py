"""A query is asked in the words people meant, and a long question is tried in pieces."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from service.search.planner import plan
from service.search.query import (
    And,
    AtLeast,
    BlindToken,
    Code,
    CodePrefix,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    leaves,
    parse,
)

LONG = "库卡焊接机器人维护保养合同付款方式"


def blind(kind: str, number: str) -> str:
    return f"{kind}:{number}"


def phrase(text: str) -> Phrase:
    return Phrase(tuple(text.split()) if " " in text else tuple(text))


def test_nothing_typed_has_no_step():
    assert plan("  ", blind).steps == ()


def test_a_short_query_has_one_step():
    for typed in ("合同", "付款 方式", "焊接机器人", "-草稿", "13800001111", "***", "KR210*"):
        assert len(plan(typed, blind).steps) == 1


def test_a_brand_is_asked_for_in_both_its_names():
    either = Or((phrase("库卡"), Phrase(("kuka",))))
    assert plan("库卡", blind).steps == (either,)
    assert plan("KUKA", blind).steps == (Or((Phrase(("kuka",)), phrase("库卡"))),)
    inside = Or((phrase("库卡机器人"), Phrase(("kuka", "机", "器", "人"))))
    assert plan("庫卡機器人", blind).steps == (inside,)


def test_what_is_quoted_or_not_wanted_means_itself():
    assert plan("“库卡”", blind).steps == (phrase("库卡"),)
    assert plan("合同 -库卡", blind).steps == (And((phrase("合同"), Not(phrase("库卡")))),)


def test_a_long_question_is_asked_whole_then_in_all_its_words_then_in_most():
    whole, every, most = plan("焊接机器人维护保养合同付款方式", blind).steps
    assert whole == phrase("焊接机器人维护保养合同付款方式")
    words = tuple(phrase(w) for w in "焊接 机器人 维护 保养 合同 付款 方式".split())
    assert every == And(words)
    assert most == AtLeast(5, words)


def test_synonyms_stand_beside_the_words_of_a_long_question_too():
    _, every, _ = plan(LONG, blind).steps
    assert isinstance(every, And)
    assert every.nodes[0] == Or((phrase("库卡"), Phrase(("kuka",))))


def test_only_an_unquoted_run_of_eight_han_is_cut():
    assert len(plan("维护保养合同付", blind).steps) == 1
    assert len(plan("维护保养合同付款", blind).steps) == 3
    assert len(plan("“维护保养合同付款”", blind).steps) == 1
    assert len(plan("-维护保养合同付款", blind).steps) == 1
    assert len(plan("维护 保养 合同 付款", blind).steps) == 1


def test_the_rest_of_the_query_stays_wanted_in_every_step():
    for step in plan("维护保养合同付款 KR210 -草稿 13800001111", blind).steps:
        assert isinstance(step, And)
        assert step.nodes[-1] == BlindToken("tel:+8613800001111")
        assert step.nodes[-2] == Not(phrase("草稿"))
        assert step.nodes[-3] == Or((Phrase(("kr", "210")), Code("KR210")))


def test_the_numbers_in_a_long_question_are_not_cut():
    steps = plan("维护保养合同付款13800001111", blind).steps
    assert all(BlindToken("tel:+8613800001111") in leaves(step) for step in steps)


@settings(derandomize=True, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"库卡发那科安川可编程控制器 合同付款-OR*“”", "PLC ", "KUKA", " OR "])
    )
)
def test_what_engines_must_count_stays_under_their_limit(pieces):
    for typed in ("".join(pieces), "".join(pieces) * 40):
        for step in plan(typed, blind).steps:
            assert sum(map(clauses, leaves(step))) < 1_024


def test_every_step_asks_for_no_more_than_the_one_before():
    for before, after in pairwise(plan(LONG, blind).steps):
        assert before != after
    assert plan(LONG, blind).notes == parse(LONG, blind).notes


def clauses(leaf: Node) -> int:
    """Count as Elasticsearch counts: each token of a phrase in each of three fields."""
    match leaf:
        case Phrase(tokens):
            return 3 * len(tokens)
        case Prefix():
            return 3
        case Code() | CodePrefix() | BlindToken() | Nothing():
            return 1
        case _:
            raise AssertionError(leaf)
