"""Notes as files of a folder: another disk, or a share of another machine."""

import os
from pathlib import Path

from service.anchors.port import PlaceError


class Folder:
    """A folder. Nobody can say from here whether it is out of the reach of who runs this host."""

    name = "folder"
    outside = False

    def __init__(self, path: Path) -> None:
        """Use a folder; it is made with the first note."""
        self._path = path

    def put(self, name: str, text: str) -> None:
        """Write a file that nobody may change; one that is there stays."""
        path = self._path / name
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists():
                return
            draft = path.with_name(f".{name}.{os.getpid()}")
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o400)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            message = f"the folder does not take notes: {error.strerror}"
            raise PlaceError(message) from error

    def notes(self, newest: int) -> list[str]:
        """Return the newest notes: their names begin with the size."""
        try:
            paths = sorted(self._path.glob("*.note"), reverse=True)[:newest]
            return [path.read_text(encoding="utf-8", errors="replace") for path in paths]
        except OSError as error:
            message = f"the folder does not give notes: {error.strerror}"
            raise PlaceError(message) from error
