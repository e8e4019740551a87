"""What the second process does (`service/audit/second.py`): python -m service.audit.beside FD."""

import re
import sys
from collections import deque
from contextlib import suppress
from multiprocessing.connection import Connection

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text

from service.audit.second import Stretch, head, stretched
from service.db import Database
from service.errors import Unavailable

_SNAPSHOT = re.compile(r"[0-9A-Fa-f-]+")


class _Line:
    """The way to the first process. What it gives may come before the key it was asked for."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._given: deque[Stretch] = deque()
        self._ciphers: dict[str, AESGCM | None] = {}

    def stretch(self) -> Stretch:
        """Wait for the next stretch to judge."""
        given: Stretch = self._given.popleft() if self._given else self._line.recv()
        return given

    def cipher(self, key_id: str) -> AESGCM | None:
        """Return what opens details under a key; None where that was erased."""
        if key_id not in self._ciphers:
            self._line.send(key_id)
            while isinstance(said := self._line.recv(), Stretch):
                self._given.append(said)
            self._ciphers[key_id] = AESGCM(said) if said else None
        return self._ciphers[key_id]


def serve(line: Connection) -> None:
    """Judge what is given until the line ends."""
    db = Database(line.recv())
    db.check()
    line.send("ready")
    snapshot = line.recv()
    with db.read() as session:
        if _SNAPSHOT.fullmatch(snapshot):
            session.execute(text(f"SET TRANSACTION SNAPSHOT '{snapshot}'"))
        line.send(head(session))
        sizes, opening = line.recv()
        ours = _Line(line)
        cipher = ours.cipher if opening else None
        while True:
            line.send(stretched(session, ours.stretch(), cipher, sizes))


if __name__ == "__main__":
    with suppress(EOFError, OSError, KeyboardInterrupt, Unavailable):
        serve(Connection(int(sys.argv[1])))
