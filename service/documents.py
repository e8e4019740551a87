"""Documents: who may know them, what pages show of them, changing their properties.

Adding is in `intake`, their way into the file in `filing`, their content in `texts` and
`originals`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service import accounts, belonging, customers, page_images, text_counts
from service.archive import Call
from service.belonging import Family
from service.codes import HIDDEN_STATUSES, Filing, Grade, Module, Processing, Status
from service.crypto import Place, unseal_value
from service.customers import CustomerRef, Seen
from service.errors import Hidden, NotFound, changed_meanwhile
from service.models import CustomerView, Document, Version
from service.permissions import Action, Target, original_scopes
from service.profiles import PersonRef
from service.text_counts import Count

#: Where a version is neither shown nor found, however well it was read.
TAKEN_BACK = frozenset({Filing.RETURNED, Filing.WITHDRAWN})

#: What is done to what came with another document only by doing it to that one.
_WITH_PARENT = frozenset(
    {
        Action.DOCUMENT_FILE,
        Action.DOCUMENT_RETURN,
        Action.DOCUMENT_WITHDRAW,
        Action.DOCUMENT_RESTORE,
    }
)

#: The module under whose field key titles, names and notes are sealed.
SEALED_AS = "document"


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version as the document's page lists it."""

    id: str
    no: int
    filing: Filing
    processing: Processing
    error: str | None
    file_name: str
    media_type: str
    size: int
    sha256: str
    created: datetime
    created_by: PersonRef
    filed: datetime | None
    filed_by: PersonRef | None
    reason: str
    pages: int
    text_characters: int
    left_out: int
    #: how sure the text is that was recognised, between 0 and 1; None where none was
    confidence: float | None


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as its page and the API show it, at one of its versions."""

    id: str
    customer: CustomerRef
    title: str
    kind: str
    module: Module
    grade: Grade
    dated: date | None
    number: str
    note: str
    created: datetime
    created_by: PersonRef
    rev: int
    version: VersionView
    versions: tuple[VersionView, ...]
    allowed: frozenset[Action] = field(default_factory=frozenset)
    duplicates: tuple[str, ...] = ()
    family: Family = field(default_factory=Family)


@dataclass(frozen=True, slots=True)
class Held:
    """A document with its customer, after the check that this person may know it."""

    document: Document
    seen: Seen
    module: Module
    in_scope: bool

    def target(self, version: Version | None = None, *, kind: str | None = None) -> Target:
        """Return what a do right about this document (at a version) is asked with."""
        return Target(
            category=self.seen.category,
            kind=kind or self.document.kind,
            grade=Grade(self.document.grade),
            people=self.seen.people,
            creator=self.seen.row.created_by,
            uploader=version.created_by if version else self.document.created_by,
            filing=Filing(version.filing) if version else None,
            withdrawn_by=version.withdrawn_by if version else None,
            status=Status(self.seen.row.status),
            in_scope=self.in_scope,
        )

    def whole(self, versions: Sequence[Version]) -> Target:
        """Return what changing its properties is asked with: they belong to all its versions.

        It counts as filed from the first version that was, and its uploader began it.
        """
        filed = any(v.filing == Filing.FILED for v in versions)
        filing = Filing.FILED if filed else Filing(versions[0].filing)
        return replace(self.target(), filing=filing)


def readable(call: Call, document: Document, seen: Seen, *, kind: str | None = None) -> bool:
    """Say whether this document (as another kind) is in the person's read scopes, and shown."""
    return Status(seen.row.status) not in HIDDEN_STATUSES and call.scopes.covers(
        document.id, seen.category, kind or document.kind, Grade(document.grade), seen.people
    )


def has_original(call: Call, held: Held) -> bool:
    """Say whether the person may have the file itself, not watermarked copies alone."""
    scopes, document, seen = original_scopes(call.policy, call.actor), held.document, held.seen
    return held.in_scope and scopes.covers(
        document.id, seen.category, document.kind, Grade(document.grade), seen.people
    )


def hold(call: Call, db: Session, document_id: str, *, by: Action | None = None) -> Held:
    """Return a document this person may know of; to others it looks absent.

    One may know what one may read, what one uploaded (for changing its state), and what a do
    right for the action `by` reaches. Without `by` only the read right counts.
    """
    document = db.get(Document, document_id)
    if document is None:
        raise NotFound
    seen = customers.load(db, document.customer)
    module = call.policy.kinds.by_code[document.kind].module
    call.about(
        type="document",
        id=document_id,
        customer=document.customer,
        categories=(seen.row.category,),
        modules=(str(module),),
        grade=document.grade,
    )
    in_scope = readable(call, document, seen)
    held = Held(document, seen, module, in_scope)
    if in_scope:
        return held
    hidden = Status(seen.row.status) in HIDDEN_STATUSES
    mine = document.created_by == call.actor.id
    if by is None or hidden or not (mine or call.decide(held.target(), by).allowed):
        raise Hidden(rule="document:scope")
    return held


def versions_of(db: Session, document_id: str) -> list[Version]:
    """Return a document's versions, newest first."""
    return list(
        db.scalars(
            select(Version).where(Version.document == document_id).order_by(Version.no.desc())
        )
    )


def version_of(db: Session, held: Held, no: int | None) -> Version:
    """Return one version, by default the newest; raises `NotFound` for a number not there."""
    rows = versions_of(db, held.document.id)
    found = rows[0] if no is None else next((v for v in rows if v.no == no), None)
    if found is None:
        raise NotFound
    return found


def shown_version(versions: Iterable[Version]) -> Version | None:
    """Return what a document shows and the index holds.

    That is the newest version that was read and is neither returned nor withdrawn.
    """
    read = {str(Processing.SEARCHABLE), str(Processing.PROPERTIES_ONLY)}
    usable = [v for v in versions if v.processing in read and v.filing not in TAKEN_BACK]
    return max(usable, key=lambda v: v.no, default=None)


def lock(db: Session, document: Document) -> None:
    """Let nobody else change a document or its versions until this transaction ends.

    Comes before any lock on a version, so that two who wait never wait for each other. Raises
    `Stale` if it went to another customer meanwhile: rights and keys were those of the one before.
    """
    customer = document.customer
    db.refresh(document, with_for_update={"key_share": True})
    if document.customer != customer:
        raise changed_meanwhile()


def apparent(version: Version) -> Processing:
    """Return the processing state as people see it: read is not searchable before it is indexed."""
    state = Processing(version.processing)
    read = state in (Processing.SEARCHABLE, Processing.PROPERTIES_ONLY)
    away = version.filing in TAKEN_BACK
    return Processing.EXTRACTING if read and version.indexed is None and not away else state


def reshow(db: Session, documents: Iterable[Document]) -> None:
    """Settle which version each of these shows after one of its versions changed its state."""
    changed = {document.id: document for document in documents}
    versions: dict[str, list[Version]] = {document: [] for document in changed}
    for version in db.scalars(select(Version).where(Version.document.in_(changed))):
        versions[version.document].append(version)
    for document in changed.values():
        shown = shown_version(versions[document.id])
        document.shown = shown.id if shown else None


def get(call: Call, document_id: str, version_no: int | None = None) -> DocumentView:
    """Return a document this person may read, at its newest or a given version."""
    held = hold(call, call.db, document_id)
    view = describe(call, call.db, held, version_no=version_no)
    call.about(version=view.version.id)
    call.touched(document_id, "opened")
    call.returned([document_id])
    return view


def describe(call: Call, db: Session, held: Held, *, version_no: int | None = None) -> DocumentView:
    """Return a document as pages show it, with what this person may do with it.

    Who may only change its state, not read it, gets no more than their own versions.
    """
    document = held.document
    key = call.ring.field(document.customer, SEALED_AS)
    rows = versions_of(db, document.id)
    chosen = version_of(db, held, version_no)
    names = accounts.names(
        db,
        {document.created_by}
        | {v.created_by for v in rows}
        | {v.filed_by for v in rows if v.filed_by},
    )
    counts = text_counts.of_versions(db, [v.id for v in rows])
    views = tuple(_version_view(key, document, v, names, counts) for v in rows)
    view = db.get(CustomerView, document.customer)

    def plain(sealed: bytes | None, column: str) -> str:
        place = Place(document.id, document.customer, column)
        return unseal_value(key, sealed, place) if sealed else ""

    shown = DocumentView(
        id=document.id,
        customer=customers.named(
            call, held.seen, view.name if view else "", readable=held.in_scope
        ),
        title=plain(document.title_ct, "title"),
        kind=document.kind,
        module=held.module,
        grade=Grade(document.grade),
        dated=document.dated,
        number=plain(document.number_ct, "number"),
        note=plain(document.note_ct, "note"),
        created=document.created,
        created_by=_person(names, document.created_by),
        rev=document.rev,
        version=next(v for v in views if v.id == chosen.id),
        versions=views,
        allowed=allowed(call, held, chosen, rows),
        family=belonging.family(
            db,
            key,
            document,
            chosen,
            readable=lambda one: readable(call, one, held.seen),
            apparent=apparent,
        ),
    )
    return shown if held.in_scope or untouched(call, document) else _outside(call, shown)


def untouched(call: Call, document: Document) -> bool:
    """Say whether everything a document says of itself was said by this person."""
    return document.rev == 1 and document.created_by == call.actor.id


def _outside(call: Call, view: DocumentView) -> DocumentView:
    def own(version: VersionView) -> bool:
        return version.created_by.id == call.actor.id

    version = view.version
    if not own(version):
        version = replace(version, file_name="", sha256="", reason="")
    versions = tuple(v for v in view.versions if own(v))
    return replace(
        view,
        title=version.file_name,
        number="",
        note="",
        dated=None,
        version=version,
        versions=versions,
        family=Family(),
    )


def _person(names: dict[str, str], person: str) -> PersonRef:
    return PersonRef(person, names.get(person, person))


def _version_view(
    key: bytes,
    document: Document,
    row: Version,
    names: dict[str, str],
    counts: dict[str, Count],
) -> VersionView:
    def plain(sealed: bytes | None, column: str) -> str:
        place = Place(row.id, document.customer, column)
        return unseal_value(key, sealed, place) if sealed else ""

    count = counts.get(row.id, Count())
    return VersionView(
        row.id,
        row.no,
        Filing(row.filing),
        apparent(row),
        row.error,
        plain(row.file_name_ct, "file_name"),
        row.media_type,
        row.size,
        plain(row.sha256_ct, "sha256"),
        row.created,
        _person(names, row.created_by),
        row.filed,
        _person(names, row.filed_by) if row.filed_by else None,
        plain(row.reason_ct, "reason"),
        count.pages,
        count.characters,
        row.left_out,
        count.confidence,
    )


def allowed(
    call: Call, held: Held, version: Version, versions: Sequence[Version]
) -> frozenset[Action]:
    """Return what this person may do with a version now: what buttons are drawn from."""
    filing, processing = Filing(version.filing), Processing(version.processing)
    asked = [Action.DOCUMENT_ADD_VERSION]
    if filing is Filing.SUBMITTED:
        asked += [Action.DOCUMENT_FILE, Action.DOCUMENT_RETURN]
    if filing in (Filing.SUBMITTED, Filing.RETURNED, Filing.DRAFT):
        asked.append(Action.DOCUMENT_WITHDRAW)
    if filing is Filing.WITHDRAWN:
        asked.append(Action.DOCUMENT_RESTORE)
    failed = processing is Processing.FAILED or (
        version.media_type == page_images.PDF and page_images.locked(call.db, version.id)
    )
    if failed and filing not in TAKEN_BACK:
        asked.append(Action.DOCUMENT_RETRY)
    if version.parent_version:
        asked = [a for a in asked if a not in _WITH_PARENT]
    may = {a for a in asked if call.decide(held.target(version), a).allowed}
    whole = held.whole(versions)
    of_all = [Action.DOCUMENT_EDIT]
    if not belonging.follows(versions):
        of_all.append(Action.DOCUMENT_MOVE)
    may |= {a for a in of_all if call.decide(whole, a).allowed}
    if held.in_scope:
        may.add(Action.DOCUMENT_TEXT)
    if has_original(call, held):
        may.add(Action.DOCUMENT_ORIGINAL)
    return frozenset(may)


def bump(db: Session, document: Document) -> None:
    """Raise the revision; a writer who came in between makes this a `Stale`."""
    seen = document.rev
    db.flush()
    changed = db.execute(
        update(Document)
        .where(Document.id == document.id, Document.rev == seen)
        .values(rev=seen + 1)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise changed_meanwhile()
    db.refresh(document)
