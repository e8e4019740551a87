"""The package that is installed holds everything that the product reads from its own folders."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.architecture import PRODUCT

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Build the wheel from a copy: building leaves folders behind."""
    copy, target = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE", *tracked()):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", target, copy], check=True, stdin=subprocess.DEVNULL)
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tracked():
    """List the files of the product, not what Python or `python -m web.assets` made of them."""
    made = {".pyc", ".mo"}
    return [
        path.relative_to(ROOT).as_posix()
        for top in PRODUCT
        for path in sorted((ROOT / top).rglob("*"))
        if path.is_file() and path.suffix not in made and path.name != "icons.svg"
    ]


def test_the_wheel_holds_every_file_of_the_product(packed):
    assert sorted(set(tracked()) - packed) == []


def test_the_wheel_holds_no_tests(packed):
    assert [name for name in packed if name.startswith("tests/")] == []


def test_every_folder_with_python_is_a_package():
    folders = {ROOT / Path(name).parent for name in tracked() if name.endswith(".py")}
    scripts = ROOT / "service" / "migrations"  # Alembic loads these by path
    lost = [f for f in folders if not (f / "__init__.py").exists() and scripts not in {f, f.parent}]
    assert lost == []


def test_the_command_is_named_guidang():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"] == {"guidang": "service.__main__:main"}
