"""Runs readers where a hostile file can do no harm: the supervisor, which parses nothing.

Native readers abort the whole process on some files, and a reader may be taken over by one.
So they run in children that own nothing and are killed when they take too long. A child that
dies costs one file one more try; other files go on.
"""

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from typing import Any, BinaryIO, Self, TypeVar

from indexer.extract import READERS, TASKS, Reader, Task
from indexer.extract.isolation import Isolation
from indexer.extract.nursery import Child, Nursery
from indexer.extract.result import Extracted, Failed, Reason
from indexer.extract.source import BLOCK
from indexer.extract.wire import (
    PIECE,
    Broken,
    Kind,
    Late,
    pack_job,
    unpack_answer,
    unpack_range,
    unpack_result,
)

#: A child is replaced after this many files: native readers leak, and so would secrets.
FILES_PER_CHILD = 200
#: After these answers the child's memory is in an unknown state.
_SPOILS = frozenset({Reason.KILLED, Reason.TOO_COMPLEX})

_Answer = TypeVar("_Answer")


class Sandbox:
    """A pool of children. `extract` may be called from several threads at once."""

    def __init__(
        self,
        children: int | None = None,
        *,
        readers: Mapping[str, Reader] = READERS,
        tasks: Collection[Task] = TASKS,
    ) -> None:
        """Start the children, one per processor unless said otherwise."""
        self._readers = readers
        used: set[Reader | Task] = {*readers.values(), *(t for t in tasks if not t.apart)}
        self._nursery = Nursery(
            {one.function for one in used}, memory=max(one.limits.memory for one in used)
        )
        self._idle: queue.LifoQueue[Child | None] = queue.LifoQueue()
        self._children = children or os.cpu_count() or 1
        self._apart: dict[Task, Sandbox] = {}
        self._starting = threading.Lock()
        for _ in range(self._children):
            self._idle.put(self._nursery.child())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every child. Files being read fail."""
        with self._starting:
            for others in self._apart.values():
                others.close()
        self._nursery.close()
        idle = [self._idle.get() for _ in range(self._idle.qsize())]
        for child in idle:
            if child:
                child.line.close()
            self._idle.put(None)

    def isolation(self) -> Isolation:
        """Return which walls stand around readers on this system."""
        return self._nursery.isolation

    def walls(self) -> dict[str, bool]:
        """Return the same by name, as the status page is told."""
        return asdict(self._nursery.isolation)

    def extract(
        self, media_type: str, source: BinaryIO, size: int, *, password: str | None = None
    ) -> Extracted | Failed:
        """Return the text of a file of `size` bytes, or why there is none.

        `source` is read at the places the reader asks for; what it raises passes through.
        `password` opens a locked file, where its reader can use one.
        """
        reader = self._readers.get(media_type)
        if reader is None:
            return Failed(Reason.UNSUPPORTED, media_type)
        talk = _Talk(reader, source, size, password=password if reader.locks else None)
        answer, again = self._try(talk.read)
        return self._try(talk.read, fresh=True)[0] if again else answer

    def ask(
        self,
        task: Task,
        source: BinaryIO,
        size: int,
        arguments: Mapping[str, Any],
        take: Callable[[bytes], object],
    ) -> dict[str, Any] | Failed:
        """Let a task be done with a file; `take` gets the bytes it sends out, piece by piece.

        Who asks checks the answer: it may be that of a hostile file. A task is tried again, as
        a reader is, unless something of it was taken already.
        """
        if task.apart:
            near = replace(task, apart=False)
            return self._others(task).ask(near, source, size, arguments, take)
        talk = _Talk(task, source, size, arguments, take)
        answer, again = self._try(talk.perform)
        if again and not talk.taken:
            answer, _ = self._try(talk.perform, fresh=True)
        return answer

    def _others(self, task: Task) -> "Sandbox":
        """Return the children that do this task and nothing else."""
        with self._starting:
            if task not in self._apart:
                near = replace(task, apart=False)
                self._apart[task] = Sandbox(self._children, readers={}, tasks=[near])
            return self._apart[task]

    def _try(
        self, converse: Callable[[Child], _Answer | Failed], *, fresh: bool = False
    ) -> tuple[_Answer | Failed, bool]:
        """Return what one child said, and whether another child may say something better."""
        child = self._idle.get()
        try:
            child = self._ready(child, fresh=fresh)
            answer = converse(child)
        except BaseException as error:
            status = self._nursery.end(child) if child else 0
            child = None
            if isinstance(error, Late):
                return Failed(Reason.TIMEOUT, "wall"), True
            if isinstance(error, Broken):
                return _died(status, error)
            raise
        else:
            if isinstance(answer, Failed) and answer.reason in _SPOILS:
                child.files = FILES_PER_CHILD
            return answer, False
        finally:
            self._idle.put(child)

    def _ready(self, child: Child | None, *, fresh: bool) -> Child:
        """Return the child itself, or a new one in its place when its time is over."""
        if child and (fresh or child.files >= FILES_PER_CHILD):
            self._nursery.end(child)
            child = None
        child = child or self._nursery.child()
        child.files += 1
        return child


class _Talk:
    """What is said to a child about one file, and the bytes served until it answers."""

    def __init__(
        self,
        wanted: Reader | Task,
        source: BinaryIO,
        size: int,
        arguments: Mapping[str, Any] | None = None,
        take: Callable[[bytes], object] | None = None,
        password: str | None = None,
    ) -> None:
        self._password = password
        self._wanted = wanted
        self._source = source
        self._size = size
        self._arguments = arguments
        self._take = take
        #: bytes that were sent out
        self.taken = 0

    def read(self, child: Child) -> Extracted | Failed:
        """Let a reader read."""
        return unpack_result(self._until(child, Kind.RESULT))

    def perform(self, child: Child) -> dict[str, Any] | Failed:
        """Let a task be done."""
        return unpack_answer(self._until(child, Kind.ANSWER))

    def _until(self, child: Child, last: Kind) -> bytes:
        line, limits, size = child.line, self._wanted.limits, self._size
        line.deadline = time.monotonic() + limits.wall
        job: dict[str, object] = {"function": self._wanted.function, "size": size}
        job |= {"memory": limits.memory, "cpu": limits.cpu}
        if self._arguments is not None:
            job["arguments"] = dict(self._arguments)
        if self._password is not None:
            job["password"] = self._password
        line.send(Kind.JOB, pack_job(job, _piece(self._source, 0, min(size, BLOCK))))
        while True:
            kind, payload = line.receive()
            if kind is last:
                return payload
            if kind is Kind.PIECE and self._take:
                self._taken(payload)
            elif kind is Kind.WANT:
                offset, wanted = unpack_range(payload)
                if offset + wanted > size or wanted > BLOCK:
                    raise Broken("wants what is not there")
                line.send(Kind.DATA, _piece(self._source, offset, wanted))
            else:
                raise Broken(f"a {kind.name} out of turn")

    def _taken(self, piece: bytes) -> None:
        self.taken += len(piece)
        if self._take is None or len(piece) > PIECE or self.taken > self._wanted.limits.output:
            raise Broken("sends out too much")
        self._take(piece)


def _piece(source: BinaryIO, offset: int, wanted: int) -> bytes:
    source.seek(offset)
    piece = bytearray()
    while len(piece) < wanted:
        more = source.read(wanted - len(piece))
        if not more:
            raise EOFError("the file is shorter than it was said to be")
        piece += more
    return bytes(piece)


def _died(status: int, broken: Broken) -> tuple[Failed, bool]:
    """Say why a child is gone. Processor time is the same on a second try, the rest is not."""
    if status == -signal.SIGXCPU:
        return Failed(Reason.TOO_COMPLEX, "cpu"), False
    detail = signal.Signals(-status).name if status < 0 else str(broken)
    return Failed(Reason.KILLED, detail), True
