"""The root key: one line in a file that only its owner may read, never in a database or backup."""

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from service.crypto import KEY_BYTES, new_key
from service.keystore.refusals import WrongRootKey

_MAGIC = "guidang.root.v1"


@dataclass(frozen=True, slots=True)
class RootKey:
    """The key that wraps the customers' keys; `epoch` grows when it is replaced."""

    key: bytes = field(repr=False)
    epoch: int = 1

    @property
    def line(self) -> str:
        """Return the text of its file."""
        return f"{_MAGIC} {self.epoch} {self.key.hex()}\n"

    @classmethod
    def of(cls, line: str) -> Self:
        """Read the text of a root key file."""
        magic, epoch, key = line.split()
        if magic != _MAGIC or len(key) != 2 * KEY_BYTES:
            raise ValueError("not a root key")
        return cls(bytes.fromhex(key), int(epoch))


def create_root_key(path: Path, *, epoch: int = 1) -> RootKey:
    """Make a new root key in a new file; raises `FileExistsError` rather than overwrite one."""
    root = RootKey(new_key(), epoch)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        _write_durably(draft, root.line)
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return root


def read_root_key(path: Path) -> RootKey:
    """Read a root key; raises `WrongRootKey` if the file is absent, open to others, or no key."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongRootKey(f"The root key file {path} cannot be read.") from error
    if stat.S_IMODE(mode) & 0o077:
        raise WrongRootKey(f"Others may read the root key file {path}: chmod 400 it.")
    try:
        return RootKey.of(text)
    except ValueError as error:
        raise WrongRootKey(f"The file {path} does not hold a root key.") from error


def _write_durably(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
