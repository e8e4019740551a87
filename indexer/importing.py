"""Import jobs: the files of a folder of the server, or of a ZIP, become documents one by one.

Each file is a transaction of its own, with the rights its person has at that moment. A worker
that dies in the middle leaves the job; who takes it again goes on with what is still expected.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from indexer import import_sources, tables, work
from indexer.extract.sandbox import Sandbox
from indexer.holding import Hold
from indexer.import_sources import FolderSource, SentSource, Source, Untaken, ZipSource
from indexer.work import Ended, Work
from service.archive import Archive
from service.audit.entries import Subject
from service.blobs.port import BlobMissing
from service.crypto import Corrupt
from service.errors import Conflict, Invalid, NotFound, Refusal, Unavailable
from service.imports import (
    batches,
    bringing,
    items,
    packages,
    preparing,
    server_folders,
    working,
)
from service.imports.batches import State
from service.imports.items import Item
from service.imports.preparing import Found, Preview
from service.intake import Upload
from service.manifests import Manifest
from service.models import ImportBatch
from service.permissions import Action, Actor, may
from service.spool import Spool

KINDS = ("import",)

#: How many files are looked up at once.
_AT_ONCE = 50


class Halted(Exception):
    """The import cannot go on; `code` says why."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


def run(archive: Archive, sandbox: Sandbox, holder: str, beat: Callable[[], None]) -> int:
    """Do one waiting job; return how many were done. `beat` is called while it lasts."""
    if not work.waiting(archive, KINDS):
        return 0
    works = work.take(archive, holder, KINDS, 1)
    ended = [_imported(_Import(archive, sandbox, Hold(archive, holder, beat), w)) for w in works]
    work.finish(archive, ended)
    return sum(not one.again for one in ended)


def _imported(one: "_Import") -> Ended:
    try:
        one.go()
    except Unavailable as error:
        return Ended(one.work, error=f"unavailable.{error.part}", again=True, counted=False)
    except Halted as halted:
        working.halt(one.archive, one.batch, halted.code)
        return Ended(one.work, error=halted.code)
    except (BlobMissing, Corrupt):
        working.halt(one.archive, one.batch, "corrupt")
        return Ended(one.work, error="corrupt")
    return Ended(one.work)


@dataclass(slots=True)
class _Seen:
    """What a source holds, and what its list says; filled as far as it could be looked at."""

    files: list[Found] = field(default_factory=list)
    listed: Manifest | None = None
    name: str = ""

    @property
    def places(self) -> dict[int, int]:
        """Return the place of each file in a ZIP, by its number in the batch."""
        return {n: one.place for n, one in enumerate(self.files, 1) if one.place is not None}


@dataclass(frozen=True, slots=True)
class _Import:
    """One job: a look into a source, or bringing what is expected from it."""

    archive: Archive
    sandbox: Sandbox
    hold: Hold
    work: Work

    @property
    def batch(self) -> str:
        return self.work.job.subject

    def go(self) -> None:
        """Prepare the batch or bring its files, whichever is its turn."""
        row, maker = self._now()
        if row.state == State.PREPARING:
            with self.archive.ring() as ring:
                ready = preparing.preview(ring, row).ready
            if not ready:
                self._prepare(row, maker)
        elif row.state == State.RUNNING:
            try:
                with self._source(row) as source:
                    self._bring(source)
            except NotFound:
                raise Halted("gone") from None

    def _now(self) -> tuple[ImportBatch, Actor]:
        """Return the batch and its person as they are now; raises `Halted` where that ends it."""
        with self.archive.db.read() as db:
            row = db.get_one(ImportBatch, self.batch)
            maker = batches.maker(self.archive, db, row)
            policy = self.archive.policies.current(db)
            db.expunge_all()
        if maker is None:
            raise Halted("maker_left")
        server = row.source == batches.Source.FOLDER
        allowed = may(policy, maker, Action.IMPORT_RUN)
        if not allowed or (server and not server_folders.offered(self.archive.settings, maker)):
            raise Halted("denied")
        return row, maker

    @contextmanager
    def _source(self, row: ImportBatch) -> Iterator[Source]:
        """Give what the files come from; raises `NotFound` where it is there no more."""
        with self.archive.ring() as ring:
            if row.source == batches.Source.FOLDER:
                root = self.archive.settings.import_root
                if root is None:
                    raise NotFound
                yield FolderSource(root, batches.folder(ring, row))
                return
            reader = packages.opened(self.archive, ring, row)
            if reader is None:
                raise NotFound
            plain, size = cast("BinaryIO", reader), row.size or 0
            with reader:
                if row.source not in batches.WORKED:
                    files = packages.announced(ring, row)
                    yield SentSource(batches.folder(ring, row), plain, size, files)
                else:
                    yield ZipSource(self.sandbox, plain, size, preparing.places(ring, row))

    def _prepare(self, row: ImportBatch, maker: Actor) -> None:
        seen = _Seen()
        trouble: Refusal | None = None
        try:
            self._look(row, seen)
        except Unavailable:
            raise
        except NotFound:
            trouble = Invalid("The folder is not there any more.")
        except Refusal as refusal:
            trouble = refusal
        subject = Subject("import", self.batch)
        with self.archive.call(maker, Action.IMPORT_RUN, subject, writes=True) as call:
            try:
                if trouble:
                    raise trouble
                announced, told = preparing.planned(call, row, seen.files, seen.listed, seen.name)
            except Unavailable:
                raise
            except Refusal as refusal:
                told = Preview(ready=True, manifest=seen.name, trouble=refusal.sentence)
                announced, told = [], preparing.troubled(told, refusal.params)
            preparing.store(call, self.batch, announced, told, seen.places if announced else {})

    def _look(self, row: ImportBatch, seen: "_Seen") -> None:
        """Find out what a source holds, and what the list in or beside it says."""
        with self._source(row) as source:
            seen.files = source.found()
            if isinstance(source, SentSource):
                seen.name = source.name
                seen.listed = tables.manifest(self.sandbox, source.reader, source.size)
            elif row.list_blob:
                self._look_beside(row, seen)
            elif one := preparing.list_among(seen.files):
                seen.name, seen.listed = one.file, self._listed(source, one)
                seen.files = [file for file in seen.files if file is not one]
        if not seen.files:
            raise Invalid("There is no file in it.")
        if len(seen.files) > batches.MOST:
            raise Invalid(
                "There are more files than the %(most)s one import may have. "
                "Import its folders one by one.",
                most=batches.MOST,
            )

    def _look_beside(self, row: ImportBatch, seen: "_Seen") -> None:
        """Read the list that came beside the files; one among them is a file like the others."""
        with self.archive.ring() as ring:
            seen.name = packages.name_beside(ring, row)
            reader = packages.opened_beside(self.archive, ring, row)
            if reader is None:
                raise NotFound
            with reader:
                plain, size = cast("BinaryIO", reader), row.list_size or 0
                seen.listed = tables.manifest(self.sandbox, plain, size)

    def _listed(self, source: Source, one: Found) -> Manifest:
        folder = self.archive.settings.data / "spool"
        content = import_sources.content(source, one, folder, self.hold.renew)
        return tables.manifest(self.sandbox, content, one.size)

    def _bring(self, source: Source) -> None:
        if isinstance(source, FolderSource):
            working.accept_sizes(self.archive, self.batch, source.sizes())
        after = 0
        while found := self._expected(after):
            for item in found:
                after = item.ordinal
                self.hold.renew()
                row, maker = self._now()
                if row.state != State.RUNNING or not self._one(source, maker, item):
                    return

    def _expected(self, after: int) -> list[Item]:
        with self.archive.ring() as ring, self.archive.db.read() as db:
            return items.expected(db, ring, self.batch, after=after, limit=_AT_ONCE)

    def _one(self, source: Source, maker: Actor, item: Item) -> bool:
        """Bring one file; return whether the next may come."""
        settings = self.archive.settings
        with Spool(settings.data / "spool", settings.upload_limit) as spool:

            def take(_: object) -> Upload:
                source.take(item, spool, self.hold.renew)
                return Upload(spool, item.name)

            try:
                bringing.bring(self.archive, maker, self.batch, item.ordinal, take)
            except Conflict:  # it was stopped meanwhile
                return False
            except Untaken as untaken:
                bringing.fail(self.archive, self.batch, item.ordinal, untaken.code)
        return True
