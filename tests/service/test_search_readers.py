"""The accounts of the search server: everybody gets what they need there, and no more."""

import base64
import hashlib
import json

import pytest

from service.codes import Category
from service.search.readers import native_calls, reader_name, reader_sets, realm_files

PASSWORDS = ("web password", "indexer password")


def lines(name: str) -> dict[str, str]:
    rows = realm_files(*PASSWORDS)[name].splitlines()
    return {key: value for key, _, value in (row.partition(":") for row in rows)}


def test_there_is_a_reader_for_every_set_of_categories():
    names = {reader_name(chosen) for chosen in reader_sets()}
    assert len(names) == 15
    assert reader_name({Category.ENDED, Category.ACTIVE}) == "guidang-reader-active-ended"
    with pytest.raises(ValueError, match="no categories"):
        reader_name(())


def test_a_reader_holds_the_roles_of_its_categories_and_no_other():
    holders = {role: set(names.split(",")) for role, names in lines("users_roles").items()}
    for chosen in reader_sets():
        held = {role for role, names in holders.items() if reader_name(chosen) in names}
        assert held == {f"guidang_read_{category}" for category in chosen}
    assert holders["guidang_web"] == {"guidang_web"}
    assert holders["guidang_indexer"] == {"guidang_indexer"}


def test_the_web_may_do_nothing_but_run_as_a_reader():
    role = json.loads(lines("roles.yml")["guidang_web"])
    assert role == {"cluster": ["monitor"], "run_as": ["guidang-reader-*"]}


def test_a_category_s_role_names_its_alias_and_generations_only():
    for category in Category:
        role = json.loads(lines("roles.yml")[f"guidang_read_{category}"])
        (indices,) = role["indices"]
        assert indices["names"] == [f"guidang-{category}", f"guidang-{category}-*"]
        assert indices["privileges"] == ["read", "view_index_metadata"]
        assert role["cluster"] == []


def test_passwords_are_hashed_and_readers_have_none_that_is_known():
    users = lines("users")
    assert check(users["guidang_web"], PASSWORDS[0])
    assert check(users["guidang_indexer"], PASSWORDS[1])
    assert not any(word in text for word in PASSWORDS for text in realm_files(*PASSWORDS).values())
    assert len(set(users.values())) == 17


def test_the_calls_for_the_native_realm_make_the_same():
    calls = {path: body for _, path, body in native_calls(*PASSWORDS)}
    roles = {name: json.loads(text) for name, text in lines("roles.yml").items()}
    for name, role in roles.items():
        assert calls[f"/_security/role/{name}"] == role
    reader = calls["/_security/user/guidang-reader-potential-ended"]
    assert reader["roles"] == ["guidang_read_potential", "guidang_read_ended"]
    assert len(reader["password"]) >= 32
    assert len(calls) == len(roles) + 17


def check(hashed: str, password: str) -> bool:
    cost, salt, digest = hashed.removeprefix("{PBKDF2}").split("$")
    raw = base64.b64decode(salt)
    expected = hashlib.pbkdf2_hmac("sha512", password.encode(), raw, int(cost), dklen=32)
    return base64.b64decode(digest) == expected
