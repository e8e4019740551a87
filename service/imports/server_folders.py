"""Folders of the server that may be imported from: those below GUIDANG_IMPORT_ROOT.

Whoever looks after the server copies files there; archivists and service managers import them.
Links are never followed: a folder that others write to must not lead to what nobody meant.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from service.codes import Role
from service.errors import Denied, NotFound
from service.imports.items import PATH_LENGTH, clean_path
from service.imports.preparing import Found
from service.permissions import Actor
from service.properties import clean_title
from service.settings import Settings

#: Who imports from the server: who looks after the whole archive. The files there belong to
#: nobody, and who can read them learns their names before anything is decided.
READERS = frozenset({Role.ARCHIVIST, Role.SERVICE_MANAGER})

#: What systems and programs leave beside people's files.
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_LOCK = "~$"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Standing:
    """What a file was when it was looked at: when it differs later, it was changed."""

    size: int
    changed: int
    number: int

    @classmethod
    def of(cls, told: os.stat_result) -> "Standing":
        """Keep what the system tells."""
        return cls(told.st_size, told.st_mtime_ns, told.st_ino)


def offered(settings: Settings, actor: Actor) -> bool:
    """Say whether this person may import from the server at all."""
    return settings.import_root is not None and bool(actor.roles & READERS)


def require(settings: Settings, actor: Actor) -> Path:
    """Return the root for who may import from it; raises `NotFound` where there is none."""
    if settings.import_root is None:
        raise NotFound
    if not actor.roles & READERS:
        raise Denied("Your role does not allow this.", rule="import:server")
    return settings.import_root


def subfolders(root: Path, folder: str) -> list[str]:
    """Return the names of the folders in a folder; raises `NotFound` where there is none."""
    handle = _descended(root, folder)
    try:
        with os.scandir(handle) as entries:
            names = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
    finally:
        os.close(handle)
    return sorted(name for name in names if is_text(name) and not name.startswith("."))


def walk(root: Path, folder: str) -> Iterator[tuple[Found, str]]:
    """Yield every file below a folder, in order of names, with its real path below the root.

    What is no file, or has a name that cannot be kept as it is, has an error: `link`, `name`.
    """
    handle = _descended(root, folder)
    seen: set[str] = set()
    shut: list[str] = []
    try:
        for place, folders, files, inside in os.fwalk(
            ".",
            dir_fd=handle,
            follow_symlinks=False,
            onerror=lambda e: shut.append(str(e.filename)),
        ):
            folders.sort()
            linked = [name for name in folders if _is_link(name, inside)]
            for name in sorted([*files, *linked]):
                if name in _LITTER or name.startswith(_LOCK):
                    continue
                real = os.path.normpath(f"{place}/{name}")
                yield _found(real, _told(name, inside), seen), real
    finally:
        os.close(handle)
    for name in shut:  # else nobody would miss what lies in there
        yield Found(clean_path(os.fsencode(name).decode("utf-8", "replace")), 0, "unreadable"), name


def opened(root: Path, folder: str, real: str) -> tuple[BinaryIO, Standing]:
    """Open a file that `walk` found, without following a link anywhere on the way.

    Raises `OSError` for what is no file any more.
    """
    above, _, name = real.rpartition("/")
    handle = _descended(root, folder)
    try:
        inner = _below(handle, above)
    finally:
        os.close(handle)
    try:
        file = os.open(name, _FILE, dir_fd=inner)
    finally:
        os.close(inner)
    told = os.fstat(file)
    if not stat.S_ISREG(told.st_mode):
        os.close(file)
        raise OSError(0, "no file")
    return os.fdopen(file, "rb"), Standing.of(told)


def standing(file: BinaryIO) -> Standing:
    """Return what an open file is now."""
    return Standing.of(os.fstat(file.fileno()))


def is_text(name: str) -> bool:
    """Say whether a name is text: systems allow any bytes."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return clean_title(name) != ""


def _told(name: str, inside: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=inside, follow_symlinks=False)
    except OSError:  # it went away meanwhile, or may not be looked at
        return None


def _found(real: str, told: os.stat_result | None, seen: set[str]) -> Found:
    shown = os.fsencode(real).decode("utf-8", "replace")
    path, error, size = clean_path(shown), None, 0
    if told is None:
        error = "unreadable"
    elif not stat.S_ISREG(told.st_mode):
        error = "link"
    else:
        size = told.st_size
        if path in seen or len(shown) > PATH_LENGTH or not all(map(is_text, real.split("/"))):
            error = "name"
    seen.add(path)
    return Found(path, size, error)


def _is_link(name: str, inside: int) -> bool:
    told = _told(name, inside)
    return told is not None and stat.S_ISLNK(told.st_mode)


def _descended(root: Path, folder: str) -> int:
    """Return a handle of a folder below the root; raises `NotFound` where there is none."""
    parts = folder.split("/") if folder else []
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise NotFound
    try:
        # the root itself is the operator's word, and may be a link
        top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise NotFound from error
    try:
        return _below(top, folder)
    except OSError as error:
        raise NotFound from error
    finally:
        os.close(top)


def _below(handle: int, path: str) -> int:
    """Return a new handle of what lies below another, step by step, through no link."""
    current = os.dup(handle)
    for part in path.split("/") if path else []:
        try:
            following = os.open(part, _FOLDER, dir_fd=current)
        finally:
            os.close(current)
        current = following
    return current
