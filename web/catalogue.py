"""The translation catalogues: which messages the sources hold, and what is missing.

Pages mark their texts with `_` and its like. A refusal's sentence needs no mark: the first
argument of its class is the message (the second of `Unavailable`), and so are the sentences of
its `fields`.
"""

import ast
import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
FOLDERS = ("web", "service", "indexer")
METHODS = [("**.html", "jinja2"), ("**.py", "python")]
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2)}

#: class of a refusal → which argument is its sentence
SENTENCES = {
    **dict.fromkeys(
        (
            "Unauthenticated Denied StepUp NotFound Hidden Invalid TooLarge Unsupported "
            "Unsatisfiable Conflict Stale Unconditional TooMany"
        ).split(),
        0,
    ),
    "Unavailable": 1,
}


def refusal_sentences(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every sentence with which a refusal is made."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node) in SENTENCES:
            place = SENTENCES[_called(node)]
            fields = [k.value for k in node.keywords if k.arg == "fields"]
            for sentence in [*node.args[place : place + 1], *fields]:
                yield from _texts(sentence)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _texts(node: ast.expr) -> Iterator[tuple[int, str]]:
    """Yield the strings of an expression; of a mapping only the values."""
    match node:
        case ast.Constant(value=str(text)) if text:
            yield node.lineno, text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)
        case ast.Dict(values=values):
            for value in values:
                yield from _texts(value)


def messages(root: Path = ROOT) -> Catalog:
    """Collect every message of the sources."""
    found = Catalog(project="guidang", charset="utf-8")
    for folder in FOLDERS:
        for name, line, message, comments, context in extract_from_dir(
            root / folder,
            METHODS,
            {"**.html": {"silent": "false"}},
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
            strip_comment_tags=True,
        ):
            place = [(f"{folder}/{name}", line)]
            found.add(message, None, place, auto_comments=comments, context=context)
        for path in sorted((root / folder).rglob("*.py")):
            for line, text in refusal_sentences(path.read_text("utf-8")):
                found.add(text, None, [(str(path.relative_to(root)), line)])
    return found


def read(po: Path) -> Catalog:
    """Read a catalogue; its folder tells the language."""
    with po.open("rb") as file:
        return read_po(file, locale=po.parent.parent.name, domain=po.stem)


def untranslated(catalogue: Catalog) -> list[str]:
    """Name the messages that have no translation, or one that is only guessed."""
    return [
        str(message.id)
        for message in catalogue
        if message.id and (message.fuzzy or not all(_strings(message.string)))
    ]


def _strings(translation: str | tuple[str, ...] | list[str] | None) -> list[str]:
    if translation is None or isinstance(translation, str):
        return [translation or ""]
    return list(translation)


def update(po: Path) -> int:
    """Bring a catalogue up to date with the sources; return how many messages lack a translation.

    Neither dates nor line numbers are written: they would change with every edit of a source.
    """
    catalogue, template = read(po), messages()
    template.creation_date = catalogue.creation_date
    catalogue.update(template, no_fuzzy_matching=True)
    with po.open("wb") as file:
        write_po(file, catalogue, width=100, include_lineno=False, ignore_obsolete=True)
    return len(untranslated(catalogue))


def compiled(po: Path) -> bytes:
    """Compile a catalogue for gettext."""
    target = io.BytesIO()
    write_mo(target, read(po))
    return target.getvalue()
