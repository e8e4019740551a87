"""Sealed values open only where they were sealed; tokens are equal for equal values alone."""

import hashlib
import hmac
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import crypto
from service.crypto import Corrupt, Place
from service.ids import ID_LENGTH, is_id, new_id

KEY = bytes(range(32))
OTHER = bytes(reversed(KEY))
PLACE = Place("row", "customer", "title")


@given(st.text())
def test_a_value_comes_back_as_it_was(value):
    assert crypto.unseal_value(KEY, crypto.seal_value(KEY, value, PLACE), PLACE) == value


@pytest.mark.parametrize("moved", ["row", "customer", "column"])
def test_a_value_opens_at_no_other_place(moved):
    sealed = crypto.seal_value(KEY, "库卡机器人", PLACE)
    with pytest.raises(Corrupt):
        crypto.unseal_value(KEY, sealed, replace(PLACE, **{moved: "elsewhere"}))
    with pytest.raises(Corrupt):
        crypto.unseal_value(OTHER, sealed, PLACE)


def test_the_bound_string_of_a_value_is_fixed():
    assert Place("v1", "c1", "bank_account").aad == "v1|c1|bank_account"


def test_no_bit_of_a_sealed_value_can_be_flipped():
    sealed = crypto.seal(KEY, b"138", "a")
    for bit in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Corrupt):
            crypto.unseal(KEY, bytes(changed), "a")


@pytest.mark.parametrize("length", [0, 1, 12, 27])
def test_a_value_cut_short_is_corrupt(length):
    with pytest.raises(Corrupt):
        crypto.unseal(KEY, crypto.seal(KEY, b"", "a")[:length], "a")


@pytest.mark.slow
def test_a_million_seals_repeat_no_nonce():
    nonces = {crypto.seal(KEY, b"", b"")[: crypto.NONCE_BYTES] for _ in range(1_000_000)}
    assert len(nonces) == 1_000_000


def test_each_module_of_each_customer_has_a_key_of_its_own():
    modules = ["company", "finance", crypto.DOCUMENT_MODULE]
    keys = {crypto.field_key(key, name) for key, name in itertools.product([KEY, OTHER], modules)}
    assert len(keys) == 6
    assert KEY not in keys


def test_a_field_key_is_hkdf_of_the_customer_key():
    pseudorandom = hmac.digest(bytes(32), KEY, "sha256")
    expected = hmac.digest(pseudorandom, b"guidang.field.v1|finance\x01", "sha256")
    assert crypto.field_key(KEY, "finance") == expected


@given(st.text(max_size=2000))
def test_a_text_part_comes_back_as_it_was(text):
    sealed = crypto.seal_text(KEY, text, text_id="t", part=3)
    assert crypto.unseal_text(KEY, sealed, text_id="t", part=3) == text


def test_a_text_part_opens_only_as_itself():
    sealed = crypto.seal_text(KEY, "合同付款方式", text_id="t", part=3)
    with pytest.raises(Corrupt):
        crypto.unseal_text(KEY, sealed, text_id="t", part=4)
    with pytest.raises(Corrupt):
        crypto.unseal_text(KEY, sealed, text_id="u", part=3)


def test_a_text_part_that_would_burst_is_corrupt():
    sealed = crypto.seal_text(KEY, "a" * 5_000_000, text_id="t", part=0)
    with pytest.raises(Corrupt):
        crypto.unseal_text(KEY, sealed, text_id="t", part=0)


def test_a_full_text_part_of_han_is_within_the_limit():
    text = "𠀀" * 65_536
    sealed = crypto.seal_text(KEY, text, text_id="t", part=0)
    assert crypto.unseal_text(KEY, sealed, text_id="t", part=0) == text


def test_blind_tokens_are_equal_for_equal_values_alone():
    number = "+8613800138000"
    token = crypto.blind_token(KEY, "tel", number)
    assert token == "tel:" + hmac.digest(KEY, number.encode(), "sha256")[:16].hex()
    assert token == crypto.blind_token(KEY, "tel", number)
    assert token != crypto.blind_token(KEY, "tel", number[:-1])
    assert token != crypto.blind_token(OTHER, "tel", number)
    assert number[-8:] not in token


def test_a_content_token_does_not_confirm_a_guessed_file():
    digest = hashlib.sha256(b"contract").digest()
    assert crypto.content_token(KEY, digest) == hmac.digest(KEY, digest, "sha256").hex()
    assert crypto.content_token(OTHER, digest) != crypto.content_token(KEY, digest)


def test_a_commitment_is_the_digest_of_tag_salt_and_detail():
    salt = crypto.new_salt()
    expected = hashlib.sha256(b"guidang.detail.v1" + salt + b"{}").digest()
    assert crypto.commitment(salt, b"{}") == expected
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.commitment(salt[1:], b"{}")


def test_ids_are_26_characters_and_do_not_repeat():
    ids = {new_id() for _ in range(10_000)}
    assert len(ids) == 10_000
    assert all(is_id(each) and len(each) == ID_LENGTH for each in ids)


@pytest.mark.parametrize(
    "text", ["", "a" * 25, "A" * 26, "a" * 27, "a" * 25 + "b", "1" * 26, "a" * 26 + "\n", "../" * 9]
)
def test_what_is_no_id_is_not_taken_for_one(text):
    assert not is_id(text)
