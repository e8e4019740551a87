"""The benchmark: every measure runs to its end and gives figures, whatever they are."""

import json
import os
import subprocess
import sys

import pytest

from tests.bench.__main__ import MEASURES, main
from tests.bench.figures import Figure


def test_a_reach_is_the_most_or_the_least_of_what_is_wanted():
    assert Figure("start", 4.9, 5, unit="s").reached
    assert not Figure("start", 5.1, 5, unit="s").reached
    assert Figure("worker", 121, 120, unit="documents/s", least=True).reached
    assert not Figure("worker", 119, 120, unit="documents/s", least=True).reached
    assert Figure("only told", 119).reached is None


def test_a_measure_that_does_not_exist_is_refused_before_anything_is_loaded(capsys):
    with pytest.raises(SystemExit):
        main(["--only", "search,speed"])
    assert "there is no speed" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_gives_a_value_with_its_unit_in_every_row(name, tmp_path):
    result = tmp_path / "result.json"
    words = ["--only", name, "--scale", "0.002", "--json", str(result)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", *words],
        env={**os.environ, "GUIDANG_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(result.read_text("utf-8"))
    assert (found["stack"], found["documents"]) == ("embedded", 200)
    assert found["figures"]
    for row in found["figures"]:
        assert row["value"] >= 0
        assert row["unit"]
        assert row["what"] in done.stdout
        assert (row["reached"] is None) == (row["reach"] is None)
    assert sorted(p.name for p in (tmp_path / "bench").glob("scratch-*")) == []
