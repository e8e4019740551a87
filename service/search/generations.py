"""The folders of the embedded index: one per generation, and `CURRENT` naming the live one."""

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

_CURRENT = "CURRENT"
_META = "guidang.json"


def new_name() -> str:
    """Return the name of a new generation; later ones sort after earlier ones."""
    return f"{datetime.now(UTC):%Y%m%d%H%M%S%f}{secrets.token_hex(2)}"


class Generations:
    """Generations below one folder on a local disk."""

    def __init__(self, root: Path) -> None:
        """Use `root`; it is made when the first generation is."""
        self.root = root

    def current(self) -> str | None:
        """Return the live generation, or None if there never was one."""
        try:
            return (self.root / _CURRENT).read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def make_current(self, name: str) -> None:
        """Name the live generation in one step that survives a power cut."""
        draft = self.root / f"{_CURRENT}.{name}"
        with draft.open("w", encoding="ascii") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.root / _CURRENT)
        self._sync()

    def create(self, meta: Mapping[str, str]) -> str:
        """Make the folder of a new generation and note what it is built with."""
        name = new_name()
        folder = self.path(name)
        folder.mkdir(parents=True)
        (folder / _META).write_text(json.dumps(meta), encoding="utf-8")
        return name

    def path(self, name: str) -> Path:
        """Return the folder of a generation."""
        if not name.isalnum():
            raise ValueError(name)
        return self.root / name

    def meta(self, name: str) -> dict[str, str]:
        """Return what a generation was built with; empty if it cannot be told."""
        try:
            text = (self.path(name) / _META).read_text(encoding="utf-8")
            loaded: dict[str, str] = json.loads(text)
        except (FileNotFoundError, ValueError):
            return {}
        return loaded

    def drop(self, name: str) -> None:
        """Remove a generation's folder."""
        shutil.rmtree(self.path(name), ignore_errors=True)

    def before(self, name: str) -> list[str]:
        """Return the generations that were made before another one."""
        found = [path.name for path in self.root.iterdir() if path.is_dir()]
        return sorted(other for other in found if other.isalnum() and other < name)

    def _sync(self) -> None:
        descriptor = os.open(self.root, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
