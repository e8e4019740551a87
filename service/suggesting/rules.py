"""The rules of suggestions, read once from the packaged file."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class KindRule:
    """What speaks for a kind of document, and what against it."""

    code: str
    heading: tuple[re.Pattern[str], ...]
    name: tuple[re.Pattern[str], ...]
    text: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class ValueRule:
    """The labels before a value (each with how sure it makes), and how sure it is without."""

    what: str
    labels: tuple[tuple[str, float], ...]
    bare: float


@cache
def kind_rules() -> tuple[KindRule, ...]:
    """Return the rules of kinds, in the order of the file."""
    return tuple(
        KindRule(
            one["code"],
            _patterns(one.get("heading", ())),
            _patterns(one.get("name", ())),
            _patterns(one.get("text", ())),
            re.compile(one["unless"], re.IGNORECASE) if "unless" in one else None,
        )
        for one in _rules()["kind"]
    )


@cache
def value_rules() -> dict[str, ValueRule]:
    """Return the rules of values by what they find."""
    return {
        one["what"]: ValueRule(one["what"], _labels(one), one["bare"]) for one in _rules()["value"]
    }


def _labels(one: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    said = [(one["labels"], one["sure"]), (one.get("weak", ()), one.get("less", 0.0))]
    return tuple(
        ("|".join(f"(?:{label})" for label in labels), sure) for labels, sure in said if labels
    )


@cache
def _rules() -> dict[str, list[dict[str, Any]]]:
    text = resources.files(__package__).joinpath("rules.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _patterns(written: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one, re.IGNORECASE) for one in written)
