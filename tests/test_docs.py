"""The documentation says what the code does: printed parts are compared, links lead somewhere."""

import ast
import re
import shlex
import textwrap
import tomllib
from dataclasses import fields

import click
import pytest

from service.__main__ import main
from service.audit.verify import Code
from service.figures import REGISTRY
from service.metrics import GAUGES
from service.settings import Settings
from tests import docs, printing
from web import labels

ROOT = docs.ROOT
PAGES = docs.pages()
FOLDERS = ("service", "indexer", "web", "mappings", "tests", "docs", ".ci")
VARIABLES = {f"GUIDANG_{f.name.upper()}" for f in fields(Settings)} | {"GUIDANG_CONFIG"}
SECTIONS = ("## Context", "## Decision", "## Why not", "## When to look again")


def named(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_a_page_prints_from_the_code_is_up_to_date(page):
    text = page.read_text("utf-8")
    assert docs.printed(text) == text, "run: make docs"


def test_everything_that_can_be_printed_is_on_a_page():
    shown = [name for page in PAGES for name in docs.names(page.read_text("utf-8"))]
    assert sorted(shown) == sorted(printing.PRINTED)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_inside_the_repository_leads_to_a_file(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    lost = [link for link in links if ":" not in link and not (page.parent / link).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_test_that_a_page_names_exists(page):
    names = set(re.findall(r"`(test_\w+)`", page.read_text("utf-8")))
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert {name for name in names if f"def {name}(" not in tests} == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_command_on_a_page_exists(page):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    text = page.read_text("utf-8")
    commands = re.findall(r"(?:`|^\$? ?)make ([a-z]+(?:-[a-z]+)*)", text, re.MULTILINE)
    assert [c for c in commands if not re.search(rf"^{c}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_chinese_on_a_page_has_chinese_punctuation(page):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    han = "[㐀-䶿一-鿿々〇]"
    assert re.findall(rf".{{0,9}}(?:{han}[,.:;?!()]|[,.:;?!()]{han}).{{0,9}}", text) == []


def shown_commands(page):
    """Yield the words after `guidang` wherever a page shows a command to type."""
    text = page.read_text("utf-8")
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    blocks = re.findall(r"```(?:bash)?\n(.*?)```", text, re.DOTALL)
    for line in [*spans, *(line for block in blocks for line in block.splitlines())]:
        if found := re.match(r"(?:\S+=\S+ )*(?:\S*/)?guidang ([a-z].*)", line.strip()):
            yield shlex.split(found[1])


def mistyped(words):
    """Return what is wrong with a command, judged as click would before running it."""
    group: click.Command = main
    rest = list(words)
    while isinstance(group, click.Group) and rest:
        name = rest.pop(0)
        if name not in group.commands:
            if "|" in name:  # one of several: each must be there
                return [n for n in name.split("|") if n not in group.commands]
            return [name]
        group = group.commands[name]
    known = {option for p in group.params for option in p.opts}
    return [w for w in rest if w.startswith("-") and w not in known]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_guidang_command_on_a_page_exists(page):
    assert [words for words in shown_commands(page) if mistyped(words)] == []


def test_a_command_that_does_not_exist_would_be_noticed():
    assert mistyped(["frobnicate"]) == ["frobnicate"]
    assert mistyped(["index", "status", "--yesterday"]) == ["--yesterday"]
    assert mistyped(["index", "status", "--json"]) == []


def test_every_command_and_every_option_says_what_it_does():
    silent = [
        f"{name} {option.name}"
        for name, command in printing.every_command()
        for option in printing.shown_options(command)
        if not option.help
    ]
    assert silent == []
    assert [name for name, command in printing.every_command() if not command.help] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_variable_on_a_page_is_a_setting(page):
    shown = set(re.findall(r"GUIDANG_[A-Z_]+", page.read_text("utf-8")))
    unknown = {v for v in shown if v not in VARIABLES and v.removesuffix("_FILE") not in VARIABLES}
    assert {v for v in unknown if not v.startswith("GUIDANG_TEST_")} == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_that_a_page_names_exists(page):
    shown = re.findall(r"`([^`\s]+/[^`\s]*)`", page.read_text("utf-8"))
    ours = [path for path in shown if path.split("/")[0] in FOLDERS and "*" not in path]
    assert [path for path in ours if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_python_on_a_page_can_be_read(page):
    for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        ast.parse("def shown():\n" + textwrap.indent(block, "    "))


def section(heading):
    text = (ROOT / "docs" / "operations.md").read_text("utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_operations_name_every_exit_code_of_verifying():
    codes = {int(c) for c in re.findall(r"^\| (\d+) \|", section("The log"), re.MULTILINE)}
    assert codes == {*map(int, Code), 2}


def test_operations_name_every_part_that_can_be_away():
    parts = re.findall(r"^\| ([a-z]+) \|", section("When the answer is 503"), re.MULTILINE)
    assert sorted(set(parts) - {"part"}) == sorted(labels.PART)


def test_operations_name_every_figure():
    shown = set(re.findall(r"`(guidang_[a-z_]+)`", section("Figures")))
    kept = {m.name for m in REGISTRY.collect()} | {f"guidang_{name}" for name in GAUGES}
    assert {name.removesuffix("_total") for name in shown} == kept


def test_operations_name_every_event_of_the_operational_log():
    said = re.compile(
        r'log(?:ger\(\))?\.(?:info|warning|error|exception|critical)\(\s*"([a-z_ ]+)"'
    )
    sources = [path for folder in FOLDERS[:3] for path in (ROOT / folder).rglob("*.py")]
    events = {name for path in sources for name in said.findall(path.read_text("utf-8"))}
    named_there = re.findall(r"`([a-z_ ]+)`", section("Operational logs"))
    assert len(events) > 9
    assert events <= set(named_there)


def test_the_picture_is_small():
    assert (ROOT / "docs" / "picture.png").stat().st_size < 300_000


def test_decisions_that_the_code_names_exist():
    numbers = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")}
    for folder in FOLDERS[:3]:
        for path in (ROOT / folder).rglob("*.py"):
            named_there = re.findall(r"docs/decisions/(\d{4})", path.read_text("utf-8"))
            assert set(named_there) <= numbers, path


def test_the_readme_shows_the_two_commands():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "make run" in readme
    assert "make test" in readme


def test_decisions_are_numbered_without_a_gap_and_say_why_not():
    notes = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(note.name[:4]) for note in notes] == list(range(1, len(notes) + 1))
    for note in notes:
        text = note.read_text("utf-8")
        assert [s for s in SECTIONS if s not in text] == [], note.name


def test_the_lock_file_pins_by_hash_and_names_no_address():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert not re.search(r"^-", lock, re.MULTILINE)
    pins = re.findall(r"^[A-Za-z0-9]\S*==", lock, re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[A-Za-z0-9].*\\$", lock, re.MULTILINE))


def test_every_exception_of_the_linter_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    lint = tomllib.loads(text)["tool"]["ruff"]["lint"]
    codes = {*lint["ignore"], *(code for row in lint["per-file-ignores"].values() for code in row)}
    for code in codes:
        lines = [line for line in text.splitlines() if f'"{code}"' in line]
        assert [line for line in lines if "# " not in line] == []


def test_the_first_screen_of_make_lists_every_command():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    listed = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert sorted(phony[1].split()) == sorted(listed)
