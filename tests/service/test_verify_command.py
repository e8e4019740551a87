"""`guidang audit verify`: what it prints and how it exits."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.__main__ import main
from service.keystore import create_root_key
from tests.world import World


@pytest.fixture
def data(world: World) -> Path:
    """A data folder with a few entries in its log."""
    world.customer(filed=True)
    return world.archive.settings.data


def verify(data: Path, *options: str) -> Result:
    environment: dict[str, str | None] = {k: None for k in os.environ if k.startswith("GUIDANG_")}
    return CliRunner().invoke(
        main, ["audit", "verify", *options], env=environment | {"GUIDANG_DATA": str(data)}
    )


def attack(data: Path, *statements: str) -> None:
    with closing(sqlite3.connect(data / "archive.db")) as db, db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)


def test_a_whole_log_is_zero_with_its_length_and_root(world: World, data: Path) -> None:
    report = world.verify()
    said = verify(data, "--json")
    assert said.exit_code == 0
    answer = json.loads(said.stdout)
    assert (answer["code"], answer["events"], answer["root"]) == (0, report.events, report.root)
    assert "first_bad" not in answer


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        (("UPDATE audit_body SET body = x'7b7d' WHERE seq = 3",), 10),
        (("UPDATE audit_event SET chain = zeroblob(32) WHERE seq = 3",), 11),
        (("DELETE FROM audit_body WHERE seq = 3", "DELETE FROM audit_event WHERE seq = 3"), 12),
    ],
)
def test_a_tampered_log_exits_with_its_code_and_names_the_entry(
    data: Path, statements: tuple[str, ...], code: int
) -> None:
    attack(data, *statements)
    said = verify(data, "--json")
    answer = json.loads(said.stdout)
    assert (said.exit_code, answer["code"], answer["first_bad"]) == (code, code, 3)
    assert answer["events"] == 2
    told = verify(data)
    assert told.exit_code == code
    assert "entry 3" in told.stderr
    assert told.stdout == ""


def test_the_log_verifies_without_any_key(data: Path) -> None:
    (data / "keys" / "root.key").unlink()
    said = verify(data, "--json")
    assert (said.exit_code, json.loads(said.stdout)["code"]) == (0, 0)


def test_a_lost_keystore_is_not_made_anew_by_verifying(world: World, data: Path) -> None:
    world.archive.keystore.close()
    (data / "keystore.db").unlink()
    assert verify(data).exit_code == 0
    assert not (data / "keystore.db").exists()


def test_another_root_key_is_refused_before_verifying(data: Path) -> None:
    key = data / "keys" / "root.key"
    key.unlink()
    create_root_key(key)
    said = verify(data)
    assert said.exit_code == 2
    assert said.stderr


def test_a_missing_database_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    said = verify(tmp_path)
    assert said.exit_code == 2
    assert said.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_bytes(b"rubbish " * 1000)
    said = verify(tmp_path, "--json")
    assert said.exit_code == 2
    assert said.stdout == ""


def test_an_unknown_option_is_wrong_usage(data: Path) -> None:
    assert verify(data, "--everything").exit_code == 2


def test_the_installed_command_exits_with_the_code(data: Path) -> None:
    attack(data, "UPDATE audit_event SET actor = 'x' WHERE seq = 2")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GUIDANG_")}
    done = subprocess.run(
        [sys.executable, "-m", "service", "audit", "verify", "--json"],
        env=environment | {"GUIDANG_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 10
    assert json.loads(done.stdout)["first_bad"] == 2
    assert done.stderr == ""
