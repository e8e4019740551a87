"""`guidang audit prove`: an entry against what was signed, and the proof by itself."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.__main__ import main
from service.audit import checkpoints
from tests.bundled import Bundle, made, signed
from tests.service.test_verify_command import attack
from tests.world import World

Run = Callable[..., Result]


@pytest.fixture
def run(world: World) -> Run:
    """Return what runs the command, with the database or without."""
    bare: dict[str, str | None] = {k: None for k in os.environ if k.startswith("GUIDANG_")}

    def command(*words: object, data: Path | None = world.archive.settings.data) -> Result:
        environment = bare | ({"GUIDANG_DATA": str(data)} if data else {})
        return CliRunner().invoke(main, ["audit", "prove", *map(str, words)], env=environment)

    return command


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def furnish(world: World) -> None:
    for word in ("谐波", "减速器", "异响"):
        world.search(word, by="sales")


def test_every_entry_under_a_note_is_proven_and_checked_without_a_database(
    world: World, run: Run, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    size = signed(world, key)
    pub = tmp_path / "pub.pem"
    pub.write_text(checkpoints.pem(key.public_key()))
    path = tmp_path / "proof.json"
    for number in {1, 2, size // 2, size}:
        said = run(number, "--out", path)
        assert said.exit_code == 0, said.output
        told = json.loads(path.read_text("utf-8"))
        assert (told["seq"], told["index"], told["size"]) == (number, number - 1, size)
        for pinned in ((), ("--pub", pub)):
            checked = run("--check", path, *pinned, data=None)
            assert checked.exit_code == 0, checked.output
            assert f"entry {number} is in the log of {size} entries" in checked.stdout
            assert ("came with the proof" in checked.stdout) == (not pinned)
    assert json.loads(run(1).stdout)["path"]


def test_a_proof_holds_no_word_of_the_entry_and_leaves_none(
    world: World, run: Run, key: Ed25519PrivateKey
) -> None:
    size = signed(world, key)
    text = run(size).stdout
    for never in ("谐波", "search.run", world.id("sales"), "actor"):
        assert never not in text
    assert world.verify().events == size


def test_the_entry_that_was_opened_is_compared_with_the_proof(
    world: World, run: Run, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    size = signed(world, key)
    opened = tmp_path / "events.ndjson"
    lines = Bundle.of(made(world)).files["events.ndjson"].decode()
    opened.write_text(lines, "utf-8")
    path = tmp_path / "proof.json"
    run(size, "--out", path)
    assert run("--check", path, "--opened", opened, data=None).exit_code == 0
    opened.write_text(lines.replace("search.run", "search.ran"), "utf-8")
    refused = run("--check", path, "--opened", opened, data=None)
    assert (refused.exit_code, refused.stdout) == (10, "")
    assert f"entry {size}" in refused.stderr
    opened.write_text("", "utf-8")
    assert run("--check", path, "--opened", opened, data=None).exit_code == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"leaf": "00" * 32}, 13),
        ({"seq": 2, "index": 1}, 13),
        ({"path": []}, 13),
        ({"root": "00" * 32}, 13),
        ({"size": 3}, 13),
        ({"note": "x"}, 15),
        ({"keys": []}, 15),
        ({"keys": ["x"]}, 15),
        ({"changes": ["x"]}, 15),
        ({"format": "x"}, 2),
        ({"index": 7}, 2),
        ({"leaf": "x"}, 2),
        ({"seq": "1"}, 2),
    ],
)
def test_a_proof_that_was_changed_says_what_does_not_hold(
    world: World,
    run: Run,
    key: Ed25519PrivateKey,
    tmp_path: Path,
    change: dict[str, object],
    code: int,
) -> None:
    signed(world, key)
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(json.loads(run(1).stdout) | change), "utf-8")
    refused = run("--check", path, data=None)
    assert (refused.exit_code, refused.stdout) == (code, ""), refused.output
    assert refused.stderr


def test_another_key_than_the_one_trusted_does_not_count(
    world: World, run: Run, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    signed(world, key)
    path, pub = tmp_path / "proof.json", tmp_path / "pub.pem"
    run(1, "--out", path)
    pub.write_text(checkpoints.pem(Ed25519PrivateKey.generate().public_key()))
    assert run("--check", path, "--pub", pub, data=None).exit_code == 15
    pub.write_text("rubbish")
    assert run("--check", path, "--pub", pub, data=None).exit_code == 2


def test_what_no_note_covers_yet_is_not_proven(
    world: World, run: Run, key: Ed25519PrivateKey
) -> None:
    last = world.verify().events
    unsigned = run(1)
    assert (unsigned.exit_code, unsigned.stdout) == (1, "")
    assert "Nothing of the log is signed yet" in unsigned.stderr
    size = signed(world, key)
    assert size == last
    world.search("以后", by="sales")
    later = run(size + 1)
    assert (later.exit_code, later.stdout) == (1, "")
    assert f"covers entries up to {size}" in later.stderr
    assert run(size + 1000).exit_code == 1
    for wrong in ((), ("1", "--pub", "x"), ("0",)):
        assert run(*wrong).exit_code == 2


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE audit_body SET body = x'7b7d' WHERE seq = 3", 10),
        ("UPDATE audit_event SET leaf = zeroblob(32) WHERE seq = 2", 13),
        ("DELETE FROM audit_event WHERE seq = 2", 12),
        ("UPDATE audit_head SET seq = 4", 14),
        ("UPDATE audit_checkpoint SET note = 'x'", 15),
    ],
)
def test_nothing_is_proven_of_a_log_that_is_not_the_one_signed(
    world: World, run: Run, key: Ed25519PrivateKey, statement: str, code: int
) -> None:
    signed(world, key)
    attack(world.archive.settings.data, "PRAGMA foreign_keys=OFF", statement)
    refused = run(3)
    assert (refused.exit_code, refused.stdout) == (code, ""), refused.output


def test_an_entry_whose_body_was_purged_is_proven_by_its_hash(
    world: World, run: Run, key: Ed25519PrivateKey
) -> None:
    signed(world, key)
    leaf = json.loads(run(3).stdout)["leaf"]
    attack(world.archive.settings.data, "DELETE FROM audit_body WHERE seq = 3")
    assert json.loads(run(3).stdout)["leaf"] == leaf
