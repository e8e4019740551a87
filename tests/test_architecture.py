"""The tree keeps the rules of the house, and the rules can tell good from bad."""

from functools import cache
from pathlib import Path

import pytest

from tests import architecture
from tests.architecture import PRODUCT, PRODUCT_RULES, TEMPLATE_RULES, TEST_RULES
from tests.mutants import MUTANTS

ROOT = Path(__file__).parent.parent

#: rule → (path, good source), (path, bad source)
EXAMPLES: dict[str, list[tuple[str, str | None, str | None]]] = {
    "layers": [
        ("web/pages/home.py", "from service import finding", "from indexer import worker"),
        ("service/jobs.py", "from service.ids import new", "def go():\n    import web.guard"),
        ("indexer/worker.py", "from mappings import load", "import tests.factories"),
    ],
    "libraries": [
        ("service/jobs.py", "from sqlalchemy import select", "from flask import g"),
        ("web/guard.py", "from flask import g", "from sqlalchemy.orm import Session"),
        ("service/finding.py", "import json", "import tantivy"),
        ("service/search/embedded.py", "import tantivy", "import elasticsearch"),
        ("indexer/worker.py", "import struct", "import pypdfium2"),
    ],
    "absolute_imports": [
        ("service/jobs.py", "from service import ids", "from . import ids"),
    ],
    "no_test_mode": [
        ("web/guard.py", "if settings.demo: pass", 'if app.config["TESTING"]: pass'),
    ],
    "no_module_clients": [
        ("service/db.py", "def f(): return create_engine(u)", "ENGINE = create_engine(u)"),
        ("web/app.py", "def f(): return Flask(__name__)", "app = Flask(__name__)"),
    ],
    "environment": [
        ("service/jobs.py", "limit = settings.limit", "limit = os.environ['LIMIT']"),
    ],
    "transactions": [
        ("service/customers.py", "writer.commit()", "call.db.commit()"),
        ("service/signins.py", "archive.db.write()", "archive.db.begin()"),
        ("web/guard.py", "g.archive.call(g.actor)", "g.archive.db.write()"),
    ],
    "telling_names": [
        ("service/customers.py", "", None),
        ("service/utils.py", None, ""),
        ("service/search_helpers.py", None, ""),
        ("service/models/base.py", None, ""),
    ],
    "short_files": [
        ("service/jobs.py", "x = 1\n" * 400, "x = 1\n" * 401),
    ],
    "plain_sentences": [
        (
            "service/jobs.py",
            'raise Invalid("No %(name)s.", name=name)',
            'raise Invalid(f"No {name}.")',
        ),
        (
            "service/jobs.py",
            'raise Unavailable(f"{part}")',
            'raise Unavailable("log", "No %s." % name)',
        ),
    ],
    "no_chinese_code": [
        ("web/guard.py", '_("Sign in")  # 登录', '_("登录")'),
        ("service/names.py", 'MARK = "档"', None),
    ],
    "honest_tests": [
        ("tests/test_x.py", "clock.advance(1)", "time.sleep(1)"),
        ("tests/test_x.py", "@pytest.mark.live\ndef test(): ...", "pytest.skip('later')"),
        ("tests/test_x.py", "from service import jobs", "from unittest.mock import patch"),
    ],
    "no_chinese_template": [
        ("home.html", "{# 首页 #}<h1>{{ _('Home') }}</h1>", "<h1>首页</h1>"),
        ("home.html", "<a lang=zh>中文</a>", "<p>{{ name }}，</p>"),
        ("home.html", "{{ _('The command “verify” checks it.') }}", "{{ _('登录') }}"),
    ],
    "no_inline": [
        ("home.html", "<p class=x>", '<p style="color:red">'),
        ("home.html", '{% macro post(style="plain") %}', '<p style="width:{{ share }}%">'),
        ("home.html", '<script src="a.js"></script>', "<script>go()</script>"),
        ("home.html", "<button name=on>", '<button onclick="go()">'),
        ("home.html", "{{ icon('x') }}", "{{ render_icon('x') }}"),
        ("home.html", "{{ text }}", "{{ text|safe }}"),
    ],
}
SPLIT = [
    (name, path, source, bad)
    for name, examples in EXAMPLES.items()
    for path, good, wrong in examples
    for source, bad in ((good, False), (wrong, True))
    if source is not None
]


#: rules → where the files are that keep them
KEEPERS = {
    PRODUCT_RULES: (PRODUCT, "*.py"),
    TEST_RULES: (("tests",), "*.py"),
    TEMPLATE_RULES: (("web/templates",), "*.html"),
}


@cache
def findings(rules):
    """Return what each rule finds; all look at a file before the next one is parsed."""
    tops, pattern = KEEPERS[rules]
    found: dict[object, list[str]] = {rule: [] for rule in rules}
    for top in tops:
        for file in sorted((ROOT / top).rglob(pattern)):
            path, source = file.relative_to(ROOT).as_posix(), file.read_text("utf-8")
            for rule in rules:
                found[rule] += [f"{path}:{finding}" for finding in rule(path, source)]
    return found


def assert_kept(rule, rules):
    found = findings(rules)[rule]
    assert not found, "\n".join([f"{rule.__doc__}", *found])


@pytest.mark.parametrize("rule", PRODUCT_RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule):
    assert_kept(rule, PRODUCT_RULES)


@pytest.mark.parametrize("rule", TEST_RULES, ids=lambda rule: rule.__name__)
def test_the_tests_keep_the_rule(rule):
    assert_kept(rule, TEST_RULES)


@pytest.mark.parametrize("rule", TEMPLATE_RULES, ids=lambda rule: rule.__name__)
def test_the_templates_keep_the_rule(rule):
    assert_kept(rule, TEMPLATE_RULES)


@pytest.mark.parametrize(("name", "path", "source", "bad"), SPLIT)
def test_a_rule_tells_good_from_bad(name, path, source, bad):
    assert bool(list(getattr(architecture, name)(path, source))) == bad


def test_every_rule_has_a_good_and_a_bad_example():
    for rule in {*PRODUCT_RULES, *TEST_RULES, *TEMPLATE_RULES}:
        assert {bad for name, _, _, bad in SPLIT if name == rule.__name__} == {False, True}


def test_the_command_is_the_only_module_that_may_import_everything():
    assert list(architecture.layers("service/__main__.py", "import web.app, indexer.worker")) == []
    assert list(architecture.layers("service/archive.py", "import web.app"))


@pytest.mark.parametrize(
    ("rule", "exceptions"),
    [
        (architecture.short_files, architecture.LONG),
        (architecture.transactions, architecture.TRANSACTIONS),
        (architecture.environment, architecture.ENVIRONMENT),
    ],
)
def test_an_exception_that_nobody_needs_any_more_is_removed(rule, exceptions):
    for path in exceptions:
        assert list(rule("elsewhere.py", (ROOT / path).read_text("utf-8"))), path


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_guard_that_is_taken_out_on_trial_stands_once_in_its_file(mutant):
    assert (ROOT / mutant.file).read_text("utf-8").count(mutant.old) == 1
    assert all((ROOT / test.partition("::")[0]).exists() for test in mutant.tests)
