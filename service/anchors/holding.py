"""What the anchor holds in its own folder: its key, the last note that it signed, who else signs.

The key is made at the first start, in a file that only the anchor's user may read, and is never
in a database. The note is written down before anybody else sees it: whatever happens then, the
anchor never signs something that contradicts it.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from service.audit import checkpoints
from service.audit.rekeying import fingerprint
from service.settings import SettingsError

#: Files of the folder.
KEY, STATE, LOCK, PUBLIC = "key.pem", "state.json", "lock", "pub.pem"


@dataclass(slots=True)
class State:
    """What is kept between two starts. Moments are RFC 3339; a place's are by its name."""

    note: str = ""
    signed: str = ""
    #: the calendar day whose note was handed out last, and by place the note it holds
    day: str = ""
    given: dict[str, dict[str, str]] = field(default_factory=dict)
    #: since when places are configured
    since: str = ""
    #: notes that no longer count, because an older copy of the archive was restored
    superseded: list[str] = field(default_factory=list)
    #: lines in which an older key signs a newer one
    changes: list[str] = field(default_factory=list)


class Holding:
    """The anchor's folder."""

    def __init__(self, path: Path) -> None:
        """Use a folder; nothing is made yet."""
        self.path = path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder against a second anchor; raises `SettingsError`."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            message = "another anchor uses this folder: stop it first"
            raise SettingsError(message) from error
        finally:
            os.close(handle)

    def key(self) -> Ed25519PrivateKey:
        """Return the key; made at the first start, and never again once a note was signed."""
        path = self.path / KEY
        if not path.exists():
            if self.state().note:
                message = f"the anchor's key {path} is missing, and it has signed notes already"
                raise SettingsError(message)
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._keep(Ed25519PrivateKey.generate())
        return self.read_key()

    def read_key(self) -> Ed25519PrivateKey:
        """Return the key that is there; raises `SettingsError`."""
        path = self.path / KEY
        try:
            if path.stat().st_mode & 0o077:
                message = f"others may read the anchor's key {path}: chmod 400 it"
                raise SettingsError(message)
            key = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError) as error:
            message = f"the anchor's key {path} cannot be read"
            raise SettingsError(message) from error
        if not isinstance(key, Ed25519PrivateKey):
            message = f"{path} is not a key of the anchor"
            raise SettingsError(message)
        return key

    def replace_key(self, key: Ed25519PrivateKey) -> None:
        """Put another key in the place of the one that is there, which stays beside it."""
        old = self.read_key()
        name = fingerprint(checkpoints.raw(old.public_key()))
        (self.path / KEY).replace(self.path / f"key-{name}.pem")
        self._keep(key)

    def _keep(self, key: Ed25519PrivateKey) -> None:
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(self.path / KEY, text, 0o400)
        public = checkpoints.pem(key.public_key())
        _write(self.path / PUBLIC, public.encode(), 0o444)

    def state(self) -> State:
        """Return what was kept; raises `SettingsError` for a file that cannot be read."""
        try:
            members: Mapping[str, Any] = json.loads((self.path / STATE).read_text("utf-8"))
            return State(**members)
        except FileNotFoundError:
            return State()
        except (OSError, ValueError, TypeError) as error:
            message = f"the anchor's state {self.path / STATE} cannot be read"
            raise SettingsError(message) from error

    def keep(self, state: State) -> None:
        """Write it down so that it is there after a crash."""
        members = {name: getattr(state, name) for name in State.__slots__}
        _write(self.path / STATE, json.dumps(members, ensure_ascii=False).encode(), 0o600)


def _write(path: Path, data: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
