"""Private folders, in memory where there is room, that nothing of a file outlives.

Whoever uses one holds a lock on it, so that a worker that starts knows what a crash left.
"""

import fcntl
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from indexer.extract.isolation import OTHER_UID

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folders in it are private
_PREFIX: Final = "guidang-office-"
#: Bytes that must be free in memory; containers often have 64 MB there and no more.
_ROOM: Final = 1024 * 1024 * 1024


@contextmanager
def private(spool: Path) -> Iterator[tuple[Path, int]]:
    """Yield a new folder for the owner alone, and its descriptor; in the end it is gone.

    It lies in memory, or in `spool` where memory has no room.
    """
    folder, held = _made(_MEMORY if _has_room() else spool)
    try:
        yield folder, held
    finally:
        _remove(folder)
        os.close(held)


def hand_over(folder: Path) -> None:
    """Give a folder, and what lies in it, to the user that programs run as, if one may."""
    if os.geteuid() == 0:
        for path in (*folder.rglob("*"), folder):
            os.chown(path, OTHER_UID, OTHER_UID, follow_symlinks=False)


def clear(spool: Path) -> None:
    """Remove what processes left that are gone."""
    for place in (_MEMORY, spool):
        for folder in place.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if folder.lstat().st_uid not in (os.geteuid(), OTHER_UID):
                    continue
                held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _remove(folder)
                finally:
                    os.close(held)


def weight(folder: Path, *, most_files: int) -> int | None:
    """Return the bytes in a folder; None where it holds more files than that, or hides some."""
    total, count, waiting = 0, 0, [folder]
    while waiting:
        with suppress(FileNotFoundError, NotADirectoryError):
            try:
                entries = list(os.scandir(waiting.pop()))
            except PermissionError:
                return None
            for entry in entries:
                count += 1
                known = entry.stat(follow_symlinks=False)
                total += known.st_blocks * 512
                if stat.S_ISDIR(known.st_mode):
                    waiting.append(Path(entry.path))
        if count > most_files:
            return None
    return total


def taken(held: int, folder: str, name: str, *, most: int) -> bytes | None:
    """Return a file of a folder in a held one; None where it is none, or larger than that.

    What lies there may be a link to a secret of this process, or never end: neither is read.
    """
    no_link = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        inner = os.open(folder, no_link | os.O_DIRECTORY, dir_fd=held)
        try:
            file = os.open(name, no_link | os.O_NONBLOCK, dir_fd=inner)
        finally:
            os.close(inner)
    except OSError:
        return None
    try:
        known = os.fstat(file)
        if not stat.S_ISREG(known.st_mode) or known.st_nlink != 1 or known.st_size > most:
            return None
        with os.fdopen(file, "rb", closefd=False) as opened:
            return opened.read(most)
    finally:
        os.close(file)


def _has_room() -> bool:
    try:
        return os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM
    except OSError:
        return False


def _made(place: Path) -> tuple[Path, int]:
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        with suppress(FileNotFoundError):
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(held, fcntl.LOCK_EX)
            if os.fstat(held).st_nlink:
                return folder, held
            os.close(held)  # another worker has started just now, and taken it for a left one


def _remove(folder: Path) -> None:
    """Remove a folder whatever is in it: trees deeper than Python can go, closed folders."""
    try:
        shutil.rmtree(folder)
    except (OSError, RecursionError):
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", str(folder)], check=False, capture_output=True)  # noqa: S603
