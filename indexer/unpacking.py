"""Unpack jobs: files in a ZIP, a message or a PDF become documents beside it, one by one.

Each is its own transaction. A worker that dies in the middle leaves the job, and who takes it
again passes over what is there.
"""

from collections.abc import Callable
from typing import BinaryIO, cast

from indexer import work
from indexer.extract import CONTAINERS
from indexer.extract.result import Failed
from indexer.extract.sandbox import Sandbox
from indexer.holding import Hold
from indexer.members import Member, Whole
from indexer.passwords import password
from indexer.work import WORKER, Ended, Work
from service import children, intake, processing, stored_files, viruses
from service.archive import Archive
from service.audit.entries import Subject
from service.belonging import Left, Unpacked
from service.blobs.port import BlobMissing
from service.children import Parent
from service.crypto import Corrupt
from service.documents import SEALED_AS
from service.errors import Invalid, NotFound, TooLarge, Unavailable
from service.keystore import KeyMissing
from service.permissions import Action
from service.spool import Spool

KINDS = ("unpack",)

#: The longest list of files that were not taken.
_LISTED = 200

#: The longest name that is kept, in characters.
_NAME = 500


def run(archive: Archive, sandbox: Sandbox, holder: str, beat: Callable[[], None]) -> int:
    """Do one waiting job; return how many were done. `beat` is called while it lasts."""
    if not work.waiting(archive, KINDS):
        return 0
    works = work.take(archive, holder, KINDS, 1)
    ended = [_unpacked(archive, sandbox, one, Hold(archive, holder, beat)) for one in works]
    work.finish(archive, ended)
    return sum(not e.again for e in ended)


def _unpacked(archive: Archive, sandbox: Sandbox, one: Work, hold: Hold) -> Ended:
    try:
        return _unpack(archive, sandbox, one, hold)
    except Unavailable as error:
        return Ended(one, error=f"unavailable.{error.part}", again=True, counted=False)
    except NotFound:
        return Ended(one, error="moved", again=True)
    except (BlobMissing, KeyMissing):
        return Ended(one, error="missing")
    except Corrupt:
        return Ended(one, error="corrupt")


def _unpack(archive: Archive, sandbox: Sandbox, one: Work, hold: Hold) -> Ended:
    version = one.job.subject
    with archive.db.read() as db:
        source, parent = processing.source(db, version), children.parent(db, version)
    container = CONTAINERS.get(source.media_type) if source else None
    if source is None or parent is None or container is None or parent.done:
        return Ended(one)
    with archive.ring() as ring:
        reader = stored_files.opened(
            archive.blobs, ring.version(version), source.blob, source.stored_size
        )
        with reader:
            secret = password(ring, one)
            file = Whole(sandbox, container, cast("BinaryIO", reader), source.size, secret)
            unpacked = _Taking(archive, file, parent, hold).all()
        key = ring.field(parent.customer, SEALED_AS)
    with archive.db.write() as db:
        again = not children.settle(db, key, version, parent.customer, unpacked)
    subject = Subject("document", parent.document, version, customer=parent.customer)
    return Ended(one, error="moved" if again else None, again=again, subject=subject)


class _Taking:
    """Takes the files out of one version."""

    def __init__(self, archive: Archive, file: Whole, parent: Parent, hold: Hold) -> None:
        self._archive = archive
        self._file = file
        self._parent = parent
        self._hold = hold
        self._room, self._bytes = parent.room, parent.bytes_left

    def all(self) -> Unpacked:
        """Take them all; return what became of them."""
        listed = self._file.members()
        if isinstance(listed, Failed):
            return Unpacked(0, 0, (Left("", str(listed.reason)),))
        left: list[Left] = []
        for ordinal, member in enumerate(listed, 1):
            self._hold.renew()
            if reason := self._one(ordinal, member):
                left.append(Left(member.name[:_NAME], reason))
        return Unpacked(len(listed) - len(left), len(listed), tuple(left[:_LISTED]))

    def _one(self, ordinal: int, member: Member) -> str | None:
        """Take one file unless it is there; return why it was not."""
        if ordinal in self._parent.taken:
            return None
        limit = min(self._archive.settings.upload_limit, max(0, self._bytes))
        reason = member.refusal or self._refused(member, limit)
        if reason:
            return reason
        with Spool(self._archive.settings.data / "spool", limit) as spool:

            def take(piece: bytes) -> None:
                spool.write(piece)
                self._hold.renew()

            try:
                failed = self._file.member(member.n, limit, take)
                if failed:
                    return str(failed.reason)
                self._add(ordinal, intake.Upload(spool, member.name[:_NAME]))
            except TooLarge:
                return "too_large"
            except Invalid as refusal:
                return "virus" if refusal.rule == viruses.RULE else refusal.sentence
            self._room -= 1
            self._bytes -= spool.plain_size
        return None

    def _refused(self, member: Member, limit: int) -> str | None:
        if self._parent.too_deep:
            return "too_deep"
        if self._room <= 0:
            return "too_many"
        return "too_large" if member.size > limit else None

    def _add(self, ordinal: int, upload: intake.Upload) -> None:
        subject = Subject("document", self._parent.document, self._parent.version)
        with self._archive.call(WORKER, Action.DOCUMENT_ADD, subject) as call:
            children.add(call, self._parent.version, ordinal, upload)
