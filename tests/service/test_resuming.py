"""An older database is not gone on with silently; a new key is signed by the old one."""

import json
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from indexer.extract.sandbox import Sandbox
from service import rekeyed, upkeep
from service.__main__ import main
from service.anchor import Anchor
from service.anchors.folder import Folder
from service.anchors.holding import Holding
from service.opening import open_archive
from service.permissions import Action
from service.settings import SettingsError
from tests.logged import entries
from tests.service.test_anchor import START, ZONE, append
from tests.world import World, embedded


def guidang(data: Path, *words: str) -> Result:
    return CliRunner().invoke(main, list(words), env={"GUIDANG_DATA": str(data)})


def verdict(data: Path, *options: str) -> dict[str, object]:
    done = guidang(data, "audit", "verify", "--json", *options)
    answer: dict[str, object] = json.loads(done.stdout)
    assert done.exit_code == answer["code"]
    return answer


def go_round(data: Path, outside: Path, at: datetime, sandbox: Sandbox) -> str:
    """Let the anchor look once; return why it refuses, if it does."""
    with World.opened(embedded(data), sandbox) as world:
        anchor = Anchor(world.archive.db, Holding(data / "anchor"), [Folder(outside)], ZONE)
        anchor.round(at)
        upkeep.go_round(world.archive, "web")
        return anchor.refused


@pytest.fixture
def restored(peopled: Path, tmp_path: Path, sandbox: Sandbox) -> tuple[Path, Path]:
    """A data folder whose database is yesterday's, and the place outside that knows today's."""
    data, outside, older = tmp_path / "data", tmp_path / "outside", tmp_path / "older.db"
    shutil.copytree(peopled, data)
    go_round(data, outside, START, sandbox)
    shutil.copy(data / "archive.db", older)
    with World.opened(embedded(data), sandbox) as world:
        append(world, 9)
    go_round(data, outside, START + timedelta(days=1), sandbox)
    for path in data.glob("archive.db*"):
        path.unlink()
    shutil.copy(older, data / "archive.db")
    return data, outside


@pytest.mark.parametrize("known", ["newest.note", "anchor"])
def test_no_process_starts_on_an_older_copy_and_it_says_what_to_do(
    restored: tuple[Path, Path], known: str
) -> None:
    data, _ = restored
    for name in {"newest.note", "anchor"} - {known}:
        path = data / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = (data / "archive.db").read_bytes()
    with pytest.raises(SettingsError, match=r"older copy.*guidang audit resume"):
        open_archive(embedded(data))
    refused = guidang(data, "user", "list")
    assert refused.exit_code == 1
    assert "older copy" in refused.stderr
    assert (data / "archive.db").read_bytes() == before
    assert verdict(data)["code"] == 14


def test_what_lies_outside_alone_stops_the_anchor_and_everybody_is_told(
    restored: tuple[Path, Path], sandbox: Sandbox
) -> None:
    data, outside = restored
    (data / "newest.note").unlink()
    (data / "anchor" / "state.json").unlink()
    assert go_round(data, outside, START + timedelta(days=2), sandbox) == "shorter"


def test_going_on_is_written_into_the_log_and_verifies_only_once_the_anchor_signed_it(
    restored: tuple[Path, Path], sandbox: Sandbox
) -> None:
    data, outside = restored
    anchors = ("--anchors", str(outside))
    first_bad = verdict(data, *anchors)["first_bad"]
    assert guidang(data, "user", "list").exit_code == 1
    resumed = guidang(data, "audit", "resume", "--reason", "磁盘损坏")
    assert resumed.exit_code == 0, resumed.stderr
    assert f"Entries {first_bad} to " in resumed.stdout
    assert verdict(data, *anchors)["code"] == 14, "nobody with the anchor's key has agreed yet"
    assert guidang(data, "anchor", "resume").exit_code == 0
    assert go_round(data, outside, START + timedelta(days=2), sandbox) == ""
    answer = verdict(data, *anchors)
    assert answer["code"] == 0
    assert len(answer["restored"]) >= 1  # type: ignore[arg-type]
    with World.opened(embedded(data), sandbox) as world:
        said = entries(world, Action.AUDIT_RESUME)[0]
    assert said["actor"] == {"kind": "service", "id": "cli"}
    assert said["part"]["from"] == first_bad
    assert said["detail"]["reason"] == "磁盘损坏"


def test_nothing_is_resumed_when_nothing_is_missing(world: World) -> None:
    data = world.archive.settings.data
    before = world.verify().events
    done = guidang(data, "audit", "resume", "--reason", "x")
    assert (done.exit_code, world.verify().events) == (1, before)
    assert "Nothing is missing" in done.stderr
    assert guidang(data, "anchor", "resume").exit_code == 1


def test_a_new_key_is_signed_by_the_old_one_and_named_in_the_log(
    world: World, tmp_path: Path
) -> None:
    data, outside = world.archive.settings.data, tmp_path / "outside"
    holding = Holding(data / "anchor")
    Anchor(world.archive.db, holding, [Folder(outside)], ZONE).round(START)
    pub = tmp_path / "old.pem"
    pub.write_text(guidang(data, "anchor", "pub").stdout)
    changed = guidang(data, "anchor", "rekey")
    assert changed.exit_code == 0, changed.stderr
    assert verdict(data)["code"] == 15, "no entry of the log names the new key yet"
    assert (rekeyed.record(world.archive), rekeyed.record(world.archive)) == (1, 0)
    (said,) = entries(world, Action.ANCHOR_REKEY)
    assert said["object"]["id"] == changed.stdout.strip()
    append(world, 3)
    anchor = Anchor(world.archive.db, holding, [Folder(outside)], ZONE)
    anchor.round(START + timedelta(days=1))
    assert anchor.refused == ""
    answer = verdict(data, "--anchors", str(outside), "--pub", str(pub))
    assert (answer["code"], answer["signed_to"]) == (0, answer["events"])
    assert verdict(data)["code"] == 0
    new = tmp_path / "new.pem"
    new.write_text(guidang(data, "anchor", "pub").stdout)
    assert verdict(data, "--pub", str(new))["code"] == 15, "the new key says nothing of old notes"


@pytest.mark.slow
def test_the_process_signs_by_itself_and_ends_when_asked(world: World) -> None:
    """`guidang anchor` from the command line, until its first note is there."""
    data = world.archive.settings.data
    command = [sys.executable, "-m", "service", "anchor"]
    environment = {"GUIDANG_DATA": str(data), "PATH": "/usr/bin:/bin"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 30
        while not verdict(data)["notes"] and time.monotonic() < deadline:
            assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert verdict(data)["signed_to"]
