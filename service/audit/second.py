"""A second process that judges a share of the log, in the same moment of the database.

It says "right" of stretches of entries, or nothing, as `service/audit/judging.py` does. The first
process takes the stretches in their order, and looks itself at those of which nothing was said:
so the verdict is that of one process, also when the second one dies.
"""

import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.audit.judging import Cipher, judge
from service.audit.log import START
from service.audit.pieces import Piece
from service.audit.stored import BATCH, batches, chain_at
from service.audit.walking import DetailKey, Walk, onward
from service.db import Database
from service.errors import Unavailable
from service.models import AuditHead

#: Entries that are handed over at once, and how many stretches wait at the second process.
STRETCH = 8 * BATCH
_WAITING = 2

#: Seconds until a process that says nothing is taken for dead; and while others may not write.
_PATIENCE = 60.0
_LOCKED = 1.0

#: What went wrong on the way to the other process, or in it.
_GONE = (EOFError, OSError)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries behind `after` up to `last`."""

    after: int
    last: int


class Second:
    """The other process, as the first one sees it. One that has gone answers nothing."""

    def __init__(self, url: str, *, wide: int = STRETCH) -> None:
        """Start it; it opens the database at `url` and waits. `wide` is how long a stretch is."""
        ours, theirs = socket.socketpair()
        with theirs:
            # the address may hold a password: it goes through the line
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "service.audit.beside", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._line = Connection(ours.detach())
        self._waiting: deque[Stretch] = deque()
        self.alive = True
        #: the last number that the log has in the moment that both see
        self.last = 0
        self.wide = wide
        #: how many stretches it has judged
        self.judged = 0
        self._say(url)

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._process.pid

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.kill()
        self._process.wait()

    def join(self, db: Database, session: Session) -> None:
        """Begin a session in both processes so that they see the same moment."""
        try:
            self._hear()
            if not db.sqlite:
                self._say(session.execute(select(func.pg_export_snapshot())).scalar_one())
                self._agree(session)
                return
            # two sessions that begin while nobody may write see the same
            with db.write() as alone:
                alone.connection()
                self._say("")
                self._agree(session)
        except (*_GONE, Unavailable):
            self.alive = False

    def _agree(self, session: Session) -> None:
        last = head(session)
        self.alive = last is not None and last == self._hear(_LOCKED)
        self.last = last or 0

    def begin(self, sizes: frozenset[int], *, opening: bool) -> None:
        """Say at which sizes the tree is looked at, and whether details are opened."""
        self._say((sizes, opening))

    @property
    def free(self) -> bool:
        """Say whether it takes one more stretch."""
        return self.alive and len(self._waiting) < _WAITING

    def give(self, stretch: Stretch) -> None:
        """Have it judge a stretch."""
        self._waiting.append(stretch)
        self._say(stretch)

    def answers(
        self, detail_key: DetailKey | None, *, wait: bool
    ) -> Iterator[tuple[Stretch, list[Piece] | None]]:
        """Give what it has judged; with `wait` at least one stretch, if it has any."""
        while self._waiting:
            try:
                if self.alive and not wait and not self._line.poll():
                    return
                said = self._hear() if self.alive else None
            except _GONE:
                self.alive, said = False, None
            if isinstance(said, str):
                self._say(detail_key(said) if detail_key else None)
            else:
                wait, self.judged = False, self.judged + isinstance(said, list)
                yield self._waiting.popleft(), said

    def _say(self, what: object) -> None:
        try:
            self._line.send(what)
        except OSError:
            self.alive = False

    def _hear(self, patience: float = _PATIENCE) -> Any:  # noqa: ANN401 - whatever it says
        if not self._line.poll(patience):
            raise EOFError
        return self._line.recv()


def together(db: Session, walk: Walk, detail_key: DetailKey | None, second: Second) -> None:
    """Walk on for as many whole stretches as the log has, with a second process; raises `Bad`."""
    cipher = partial(walk.cipher, detail_key=detail_key) if detail_key else None
    second.begin(walk.sizes, opening=cipher is not None)
    left, begun = _stretches(walk.seq, second.last, second.wide), deque[Stretch]()
    judged: dict[int, list[Piece] | None] = {}
    while True:
        while second.free and (stretch := next(left, None)):
            begun.append(stretch)
            second.give(stretch)
        if mine := next(left, None):
            begun.append(mine)
            judged[mine.after] = stretched(db, mine, cipher, walk.sizes)
        if not begun:
            return
        wait = not mine and begun[0].after not in judged
        judged.update((s.after, pieces) for s, pieces in second.answers(detail_key, wait=wait))
        while begun and begun[0].after in judged:
            stretch = begun.popleft()
            _absorb(walk, judged.pop(stretch.after) or ())
            onward(db, walk, detail_key, last=stretch.last)
            if walk.seq < stretch.last:
                return  # the log is shorter than its head says


def _stretches(after: int, last: int, wide: int) -> Iterator[Stretch]:
    """Give stretches that end at multiples of `wide`; a head may name a number far away."""
    while (stop := after - after % wide + wide) <= last:
        yield Stretch(after, stop)
        after = stop


def _absorb(walk: Walk, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        if not walk.absorb(piece):
            return


def stretched(
    db: Session, stretch: Stretch, cipher: Cipher | None, sizes: frozenset[int]
) -> list[Piece] | None:
    """Judge a stretch behind the chain that is stored there; None unless all of it is right."""
    before = chain_at(db, stretch.after) if stretch.after else START
    pieces: list[Piece] = []
    for batch in batches(db, after=stretch.after, last=stretch.last):
        piece = judge(batch, before, cipher, sizes) if type(before) is bytes else None
        if piece is None:
            return None
        pieces.append(piece)
        before = piece.chain
    return pieces


def head(session: Session) -> int | None:
    """Return the number of the last entry; None where the head says none."""
    found = session.scalar(select(AuditHead.seq))
    return found if type(found) is int else None
