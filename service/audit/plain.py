"""Plain bodies, read by one pattern: what nearly every body of the log looks like.

A body that fits is in its one canonical form: members sorted, each once, printable ASCII without
escapes, integers that every reader of JSON has, no null, no fractions. A body that does not fit
may be right all the same; `service/audit/walking.py` reads that as what it is. So the pattern
may be narrow, and must never be wide.
"""

import re
from collections.abc import Iterable
from typing import Any

from service.audit.entries import COLUMNS

_CHARACTERS = r"[ !#-\[\]-~]*+"
_TEXT = f'"{_CHARACTERS}"'
_NUMBER = r"(?:0|[1-9][0-9]{0,14}+)"
_TEXTS = rf"\[{_TEXT}(?:,{_TEXT})*+\]"


def _column(name: str) -> str:
    return f'"(?P<{name}>{_CHARACTERS})"'


def _number_column(name: str) -> str:
    return f"(?P<{name}>{_NUMBER})"


def _object(*members: tuple[str, str], needed: Iterable[str] = ()) -> str:
    """Return the pattern of an object: members in their order, which is that of their names.

    Commas stand behind each member up to the last that is needed, and before each one after it.
    """
    names = [name for name, _ in members]
    if names != sorted(set(names)):
        message = "members out of their order"
        raise ValueError(message)
    last = max((names.index(name) for name in needed), default=len(names))
    pattern = ""
    for place, (name, value) in enumerate(members):
        before, after = "," if place > last else "", "," if place < last else ""
        if last == len(names):
            after = r"(?:,(?=\")|(?=\}))"
        member = f'{before}"{name}":{value}{after}'
        pattern += member if name in needed else f"(?:{member})?+"
    return rf"\{{{pattern}\}}"


_STATES = _object(("category", _TEXT), ("filing", _TEXT), ("state", _TEXT), ("status", _TEXT))

_BODY = _object(
    ("action", _column("action")),
    (
        "actor",
        _object(
            ("dept", _column("dept")),
            ("id", _column("actor")),
            ("kind", _TEXT),
            ("roles", _TEXTS),
            needed={"kind"},
        ),
    ),
    ("after", _STATES),
    ("app", _TEXT),
    ("before", _STATES),
    ("categories", rf"\[{_column('category')}(?:,{_TEXT})*+\]"),
    ("cause", _NUMBER),
    ("customer", _column("customer")),
    ("decision", _column("decision")),
    ("detail", _column("detail")),
    ("grade", _column("grade")),
    ("modules", _TEXTS),
    (
        "object",
        _object(
            *(("id", _column("object")), ("type", _column("object_type")), ("version", _TEXT)),
            needed={"type"},
        ),
    ),
    ("part", _object(("from", _NUMBER), ("page", _NUMBER), ("to", _NUMBER))),
    ("phase", _column("phase")),
    ("policy", _object(("id", _TEXT), ("sha256", _TEXT), needed={"id", "sha256"})),
    ("purpose", _TEXT),
    ("ref", _number_column("ref")),
    (
        "result",
        _object(
            *(("bytes", _NUMBER), ("complete", "(?:true|false)"), ("count", _NUMBER)),
            *(("error", _TEXT), ("ids_digest", _TEXT)),
        ),
    ),
    ("rule", _TEXT),
    ("seq", _number_column("seq")),
    ("sess", _TEXT),
    ("ts", _column("ts")),
    ("v", _NUMBER),
    ("verb", _column("verb")),
    ("via", _TEXT),
    needed={"action", "actor", "phase", "seq", "ts", "verb", "via"},
)

_PATTERN = re.compile(_BODY)
_FIT = _PATTERN.fullmatch

_WANTED = tuple(_PATTERN.groupindex[name] for name in (*COLUMNS, "detail"))

#: What a body says: the values of `COLUMNS`, and what it commits to.
Said = tuple[Any, ...]


def said(body: bytes) -> Said | None:
    """Return what a body says if it is plain."""
    match = _FIT(body.decode("ascii", "replace")) if type(body) is bytes else None
    if match is None:
        return None
    seq, ts, phase, ref, *others = match.group(*_WANTED)
    return (int(seq), ts, phase, ref if ref is None else int(ref), *others)
