"""`guidang audit export`, `fetch`, `open` and `verify --bundle`: what they do and how they exit."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.__main__ import main
from tests.bundled import Bundle, verdicts
from tests.world import World, password


@pytest.fixture
def run(world: World, tmp_path: Path):
    """Return what runs a command of this archive as somebody who gives their password."""
    environment: dict[str, str | None] = {k: None for k in os.environ if k.startswith("GUIDANG_")}
    environment["GUIDANG_DATA"] = str(world.archive.settings.data)

    def command(*words: str, by: str = "", secret: str | None = None) -> Result:
        given = list(words)
        if by:
            file = tmp_path / "password"
            file.write_text(password(by) if secret is None else secret)
            given += ["--as", by, "--password-file", str(file)]
        return CliRunner().invoke(main, ["audit", *given], env=environment)

    return command


ASKED = ("export", "--case", "FW-1", "--statement", "核查")


def test_a_bundle_is_asked_for_fetched_checked_and_opened(world: World, run, tmp_path: Path):
    world.search("谐波", by="sales")
    said = run(*ASKED, "--action", "search.run", by="auditor")
    assert said.exit_code == 0, said.output
    export_id = said.stdout.strip()
    path = tmp_path / "b.zip"
    early = run("fetch", export_id, "--out", str(path), by="auditor")
    assert early.exit_code == 1
    world.work()
    assert run("fetch", export_id, "--out", str(path), by="auditor").exit_code == 0
    checked = run("verify", "--bundle", str(path), "--json")
    assert checked.exit_code == 0
    assert json.loads(checked.stdout)["shown"] == 2
    bundle = Bundle.of(path.read_bytes())
    number = next(line["seq"] for line in bundle.lines() if "leaf" in line)
    opened = run("open", export_id, str(number), "--case", "FW-2", by="auditor")
    answer = tmp_path / "opened.ndjson"
    answer.write_text(opened.stdout)
    assert verdicts(path, "--opened", str(answer))[0] == (0, None)
    path.write_bytes(path.read_bytes()[:-300])
    assert run("verify", "--bundle", str(path)).exit_code == 2
    tampered = bundle.changed("报告.csv", lambda data: data + b"x", sums=False)
    refused = run("verify", "--bundle", str(tampered.put(path)))
    assert (refused.exit_code, refused.stdout) == (10, "")
    assert "报告.csv" in refused.stderr


def test_only_who_has_the_right_and_the_password_gets_one(world: World, run, tmp_path: Path):
    path = tmp_path / "b.zip"
    for by, secret in (("sales", None), ("system_admin", None), ("auditor", "wrong")):
        said = run(*ASKED, "--out", str(path), by=by, secret=secret)
        assert said.exit_code == 1, by
        assert said.stdout == ""
        assert not path.exists()
    assert run("export", "--case", "x", by="auditor").exit_code == 2
    assert world.verify().code == 0
