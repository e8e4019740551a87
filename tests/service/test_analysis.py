"""Tokens are the same for what is indexed and for what is typed, in this version for ever."""

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.search import analysis

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "analysis.json").read_text("utf-8"))

#: Everything that cutting into chunks could get wrong.
AWKWARD = st.text(
    st.one_of(
        st.sampled_from(
            "合同維護々〇𠮷ａＡ１kKſΣσςİ\u0301\u3099ﾞ\uff9eｶﾞﬁ㎡①Ⅳ½ \n\u3000\u00a0-_/.，\ue000\ud800"
        ),
        st.characters(),
    ),
    max_size=200,
)


def test_the_analyser_is_the_one_that_indexes_were_built_with():
    assert analysis.analyzer() == GOLDEN["analyzer"]


@pytest.mark.parametrize("case", GOLDEN["texts"], ids=lambda case: case["text"][:20])
def test_texts_give_these_tokens_and_codes(case):
    assert analysis.tokens(case["text"]) == case["tokens"]
    assert list(analysis.codes(case["text"])) == case["codes"]


def test_the_fold_table_turns_one_han_character_into_one():
    table = analysis.fold_table()
    assert len(table) > 5_000
    assert all(len(other) == 1 and ord(other) != code for code, other in table.items())


def test_every_character_that_is_no_letter_digit_or_break_is_left_out():
    kept = "".join(analysis.tokens("a　b\tc，d。e、f“g”h（i）j—k…l·m\x00n_o"))
    assert kept == "abcdefghijklmno"


@given(AWKWARD)
def test_the_normal_form_is_nfkc_in_lower_case_and_simplified(text):
    composed = unicodedata.normalize("NFKC", text)
    lowered = "".join(character.lower() for character in composed)
    assert analysis.normal(text) == lowered.translate(analysis.fold_table())


@given(AWKWARD)
def test_a_token_is_one_han_character_or_a_run_of_one_kind(text):
    for token in analysis.tokens(text):
        han = re.fullmatch(f"[{analysis.HAN}{analysis.BREAK}]", token)
        run = re.fullmatch(rf"{analysis.LETTER}{{1,64}}|\d{{1,64}}", token)
        assert han or run
        assert not re.search(r"\s", token)


@given(st.lists(AWKWARD, max_size=6), st.integers(1, 40))
def test_cutting_a_long_text_changes_nothing(pieces, size):
    text = "合".join(pieces)
    whole, codes = " ".join(analysis.tokens(text)), analysis.codes(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analysis, "_CHUNK", size)
        assert analysis.tokenized(text) == whole
        assert analysis.codes(text) == codes
        assert analysis.indexed(text) == (whole, codes)


def test_a_text_longer_than_a_chunk_keeps_every_token():
    text = "甲方KR210，" * 20_000 + "a" * 50_000 + "末尾"
    assert analysis.tokenized(text) == " ".join(analysis.tokens(text))


def test_only_the_first_two_thousand_codes_are_kept():
    text = " ".join(f"KR{n}" for n in range(3_000))
    assert analysis.codes(text) == tuple(f"KR{n}" for n in range(2_000))


@given(st.text(st.sampled_from("aK9１合-_/. "), max_size=30))
def test_a_typed_word_is_the_code_that_was_indexed(text):
    code = analysis.code(text)
    if code is not None:
        assert analysis.codes(text) == (code,)
        assert analysis.codes(f"合{text}同") == (code,)


@given(AWKWARD)
def test_the_last_word_and_what_stands_before_it_lose_nothing(text):
    head, tail = analysis.last_word(text)
    assert "".join(analysis.tokens(head + tail)) == "".join(analysis.tokens(analysis.normal(text)))


def test_a_hostile_last_word_costs_nothing():
    head, tail = analysis.last_word("a-" * 5_000 + "合a1")
    assert tail == "a1"
    assert head.endswith("合")
    assert analysis.last_word("a" * 10_000 + "合") == ("a" * 10_000 + "合", "")
