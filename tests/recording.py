"""Engine and store that note, at every call, what the log held already; then they delegate.

Second implementations of the two ports, for showing that nothing goes out before its intent is
committed. They read the log over a connection of their own, so they see only what is committed.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from service.archive import Archive
from service.blobs.port import Blobs, Stored
from service.codes import Category
from service.db import Database
from service.models import AuditEvent, AuditHead
from service.search.port import (
    Engine,
    Failure,
    Found,
    IndexStatus,
    Removal,
    Search,
    SearchDocument,
)


@dataclass(frozen=True, slots=True)
class Note:
    """One call that went out: the log's last number then, and its newest committed intent.

    `answered`: that intent had its outcome already. `writing`: somebody held the right to write.
    """

    call: str
    head: int
    intent: int
    action: str
    answered: bool
    writing: bool


@dataclass(slots=True)
class Recorder:
    """What went out to engine and store, in order."""

    db: Database
    notes: list[Note] = field(default_factory=list)

    def note(self, call: str) -> None:
        """Note a call that is about to go out."""
        with self.db.read() as db:
            head = db.get_one(AuditHead, 1).seq
            intent = db.scalars(
                select(AuditEvent)
                .where(AuditEvent.phase == "intent")
                .order_by(AuditEvent.seq.desc())
                .limit(1)
            ).first()
            answer = select(AuditEvent.seq).where(
                AuditEvent.phase == "outcome", AuditEvent.ref == (intent.seq if intent else 0)
            )
            answered = db.scalars(answer).first() is not None
        self.notes.append(
            Note(
                call,
                head,
                intent.seq if intent else 0,
                intent.action if intent else "",
                answered,
                _locked(Path(self.db.url.removeprefix("sqlite:///")).with_suffix(".lock")),
            )
        )

    def calls(self) -> list[str]:
        """Return what was called, in order."""
        return [n.call for n in self.notes]


def _locked(path: Path) -> bool:
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@dataclass(slots=True)
class RecordingEngine:
    """A search engine whose calls are noted."""

    real: Engine
    recorder: Recorder

    def search(self, search: Search) -> Found:
        """Answer one question."""
        self.recorder.note("engine.search")
        return self.real.search(search)

    def apply(
        self, upserts: Iterable[SearchDocument], removals: Iterable[Removal] = ()
    ) -> list[Failure]:
        """Write a batch."""
        self.recorder.note("engine.apply")
        return self.real.apply(upserts, removals)

    def refresh(self) -> None:
        """Make what was applied visible."""
        self.recorder.note("engine.refresh")
        self.real.refresh()

    def start_generation(self) -> str:
        """Create a new generation."""
        self.recorder.note("engine.start_generation")
        return self.real.start_generation()

    def load(self, generation: str, documents: Iterable[SearchDocument]) -> list[Failure]:
        """Load into a generation."""
        self.recorder.note("engine.load")
        return self.real.load(generation, documents)

    def remove_from(self, generation: str, removals: Iterable[Removal]) -> None:
        """Take documents out of a generation."""
        self.recorder.note("engine.remove_from")
        self.real.remove_from(generation, removals)

    def count(self, generation: str) -> Mapping[Category, int]:
        """Count a generation."""
        self.recorder.note("engine.count")
        return self.real.count(generation)

    def swap(self, generation: str) -> None:
        """Make a generation live."""
        self.recorder.note("engine.swap")
        self.real.swap(generation)

    def drop(self, generation: str) -> None:
        """Remove a generation."""
        self.recorder.note("engine.drop")
        self.real.drop(generation)

    def pairs(self) -> Iterable[tuple[str, Category, str, int]]:
        """Return what is live."""
        self.recorder.note("engine.pairs")
        return self.real.pairs()

    def status(self) -> IndexStatus:
        """Describe the live generation."""
        self.recorder.note("engine.status")
        return self.real.status()

    def server(self) -> Mapping[str, str]:
        """Name the engine."""
        self.recorder.note("engine.server")
        return self.real.server()

    def check(self) -> None:
        """Check that the engine answers."""
        self.recorder.note("engine.check")
        self.real.check()


@dataclass(slots=True)
class RecordingBlobs:
    """A store whose calls are noted."""

    real: Blobs
    recorder: Recorder

    def put(self, name: str, source: BinaryIO, size: int) -> None:
        """Store an object."""
        self.recorder.note("blobs.put")
        self.real.put(name, source, size)

    def open(self, name: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """Open an object."""
        self.recorder.note("blobs.open")
        return self.real.open(name, start, length)

    def size(self, name: str) -> int:
        """Return an object's size."""
        self.recorder.note("blobs.size")
        return self.real.size(name)

    def delete(self, name: str) -> None:
        """Remove an object."""
        self.recorder.note("blobs.delete")
        self.real.delete(name)

    def list(self) -> Iterator[Stored]:
        """List every object."""
        self.recorder.note("blobs.list")
        return self.real.list()

    def prepare(self) -> None:
        """Make what the store needs."""
        self.recorder.note("blobs.prepare")
        self.real.prepare()

    def server(self) -> Mapping[str, str]:
        """Name the store."""
        self.recorder.note("blobs.server")
        return self.real.server()

    def check(self) -> None:
        """Check that the store answers."""
        self.recorder.note("blobs.check")
        self.real.check()


@contextmanager
def recording(archive: Archive) -> Iterator[Recorder]:
    """Put recorders in front of an archive's engine and store."""
    engine, blobs, recorder = archive.engine, archive.blobs, Recorder(archive.db)
    archive.engine = RecordingEngine(engine, recorder)
    archive.blobs = RecordingBlobs(blobs, recorder)
    try:
        yield recorder
    finally:
        archive.engine, archive.blobs = engine, blobs
