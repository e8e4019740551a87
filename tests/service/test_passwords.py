"""What a stored password costs whoever guesses it, and how old hashes become today's."""

import argon2
import pytest
from sqlalchemy import select

from service import passwords, signins
from service.errors import Invalid
from service.models import Person
from service.opening import open_archive
from service.passwords import HASHER, Hasher
from tests.world import World, embedded, password

HOME, AGENT = "192.0.2.10", "Firefox/140.0"


def enter(world: World) -> str:
    given = password("sales")
    signed = signins.sign_in(world.archive, "sales", given, address=HOME, agent=AGENT)
    return signed.actor.login


def stored(world: World) -> str:
    with world.archive.db.read() as db:
        return db.scalars(select(Person.password_hash).where(Person.login == "sales")).one()


def test_an_archive_hashes_passwords_at_the_cost_that_is_recommended(tmp_path):
    archive = open_archive(embedded(tmp_path / "data"))
    made = archive.hasher.hashed("correct horse battery")
    archive.close()
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert archive.hasher.matches("correct horse battery", made)
    assert not archive.hasher.matches("correct horse", made)


def test_an_unknown_account_is_checked_at_the_cost_of_a_known_one(monkeypatch):
    checked = []
    verify = argon2.PasswordHasher.verify

    def seen(hasher, against, given):
        checked.append(argon2.extract_parameters(against))
        return verify(hasher, against, given)

    known = HASHER.hashed("correct horse battery")
    monkeypatch.setattr(argon2.PasswordHasher, "verify", seen)
    assert not HASHER.matches("not the password", None)
    assert not HASHER.matches("not the password", known)
    assert checked[0] == checked[1]


def test_a_hash_of_another_cost_is_made_anew_by_the_next_sign_in(world):
    before = stored(world)
    world.archive.hasher = Hasher(passes=2, kibibytes=16)
    assert enter(world) == "sales"
    after = stored(world)
    assert before != after
    assert "m=16,t=2,p=1" in after
    assert enter(world) == "sales"
    assert stored(world) == after


def test_who_signs_in_twice_at_once_gets_in_twice_while_the_hash_is_made_anew(world, monkeypatch):
    world.archive.hasher = Hasher(passes=2, kibibytes=16)
    verify, others = argon2.PasswordHasher.verify, [enter]

    def meanwhile(hasher, against, given):
        if others:
            assert others.pop()(world) == "sales"
        return verify(hasher, against, given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", meanwhile)
    assert enter(world) == "sales"


@pytest.mark.parametrize(
    "given",
    [
        "password1234",
        "Password@2026",
        "passwordpassword",
        "passw0rd!!",
        "admin@123456",
        "12345678901",
        "qwertyuiopas",
        "sales-in-2026",
    ],
)
def test_a_common_word_with_a_number_or_said_twice_is_no_password(given):
    with pytest.raises(Invalid, match="too easy to guess"):
        passwords.check(given, shortest=10, login="sales")


@pytest.mark.parametrize(
    "given", ["梧桐树下的第七张椅子", "correct horse battery", "nobody knows 7"]
)
def test_a_sentence_of_ones_own_is_a_password(given):
    passwords.check(given, shortest=10, login="sales")


def test_what_is_made_at_random_is_a_password():
    passwords.check(passwords.generated(), shortest=10, login="sales")
