"""What every page keeps to: budgets, contrast, names of controls, one primary button, words."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from indexer.extract.result import Note as TextNote
from indexer.extract.result import Reason
from service import errors as refusals
from service import media
from service.codes import (
    Category,
    CooperationType,
    Decision,
    Department,
    Filing,
    Grade,
    Module,
    Processing,
    Role,
    Sort,
    Status,
)
from service.permissions import Action
from service.policy import packaged, parse
from service.search.query import Note
from tests.chinese import HAN
from tests.web.browsing import Portal
from tests.web.every_page import PAGES, furnish, status, visitor
from web import errors, labels, sentences
from web.assets import HERE

__all__ = ["furnish"]

STATIC = HERE / "static"
CSS = (STATIC / "app.css").read_text("utf-8")
TOKENS = dict(re.findall(r"--([a-z0-9-]+):(#[0-9a-f]{3,6})", CSS))


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    full = digits if len(digits) == 6 else "".join(d * 2 for d in digits)
    parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        *((ink, "surface", 4.5) for ink in ("ink", "ink-2", "ink-3", "pri", "ok", "warn", "bad")),
        *((ink, "canvas", 4.5) for ink in ("ink", "ink-2", "ink-3", "pri")),
        ("ink-3", "sunken", 4.5),
        ("pri-h", "pri-soft", 4.5),
        ("pri-h", "mark", 4.5),
        ("ink", "mark", 4.5),
        ("ok", "ok-soft", 4.5),
        ("warn", "warn-soft", 4.5),
        ("bad", "bad-soft", 4.5),
        ("lead", "lead-soft", 4.5),
        ("ctl", "surface", 3),
        ("focus", "surface", 3),
        ("focus", "canvas", 3),
    ],
)
def test_text_and_edges_can_be_told_from_their_ground(text, ground, least):
    assert contrast(TOKENS[text], TOKENS[ground]) >= least


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("app.css", 30_000),
        ("app.js", 25_000),
        ("bundles.css", 2_000),
        ("correct.css", 2_000),
        ("imports.css", 2_000),
        ("imports.js", 11_000),
        ("log.css", 4_000),
        ("log.js", 1_000),
        ("listed.js", 2_000),
        ("photos.css", 1_000),
        ("photos.js", 5_000),
        ("viewer.css", 8_000),
        ("viewer.js", 10_000),
    ],
)
def test_sheet_and_script_stay_small(name, most):
    assert (STATIC / name).stat().st_size <= most


def test_nothing_is_fetched_from_elsewhere():
    for path in [*STATIC.glob("*.css"), *STATIC.glob("*.js"), *HERE.glob("templates/**/*.html")]:
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|url\(//|@import", text), path


def test_the_script_holds_no_words():
    for path in STATIC.glob("*.js"):
        code = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(HAN, code)
        assert "innerHTML = `" not in code


class Controls(HTMLParser):
    """Finds links and buttons without words, and primary buttons outside dialogs."""

    def __init__(self):
        super().__init__()
        self.open, self.nameless, self.primary, self.headings = [], [], 0, 0
        self.dialogs = 0

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.dialogs += tag == "dialog"
        self.headings += tag == "h1"
        if "btn-primary" in (values.get("class") or "") and not self.dialogs:
            self.primary += 1
        if tag in ("a", "button", "summary"):
            self.open.append([tag, values, ""])

    def handle_data(self, data):
        for control in self.open:
            control[2] += data.strip()

    def handle_endtag(self, tag):
        self.dialogs -= tag == "dialog"
        if tag in ("a", "button", "summary") and self.open:
            _, values, words = self.open.pop()
            if not words and not values.get("aria-label") and not values.get("title"):
                self.nameless.append(values)


@pytest.fixture(scope="module")
def pages(standing, furnished):
    """Every page, as those see it who look at it: who, where, and its text."""
    portal = Portal.of(standing)
    people = {login: visitor(portal, login) for login, _ in PAGES}
    return [(login, path, people[login].get(furnished[1].address(path))) for login, path in PAGES]


def test_every_control_has_a_name_and_a_page_at_most_one_primary_button(pages):
    for login, path, answer in pages:
        assert answer.status_code == status(login, path), (login, path)
        controls = Controls()
        controls.feed(answer.text)
        assert controls.nameless == [], (login, path)
        assert controls.headings == 1 or "/documents/" in path, (login, path)
        script_only = "customer=" in path
        assert controls.primary <= 1 + script_only, (login, path)


def test_every_table_has_a_name():
    for path in HERE.glob("templates/**/*.html"):
        for table in re.findall(r"<table[^>]*>", path.read_text("utf-8")):
            assert "aria-label" in table, (path, table)


def test_no_page_gives_two_elements_the_same_id(pages):
    for login, path, answer in pages:
        ids = Counter(re.findall(r'<[^>]*\sid="([^"]*)"', answer.text))
        assert [i for i, times in ids.items() if times > 1] == [], (login, path)


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        ("category", Category),
        ("cooperation", CooperationType),
        ("status", Status),
        ("module", Module),
        ("grade", Grade),
        ("filing", Filing),
        ("processing", Processing),
        ("department", Department),
        ("role", Role),
        ("action", Action),
        ("decision", Decision),
        ("sort", Sort),
        ("reason", Reason),
        ("kind", parse(packaged(None)).kinds.by_code),
        ("field", parse(packaged(None)).fields.by_key),
    ],
)
def test_every_code_has_a_word(table, codes):
    assert {str(c) for c in codes} <= set(labels.TABLES[table])


def test_every_note_has_a_word():
    assert refusals.Unavailable("x").sentence == labels.NO_ANSWER
    assert {str(n) for n in Note} == set(sentences.NOTES)
    assert str(TextNote.NO_TEXT) in labels.REASON
    refused = media.refused("text/html", "a.exe"), media.refused("text/html", "a.pdf")
    assert refused == sentences.NOT_TAKEN


def test_every_refusal_has_a_status():
    def under(kind):
        return {kind, *(c for child in kind.__subclasses__() for c in under(child))}

    named = {c for c in under(refusals.Refusal) if c.__module__ == "service.errors"}
    assert named - {refusals.Refusal} == set(errors.STATUS)


def test_every_problem_a_service_names_has_a_sentence():
    root = Path(refusals.__file__).parent
    named = set()
    for path in root.rglob("*.py"):
        text = path.read_text("utf-8")
        named |= set(re.findall(r'fields=\{[^}]*?: "([a-z_]+)"\}', text))
    internal = {"invalid", "window", "used", "repeated", "json"}
    assert named - internal <= set(labels.PROBLEM)
