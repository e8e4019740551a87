"""The documentation says what the code does: printed parts are compared, links lead somewhere."""

import re
import tomllib

import pytest

from tests import docs

ROOT = docs.ROOT
PAGES = docs.pages()
SECTIONS = ("## Context", "## Decision", "## Why not", "## When to look again")


def named(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_what_a_page_prints_from_the_code_is_up_to_date(page):
    text = page.read_text("utf-8")
    assert docs.printed(text) == text, "run: make docs"


def test_everything_that_can_be_printed_is_on_a_page():
    shown = [name for page in PAGES for name in docs.names(page.read_text("utf-8"))]
    assert sorted(shown) == sorted(docs.PRINTED)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_inside_the_repository_leads_to_a_file(page):
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    lost = [link for link in links if ":" not in link and not (page.parent / link).exists()]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_make_command_on_a_page_exists(page):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    commands = re.findall(r"(?:`|^\$? ?)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)
    assert [c for c in commands if not re.search(rf"^{c}:", makefile, re.MULTILINE)] == []


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
    listed = re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE)
    assert sorted(phony[1].split()) == sorted(listed)
