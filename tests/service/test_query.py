"""What people type is read as they mean it, and whatever they type, there is an answer."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.search import analysis, query
from service.search.query import (
    MAX_PHRASE,
    MAX_QUERY,
    And,
    AtLeast,
    BlindToken,
    Code,
    CodePrefix,
    Node,
    Not,
    Note,
    Nothing,
    Or,
    Phrase,
    Prefix,
    leaves,
    parse,
)

MANY = settings(max_examples=200)
GOLDEN = (Path(__file__).parents[1] / "golden" / "queries.txt").read_text("utf-8").splitlines()
CASES = [line.split(" → ") for line in GOLDEN if line and not line.startswith("#")]

TYPED = st.text(
    st.one_of(
        st.sampled_from(
            '合同付款kKＫr21２１ 　\t-－−*＊"“”「」『』＂|｜，、。OROR'
            "\ue000\x00\ud83d()[]{}:/\\~^&+!?<>=%_.'"
        ),
        st.characters(),
    ),
    max_size=120,
)


def blind(kind: str, number: str) -> str:
    return f"{kind}:{number}"


def shown(node: Node | None) -> str:  # noqa: C901, PLR0911 - a line for each kind
    """Write a tree on one line."""
    match node:
        case None:
            return "*"
        case Nothing():
            return "∅"
        case Phrase(tokens):
            return " ".join(tokens)
        case Prefix(token):
            return f"{token}*"
        case Code(code):
            return f"#{code}"
        case CodePrefix(code):
            return f"#{code}*"
        case BlindToken(token):
            return f"@{token}"
        case Not(inner):
            return f"-({shown(inner)})"
        case And(nodes):
            return " & ".join(f"({shown(inner)})" for inner in nodes)
        case Or(nodes):
            return " | ".join(f"({shown(inner)})" for inner in nodes)
        case AtLeast(least, nodes):
            return f"{least} of " + ", ".join(f"({shown(inner)})" for inner in nodes)


@pytest.mark.parametrize(("typed", "asked"), CASES, ids=[typed for typed, _ in CASES])
def test_what_is_typed_is_read_like_this(typed, asked):
    assert shown(parse(typed, blind).node) == asked


@pytest.mark.parametrize("typed", ["", " ", "\t\n", "\u3000"])
def test_nothing_typed_asks_for_everything(typed):
    assert parse(typed, blind) == query.Parsed(None)


@pytest.mark.parametrize(
    "typed", ["*", "*:*", "-", '"', "“”", "。。。", "OR", "\x00", "\ue000", "😀"]
)
def test_signs_without_a_word_ask_for_nothing_and_not_for_everything(typed):
    assert parse(typed, blind) == query.Parsed(Nothing(), (Note.NOTHING,))


@MANY
@given(TYPED)
@example('"' * 5_000)
@example("「" * 5_000 + "a*")
@example("-" * 10_000)
@example("a OR " * 3_000)
@example("合同 " * 5_000)
@example("1" * 20_000)
@example("13800001111 " * 2_000)
@example("a-" * 5_000 + "*")
@example("\ufdfa" * 10_000)
@example("(" * 10_000)
def test_whatever_is_typed_there_is_an_answer_within_limits(typed):
    parsed = parse(typed, blind)
    assert parsed.node is not None or not typed.strip()
    assert depth(parsed.node) <= 6
    count = 0
    for leaf in leaves(parsed.node):
        match leaf:
            case Phrase(tokens):
                assert 0 < len(tokens) <= MAX_PHRASE
                assert all(analysis.tokens(token) == [token] for token in tokens)
                assert analysis.BREAK not in tokens
                count += len(tokens)
            case Prefix(token):
                assert len(token) >= 2
                assert analysis.tokens(token) == [token]
                count += 1
            case Code(code) | CodePrefix(code):
                assert code.isalnum()
    assert count <= MAX_QUERY


@MANY
@given(TYPED)
def test_full_width_means_the_same_as_half_width(typed):
    wide = typed.translate({n: n + 0xFEE0 for n in range(0x21, 0x7F) if chr(n) not in ",;.?!'\""})
    narrow = typed.translate({n + 0xFEE0: n for n in range(0x21, 0x7F) if chr(n) not in ",;.?!'\""})
    assert parse(wide, blind).node == parse(narrow, blind).node


def test_a_phrase_is_cut_at_sixty_four_tokens_and_it_is_said():
    parsed = parse("“" + "合同" * 40 + "”", blind)
    assert parsed.node == Phrase(("合", "同") * 32)
    assert parsed.notes == (Note.PHRASE_CUT,)


def test_a_query_is_cut_at_256_tokens_and_it_is_said():
    parsed = parse("合同 " * 200, blind)
    assert parsed.node == And((Phrase(("合", "同")),) * 128)
    assert parsed.notes == (Note.QUERY_CUT,)


def test_what_stands_beyond_two_thousand_characters_is_not_read_and_it_is_said():
    parsed = parse("合同" + " " * 2_000 + "付款", blind)
    assert parsed == query.Parsed(Phrase(("合", "同")), (Note.QUERY_CUT,))


def test_a_star_after_one_letter_is_left_out_and_it_is_said():
    parsed = parse("a*", blind)
    assert parsed == query.Parsed(Phrase(("a",)), (Note.PREFIX_SHORT,))
    assert parse("合同*", blind).notes == ()
    assert parse("KR2*", blind).notes == ()


def test_a_personal_number_is_asked_for_by_its_token_alone():
    for typed in (
        "13800001111",
        "138 0000 1111",
        "+86 138-0000-1111",
        "１３８００００１１１１",
        "“13800001111”",
    ):
        assert parse(typed, blind).node == BlindToken("tel:+8613800001111")


def test_the_number_itself_is_kept_from_logs_and_comparisons():
    node = parse("13800001111", lambda kind, _: f"{kind}:token").node
    assert node == BlindToken("tel:token")
    assert "13800001111" not in repr(node)


def test_only_wanted_words_are_leaves():
    node = parse("合同 -草稿 a OR b", blind).node
    assert list(leaves(node)) == [Phrase(("合", "同")), Phrase(("a",)), Phrase(("b",))]
    assert list(leaves(None)) == []


def depth(node: Node | None) -> int:
    match node:
        case And(nodes) | Or(nodes) | AtLeast(_, nodes):
            return 1 + max(map(depth, nodes))
        case Not(inner):
            return 1 + depth(inner)
        case _:
            return 1
