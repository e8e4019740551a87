"""The packaged rules as data, and how their TOML becomes something to ask.

Strict: an unknown word anywhere is a `PolicyError`, so that a typing mistake never opens or
closes a door.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path

from service.policy.rules import DoRules, Fields, Kinds, Limits, PolicyError, ReadRules

#: the kinds of policy text, each a TOML file in this package
KINDS = ("roles", "kinds", "fields", "limits")


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy set, parsed: what governs a call. `id` and `sha256` go into every event."""

    id: str
    sha256: str
    kinds: Kinds
    read: ReadRules
    do: DoRules
    fields: Fields
    limits: Limits


def digest(text: str) -> str:
    """Return the SHA-256 of a policy text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def set_digest(texts: Mapping[str, str]) -> str:
    """Return the SHA-256 of a whole set: over `kind:sha256` lines in the order of kinds."""
    lines = "".join(f"{kind}:{digest(texts[kind])}\n" for kind in sorted(texts))
    return hashlib.sha256(lines.encode()).hexdigest()


def packaged(folder: Path | None = None) -> dict[str, str]:
    """Return the policy texts by kind: from `folder` where it has them, else those shipped."""
    here = resources.files(__package__)
    texts = {}
    for kind in KINDS:
        own = folder / f"{kind}.toml" if folder else None
        source = own if own and own.exists() else here / f"{kind}.toml"
        texts[kind] = source.read_text(encoding="utf-8")
    return texts


def _toml(kind: str, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"{kind}.toml: {error}"
        raise PolicyError(message) from error


def parse(texts: Mapping[str, str], *, set_id: str = "") -> Policy:
    """Turn policy texts into a `Policy`; raises `PolicyError` that names file and word."""
    return replace(_parsed(*(texts[kind] for kind in KINDS)), id=set_id)


@lru_cache(maxsize=8)
def _parsed(*in_order: str) -> Policy:
    """Parse once: the start checks what is packaged, and mostly just that governs."""
    texts = dict(zip(KINDS, in_order, strict=True))
    kinds = Kinds.parse(_toml("kinds", texts["kinds"]))
    roles = _toml("roles", texts["roles"])
    return Policy(
        id="",
        sha256=set_digest(texts),
        kinds=kinds,
        read=ReadRules.parse(roles, kinds),
        do=DoRules.parse(roles, kinds),
        fields=Fields.parse(_toml("fields", texts["fields"])),
        limits=Limits.parse(_toml("limits", texts["limits"])),
    )


__all__ = ["KINDS", "Policy", "PolicyError", "digest", "packaged", "parse", "set_digest"]
