"""What the index of a customer category holds: the JSON files of `mappings`, for both engines."""

import hashlib
import json
from dataclasses import fields as dataclass_fields
from functools import cache
from importlib import resources
from typing import Any

from service import personal_numbers
from service.codes import Category
from service.search.analysis import BREAK, analyzer
from service.search.port import SearchDocument

#: The fields of text, and how much a hit in each counts.
TEXT = {"title_t": 3.0, "customer_t": 2.0, "body_t": 1.0}

#: A phrase found in several fields counts for the best one, plus this much of the others.
TIE = 0.1


_MEMBERS = tuple(member.name for member in dataclass_fields(SearchDocument))


@cache
def index_body(category: Category) -> dict[str, Any]:
    """Return settings and mappings of one category's index, its analyser written into it."""
    body: dict[str, Any] = _read("common")
    own = _read(category)
    mappings = body["mappings"]
    mappings["properties"].update(own["properties"])
    mappings["_meta"] = own["_meta"] | meta()
    return body


@cache
def fields() -> dict[str, dict[str, Any]]:
    """Return the fields of all categories together, for an engine with a single index."""
    together: dict[str, dict[str, Any]] = {}
    for category in Category:
        together |= index_body(category)["mappings"]["properties"]
    return together


def stored() -> tuple[str, ...]:
    """Return the fields that an engine gives back with a hit."""
    return tuple(_read("common")["mappings"]["_source"]["includes"])


@cache
def meta() -> dict[str, str]:
    """Return what a generation must have been built with to be searched by this program."""
    texts = [json.dumps(_read(name), sort_keys=True) for name in ("common", *Category)]
    return {
        "analyzer": analyzer(),
        "numbers": personal_numbers.VERSION,
        "schema": hashlib.sha256("\n".join(texts).encode()).hexdigest(),
    }


def values(document: SearchDocument) -> dict[str, Any]:
    """Return a document as both engines index it.

    Every text begins with a break: so each document has each field, which the engines would
    otherwise count differently, and each index has a token that its statistics can be asked by.
    """
    every = ((name, getattr(document, name)) for name in _MEMBERS)
    found = {name: value for name, value in every if value is not None}
    found |= {name: f"{BREAK} {found[name]}".rstrip() for name in TEXT}
    if document.dated:
        found["dated"] = document.dated.isoformat()
    return found


def _read(name: str) -> dict[str, Any]:
    text = resources.files("mappings").joinpath(f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
