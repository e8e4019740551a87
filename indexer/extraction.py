"""Extract jobs: a stored original becomes sealed text rows, then an index job."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import BinaryIO, cast

from indexer.extract import CONTAINERS, reader_for
from indexer.extract.result import Extracted, Failed, Note, Reason
from indexer.extract.sandbox import Sandbox
from indexer.passwords import password
from indexer.recognition import Recognised, recognise
from indexer.work import Ended, Work, outcome, settle
from service import (
    documents,
    figures,
    jobs,
    layouts,
    media,
    number_places,
    page_images,
    processing,
    renditions,
    revisions,
    stored_files,
    suggestions,
    texts,
)
from service.archive import Archive
from service.audit.entries import PolicyRef, Subject
from service.blobs.port import BlobMissing
from service.codes import Filing, Processing
from service.confidence import Sure, of_lines
from service.crypto import Corrupt
from service.db import Session
from service.errors import Unavailable
from service.ids import new_id
from service.keystore import KeyMissing, Ring
from service.models import Document, Version


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one extraction gave, ready to be committed."""

    work: Work
    processing: Processing | None
    error: str | None = None
    away: str | None = None
    text_id: str = ""
    extracted: Extracted | None = None
    parts: list[dict[str, object]] = field(default_factory=list)
    suggestion: dict[str, object] | None = None
    numbers: list[dict[str, object]] = field(default_factory=list)
    layouts: list[dict[str, object]] = field(default_factory=list)
    sure: dict[int, Sure] = field(default_factory=dict)


def extract(
    archive: Archive,
    sandbox: Sandbox,
    work: Work,
    before_page: Callable[[], None] = lambda: None,
) -> Outcome:
    """Read one version in the sandbox; nothing is written here.

    `before_page` is called before each page that is recognised, which takes a second or more. It
    raises `Unavailable` to have the job given back.
    """
    version_id = work.job.subject
    try:
        with archive.db.read() as db:
            source = processing.source(db, version_id)
        if source is None:
            return Outcome(work, None)
        if reader_for(source.media_type) is None:
            return Outcome(work, Processing.PROPERTIES_ONLY)
        with archive.ring() as ring:
            reader = stored_files.opened(
                archive.blobs, ring.version(version_id), source.blob, source.stored_size
            )
            with reader:
                secret = password(ring, work)
                result = _timed(sandbox, source, cast("BinaryIO", reader), secret, before_page)
            return _judged(ring, work, source, result)
    except Unavailable as error:
        return Outcome(work, None, away=error.part)
    except (BlobMissing, KeyMissing):
        return Outcome(work, Processing.FAILED, error="missing")
    except Corrupt:
        return Outcome(work, Processing.FAILED, error="corrupt")


def _timed(
    sandbox: Sandbox,
    source: processing.Source,
    original: BinaryIO,
    password: str | None,
    before_page: Callable[[], None],
) -> Recognised:
    began = perf_counter()
    media_type, size = source.media_type, source.size
    result = sandbox.extract(media_type, original, size, password=password)
    if password and isinstance(result, Failed) and result.reason is Reason.PASSWORD:
        result = Failed(Reason.WRONG_PASSWORD)
    made = Recognised(result)
    if not isinstance(result, Failed):
        made = recognise(
            sandbox,
            media_type,
            original,
            size,
            result,
            password=password,
            before_page=before_page,
        )
    ended = str(made.extracted.reason) if isinstance(made.extracted, Failed) else "read"
    figures.EXTRACTION_SECONDS.labels(ended).observe(perf_counter() - began)
    return made


def _judged(ring: Ring, work: Work, source: processing.Source, made: Recognised) -> Outcome:
    result = made.extracted
    if isinstance(result, Failed):
        return Outcome(work, Processing.FAILED, error=str(result.reason))
    pages = [page.text for page in result.pages]
    if not any(page.strip() for page in pages):
        reason = Note.SUSPECT_LAYER if Note.SUSPECT_LAYER in result.notes else Note.NO_TEXT
        return Outcome(work, Processing.PROPERTIES_ONLY, error=str(reason), extracted=result)
    text_id = new_id()
    parts = revisions.seal_parts(ring, work.job.subject, text_id, pages)
    note = next((str(n) for n in result.notes), None)
    lines = made.within(pages)
    return Outcome(
        work,
        Processing.SEARCHABLE,
        note,
        None,
        text_id,
        result,
        parts,
        suggestions.of_text(ring, work.job.subject, source, pages),
        number_places.rows_of(text_id, pages, texts.blinder(ring), lines),
        layouts.seal_rows(ring, work.job.subject, text_id, lines),
        {no: sure for no, found in lines.items() if (sure := of_lines(found))},
    )


def begin(db: Session, taken: Sequence[jobs.Taken]) -> None:
    """Show that these versions are being read now."""
    processing.begin(db, [job.subject for job in taken])


def commit(
    archive: Archive,
    outcomes: Sequence[Outcome],
    *,
    drawn: Collection[str] = page_images.DRAWN,
) -> None:
    """Commit finished extractions together: texts, states, index jobs, entries in the log.

    `drawn` are the media types of which images are made.
    """
    with archive.ring() as ring:
        archive.ready(ring)
        with archive.db.write() as db:
            policy = archive.policies.current(db)
            ref = PolicyRef(policy.id, policy.sha256)
            processing.lock(db, [one.work.job.subject for one in outcomes])
            outcomes = _in_time(db, outcomes)
            known = _Known.of(db, outcomes)
            ended = _write(db, known, outcomes)
            settle(db, ended)
            db.flush()
            numbers = archive.append(db, [outcome(e, ref) for e in ended], ring)
            for one, number in zip(outcomes, numbers, strict=True):
                _queue_index(db, known, one, number, drawn)


_OPEN = frozenset({Processing.STORED, Processing.EXTRACTING})


@dataclass(frozen=True, slots=True)
class _Known:
    """The rows that some outcomes are about, each table fetched at once."""

    versions: dict[str, Version]
    documents: dict[str, Document]
    read: frozenset[str]

    @classmethod
    def of(cls, db: Session, outcomes: Sequence[Outcome]) -> "_Known":
        versions = processing.versions(db, [one.work.job.subject for one in outcomes])
        documents = processing.documents(db, {v.document for v in versions.values()})
        again = [one.work.job.subject for one in outcomes if one.work.job.attempts > 1]
        return cls(versions, documents, revisions.read_of(db, again))

    def document_of(self, one: Outcome) -> Document:
        return self.documents[self.versions[one.work.job.subject].document]

    def is_news(self, one: Outcome) -> bool:
        """Say whether there is something to write: an earlier run may have committed after all."""
        version = self.versions.get(one.work.job.subject)
        if version is None or one.processing is None:
            return False
        return version.id not in self.read or version.processing in _OPEN


def _in_time(db: Session, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Empty the outcomes of jobs that another worker took over, when this one stood still."""
    late = jobs.finished(db, [one.work.job.id for one in outcomes])
    return [Outcome(one.work, None) if one.work.job.id in late else one for one in outcomes]


def _write(db: Session, known: _Known, outcomes: Sequence[Outcome]) -> list[Ended]:
    """Write what was read; returns how each job ended."""
    news = [one for one in outcomes if known.is_news(one)]
    corrected = revisions.corrected_of(db, [one.work.job.subject for one in news])
    for one in news:
        version = known.versions[one.work.job.subject]
        if version.id in corrected:
            # what somebody corrected goes on being shown, whatever another reading came to
            version.processing = str(Processing.SEARCHABLE)
            continue
        version.processing = str(one.processing)
        version.error = one.error
        if one.extracted and one.text_id:
            version.left_out = one.extracted.truncated
    read = [(one, one.extracted) for one in news if one.extracted and one.text_id]
    revisions.put(
        db, [revisions.New(o.work.job.subject, o.text_id, it, o.parts, o.sure) for o, it in read]
    )
    layouts.put(db, [row for one, _ in read for row in one.layouts])
    suggestions.put(db, [one.suggestion for one, _ in read if one.suggestion])
    number_places.put(db, [row for one, _ in read for row in one.numbers])
    db.flush()
    documents.reshow(db, [known.document_of(one) for one in news])
    return [_ended(known, one, news=one in news) for one in outcomes]


def _ended(known: _Known, one: Outcome, *, news: bool) -> Ended:
    if one.away:
        return Ended(one.work, error=f"unavailable.{one.away}", again=True, counted=False)
    version = known.versions.get(one.work.job.subject)
    if version is None or one.processing is None:
        return Ended(one.work)
    document = known.document_of(one)
    failed = one.error if news and one.processing is Processing.FAILED else None
    subject = Subject("document", document.id, version.id, customer=document.customer)
    return Ended(one.work, error=failed, subject=subject)


def _queue_index(
    db: Session, known: _Known, one: Outcome, number: int, drawn: Collection[str]
) -> None:
    version = known.versions.get(one.work.job.subject)
    if version is None or one.processing not in (Processing.SEARCHABLE, Processing.PROPERTIES_ONLY):
        return
    if _holds_files(version, one.extracted):
        lane, secret = jobs.Lane(one.work.job.lane), one.work.job.secret
        jobs.add(db, [jobs.New("unpack", version.id, lane, secret=secret)], cause=number)
    if version.filing in (Filing.RETURNED, Filing.WITHDRAWN):
        return
    lane = jobs.Lane(one.work.job.lane)
    new = [jobs.New("index", version.document, lane)]
    if version.media_type in drawn:
        new.append(_making_pages(version, one.work.job.secret))
    jobs.add(db, new, cause=number)


def _making_pages(version: Version, secret: bytes | None) -> jobs.New:
    """Return the job that makes the first pages, or first what they are drawn from."""
    if version.media_type in renditions.ENDINGS:
        return jobs.New("lay_out", version.id, jobs.Lane.BULK)
    # what waits with a password waits as short as can be
    lane = jobs.Lane.INTERACTIVE if secret else jobs.Lane.BULK
    return jobs.New("render", version.id, lane, secret=secret)


def _holds_files(version: Version, found: Extracted | None) -> bool:
    """Tell whether files are still to be taken out; of PDFs only a few hold any, and say so."""
    if version.media_type not in CONTAINERS or version.unpacked_ct is not None:
        return False
    return version.media_type != media.PDF or bool(found and found.holds)
