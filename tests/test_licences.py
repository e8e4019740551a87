"""What the archive is built on may be given away with it: permissive, or LGPL used unmodified."""

import re
from importlib import metadata
from pathlib import Path

import pytest

LOCK = Path(__file__).parent.parent / "requirements.lock"
FREE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|Python Software Foundation|PSF|Unlicense|HPND|MPL|Mozilla|Zlib|CC0|"
    r"0BSD|Zope|ZPL|public domain)\b",
    re.IGNORECASE,
)
COPYLEFT = re.compile(r"\b(A?GPL|(Affero )?General Public License)(v?\d|\b)", re.IGNORECASE)
LESSER = re.compile(r"LGPL|Lesser General Public License", re.IGNORECASE)
#: weaker copyleft, each imported as it was published
UNMODIFIED = {"psycopg", "psycopg-binary", "python-stdnum"}
#: packages whose metadata names no licence; what their licence file says
STATED: dict[str, str] = {}


def locked():
    pins = re.findall(r"^([A-Za-z0-9._-]+)==\S+(.*)$", LOCK.read_text("utf-8"), re.MULTILINE)
    return {name for name, marker in pins if _installed(name) or not marker.strip(" \\")}


def _installed(name):
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def licence(name):
    """Return what a package says of its licence: expression, else classifiers, else first line."""
    about = metadata.metadata(name).json
    classifiers = [c for c in about.get("classifier", []) if c.startswith("License ::")]
    first = str(about.get("license", "")).strip().splitlines()[:1]
    return str(about.get("license_expression", "")) or "; ".join(classifiers) or "".join(first)


def acceptable(name, text):
    if LESSER.search(text):
        return name in UNMODIFIED
    return bool(FREE.search(text)) and not (COPYLEFT.search(text) and " OR " not in text)


def test_every_package_has_an_acceptable_licence():
    found = {name: STATED.get(name) or licence(name) for name in sorted(locked())}
    assert {name: text for name, text in found.items() if not acceptable(name, text)} == {}


@pytest.mark.parametrize(
    ("name", "text", "good"),
    [
        ("flask", "BSD-3-Clause", True),
        ("psycopg", "LGPL-3.0-only", True),
        ("other", "LGPL-3.0-only", False),
        ("other", "License :: OSI Approved :: GNU General Public License v3 (GPLv3)", False),
        ("other", "AGPL-3.0-or-later", False),
        ("other", "GPL-2.0-only OR MIT", True),
        ("other", "Proprietary", False),
        ("other", "", False),
    ],
)
def test_a_licence_is_judged(name, text, good):
    assert acceptable(name, text) == good
