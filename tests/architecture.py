"""The rules of the house as functions: each takes a path and its source, and yields findings.

tests/test_architecture.py applies them to the tree, and to a good and a bad example each.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import PurePosixPath

from web.catalogue import SENTENCES

Rule = Callable[[str, str], Iterator[str]]

PRODUCT = ("service", "indexer", "web", "mappings")
COMMAND = "service/__main__.py"

#: who may import whom; the command starts everything
MAY_IMPORT = {
    "web": {"web", "service"},
    "indexer": {"indexer", "service", "mappings"},
    "service": {"service", "mappings"},
    "mappings": {"mappings"},
}
#: library → the only places in the product that may import it
HOME = {
    **dict.fromkeys(
        "flask flask_wtf flask_babel flask_bootstrap flask_login apiflask marshmallow webargs "
        "apispec werkzeug wtforms jinja2 babel".split(),
        ("web/",),
    ),
    "gunicorn": ("web/", COMMAND),
    **dict.fromkeys(["sqlalchemy", "alembic", "psycopg", "sqlite3"], ("service/",)),
    **dict.fromkeys(["elasticsearch", "elastic_transport"], ("service/search/elastic.py",)),
    "tantivy": ("service/search/embedded.py",),
    "minio": ("service/blobs/s3.py", "service/anchors/bucket.py"),
    **dict.fromkeys(
        "pypdfium2 pypdfium2_raw pypdf pdfminer docx pptx python_calamine rapidocr onnxruntime "
        "office_oxide ofdkit selectolax lxml tarfile chardet".split(),
        ("indexer/extract/",),
    ),
    "email": ("indexer/extract/", "service/anchors/mail.py"),
    **dict.fromkeys(["zipfile", "xml"], ("indexer/extract/", "service/bundles/")),
    **dict.fromkeys(
        "magic rjieba pypinyin stdnum cryptography argon2 rfc8785 zlib_ng".split(), ("service/",)
    ),
    **dict.fromkeys(["tink", "hypothesis", "pytest", "reportlab", "playwright"], ()),
}
#: names that say nothing about what is inside
EMPTY_NAMES = re.compile(
    r"(utils?|helpers?|common|managers?|handlers?|base|misc|core)(_.*)?|.*_(utils?|helpers?)"
)
LONGEST = 400
#: longer files, each with its reason
LONG = {
    "service/migrations/versions/0001_first_tables.py": "every table once, in the order of DATA",
    "service/bundles/verify.py": "one file that an auditor carries: it imports nothing of ours",
    "service/search/embedded.py": "one engine whole: nobody else may import tantivy",
}
#: who may begin or commit; everybody else enters `db.write()`, and pages not even that
TRANSACTIONS = {
    "service/db.py": "the two kinds of transactions",
    "service/schema.py": "migrations",
    "service/keystore/database.py": "a database of its own",
}
SESSIONS = {"session", "_session", "db", "connection", "engine"}
#: who may look at the environment
ENVIRONMENT = {"service/settings.py": "reads the settings"}
#: what lives longer than a call, and is therefore made in one place and handed down
CLIENTS = {"create_engine", "sessionmaker", "scoped_session", "Elasticsearch", "Minio"}
CLIENTS |= {"Flask", "APIFlask", "Archive", "Session", "urlopen", "connect"}


def layers(path: str, source: str) -> Iterator[str]:
    """Imports go down: web → service → mappings, indexer → service and mappings."""
    top = PurePosixPath(path).parts[0]
    if path == COMMAND or top not in MAY_IMPORT:
        return
    ours = {*PRODUCT, "tests"}
    for line, module in _imports(source):
        imported = module.split(".")[0]
        if imported in ours and imported not in MAY_IMPORT[top]:
            yield f"{line}: {top} must not import {module}"


def libraries(path: str, source: str) -> Iterator[str]:
    """A library is imported where it lives, and nowhere else."""
    for line, module in _imports(source):
        homes = HOME.get(module.split(".")[0])
        if homes is not None and not path.startswith(homes):
            yield f"{line}: {module} is imported in {', '.join(homes) or 'tests'} only"


def absolute_imports(path: str, source: str) -> Iterator[str]:
    """A name says where the thing is."""
    for node in _nodes(source):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"{node.lineno}: relative import"


def no_test_mode(path: str, source: str) -> Iterator[str]:
    """The product does not know that it is being tested."""
    for number, line in enumerate(source.splitlines(), 1):
        if re.search(r"\bTESTING\b|PYTEST_CURRENT_TEST|sys\.modules.*pytest", line):
            yield f"{number}: asks whether it is tested"


def no_module_clients(path: str, source: str) -> Iterator[str]:
    """Clients and the archive are made in one function and handed down."""
    for statement in _tree(source).body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and _name(node.func) in CLIENTS:
                yield f"{node.lineno}: {_name(node.func)} at import"


def environment(path: str, source: str) -> Iterator[str]:
    """The environment is read once, into Settings."""
    if path in ENVIRONMENT:
        return
    for node in _nodes(source):
        if isinstance(node, ast.Attribute | ast.Name) and _name(node) in {"environ", "getenv"}:
            yield f"{node.lineno}: reads the environment"


def transactions(path: str, source: str) -> Iterator[str]:
    """Transactions begin and commit in the files that are about them; a page opens a call."""
    if path in TRANSACTIONS:
        return
    verbs = {"begin", "commit"} | ({"read", "write"} if path.startswith("web/") else set())
    for node in _nodes(source):
        match node:
            case ast.Call(func=ast.Attribute(attr=verb, value=owner)) if (
                verb in verbs and _name(owner) in SESSIONS
            ):
                yield f"{node.lineno}: {_name(owner)}.{verb}()"


def telling_names(path: str, source: str) -> Iterator[str]:
    """A module is named by what it is about."""
    for part in PurePosixPath(path).with_suffix("").parts:
        if EMPTY_NAMES.fullmatch(part):
            yield f"1: the name {part} does not say what is inside"


def short_files(path: str, source: str) -> Iterator[str]:
    """A file fits into one's mind."""
    length = len(source.splitlines())
    if length > LONGEST and path not in LONG:
        yield f"{length}: more than {LONGEST} lines: split it by noun, or give the reason in LONG"


def plain_sentences(path: str, source: str) -> Iterator[str]:
    """A refusal's sentence is a message id; values go into its params."""
    for node in _nodes(source):
        if not isinstance(node, ast.Call) or _name(node.func) not in SENTENCES:
            continue
        place = SENTENCES[_name(node.func)]
        for sentence in node.args[place : place + 1]:
            if any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in ast.walk(sentence)):
                yield f"{sentence.lineno}: the sentence holds values: it cannot be translated"


def no_chinese_code(path: str, source: str) -> Iterator[str]:
    """Chinese texts of pages are in the catalogue."""
    if not path.startswith("web/"):
        return
    for node in _nodes(source):
        # only where the value has some: a character may be written as its number
        if isinstance(node, ast.Constant) and _HAN.search(str(node.value)):
            written = ast.get_source_segment(source, node) or ""
            if _HAN.search(written):
                yield f"{node.lineno}: Chinese text outside the catalogue"


def honest_tests(path: str, source: str) -> Iterator[str]:
    """Tests run, wait for nothing by the clock, and mock none of our own code."""
    if not PurePosixPath(path).name.startswith(("test_", "conftest")):
        return
    for line, module in _imports(source):
        if module.startswith("unittest.mock"):
            yield f"{line}: mocks"
    for node in _nodes(source):
        if isinstance(node, ast.Attribute | ast.Name) and _dotted(node) in _DISHONEST:
            yield f"{node.lineno}: {_dotted(node)}"


def no_chinese_template(path: str, source: str) -> Iterator[str]:
    """A template holds English message ids; the name of a language is written in it."""
    text = re.sub(r"\{#.*?#\}", _same_lines, source, flags=re.DOTALL).replace("中文", "")
    for number, line in enumerate(text.splitlines(), 1):
        if _HAN.search(line):
            yield f"{number}: Chinese text outside the catalogue"


def no_inline(path: str, source: str) -> Iterator[str]:
    """The content security policy forbids inline style and script, and so does this."""
    page = _JINJA.sub(_same_lines, source)
    for text, signs in ((page, _INLINE), (source, _UNSAFE)):
        for number, line in enumerate(text.splitlines(), 1):
            for sign, pattern in signs.items():
                if pattern.search(line):
                    yield f"{number}: {sign}"


_HAN = re.compile(r"[㐀-䶿一-鿿，。：；？！（）]")
_JINJA = re.compile(r"\{[{%#].*?[}%#]\}", re.DOTALL)
_DISHONEST = {"time.sleep", "sleep", "pytest.skip", "pytest.xfail", "pytest.importorskip"}
_DISHONEST |= {"pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail", "unittest.skip"}
_INLINE = {
    "style attribute": re.compile(r"\sstyle\s*="),
    "style element": re.compile(r"<style\b"),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)"),
    "event attribute": re.compile(r"\son[a-z]+\s*="),
    "script address": re.compile(r"javascript:"),
}
_UNSAFE = {
    "render_icon writes a style": re.compile(r"\brender_icon\("),
    "unescaped value": re.compile(r"\|\s*safe\b|autoescape\s+false"),
}


@lru_cache(maxsize=1)  # one rule after the other looks at the same file
def _tree(source: str) -> ast.Module:
    return ast.parse(source)


@lru_cache(maxsize=1)
def _nodes(source: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_tree(source)))


def _imports(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and module of every import, also those inside functions."""
    for node in _nodes(source):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return f"{_dotted(owner)}.{name}"
    return ""


def _same_lines(comment: re.Match[str]) -> str:
    return "\n" * comment[0].count("\n")


PRODUCT_RULES: tuple[Rule, ...] = (
    layers,
    libraries,
    absolute_imports,
    no_test_mode,
    no_module_clients,
    environment,
    transactions,
    telling_names,
    short_files,
    plain_sentences,
    no_chinese_code,
)
TEST_RULES: tuple[Rule, ...] = (absolute_imports, telling_names, honest_tests)
TEMPLATE_RULES: tuple[Rule, ...] = (no_chinese_template, no_inline)
