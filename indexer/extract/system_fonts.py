"""Finds Chinese fonts of the system, by the names of their files."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_FOLDERS: Final = ("/usr/share/fonts", "/usr/local/share/fonts")
#: Files that hold Chinese letters, the best first.
SERIF: Final = (
    "NotoSerifCJK-Regular.ttc",
    "NotoSerifCJKsc-Regular.otf",
    "SourceHanSerif-Regular.ttc",
    "SourceHanSerifSC-Regular.otf",
    "simsun.ttc",
)
SANS: Final = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "SourceHanSans-Regular.ttc",
    "SourceHanSansSC-Regular.otf",
    "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "msyh.ttc",
)


def files() -> Mapping[str, Path]:
    """Return where the fonts are that are there, by name."""
    return {
        name: Path(folder, name)
        for root in _FOLDERS
        for folder, _, names in os.walk(root)
        for name in names
        if name in SERIF or name in SANS
    }


def first(names: Iterable[str], found: Mapping[str, Path]) -> Path | None:
    """Return the best of these fonts that is there."""
    return next((found[name] for name in names if name in found), None)
