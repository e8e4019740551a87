"""What the worker asks and says of documents: where the bytes lie, what belongs in the index."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.orm import Session

from service import jobs, owners, texts
from service.codes import Filing, Processing
from service.models import (
    Blob,
    Customer,
    CustomerView,
    Dirty,
    Document,
    Job,
    Rendering,
    Version,
)


@dataclass(frozen=True, slots=True)
class Source:
    """An original to read: its type, size and sealed name, and the blob that holds it."""

    media_type: str
    size: int
    blob: str
    stored_size: int
    customer: str
    file_name: bytes


def source(db: Session, version_id: str) -> Source | None:
    """Return where the original of a version lies; None if there is no such version."""
    row = db.execute(
        select(
            Version.media_type,
            Version.size,
            Blob.id,
            Blob.stored_size,
            Document.customer,
            Version.file_name_ct,
        )
        .join(Blob, (Blob.version == Version.id) & (Blob.role == "original"))
        .join(Document, Document.id == Version.document)
        .where(Version.id == version_id)
    ).first()
    return Source(*row) if row else None


def begin(db: Session, versions: Iterable[str]) -> None:
    """Show that these versions are being read now."""
    db.execute(
        update(Version)
        .where(Version.id.in_(list(versions)), Version.processing == str(Processing.STORED))
        .values(processing=str(Processing.EXTRACTING))
        .execution_options(synchronize_session=False)
    )


def lock(db: Session, versions: Iterable[str]) -> None:
    """Lock the documents of these versions, in one order, as everybody does who changes them."""
    documents = select(Version.document).where(Version.id.in_(list(versions)))
    db.execute(
        select(Document.id)
        .where(Document.id.in_(documents))
        .order_by(Document.id)
        .with_for_update(key_share=True)
    )


def versions(db: Session, ids: Collection[str]) -> dict[str, Version]:
    """Return these versions by id."""
    return {row.id: row for row in db.scalars(select(Version).where(Version.id.in_(ids)))}


def documents(db: Session, ids: Collection[str]) -> dict[str, Document]:
    """Return these documents by id."""
    return {row.id: row for row in db.scalars(select(Document).where(Document.id.in_(ids)))}


_READ = (str(Processing.SEARCHABLE), str(Processing.PROPERTIES_ONLY))


def unindexed(db: Session, documents: Collection[str]) -> Sequence[str]:
    """Return the versions of these documents that were read but not indexed in this snapshot."""
    return db.scalars(
        select(Version.id).where(
            Version.document.in_(documents),
            Version.indexed.is_(None),
            Version.processing.in_(_READ),
        )
    ).all()


def indexed(db: Session, versions: Collection[str]) -> None:
    """Say that the index holds, or does not need, what was read of these versions."""
    if versions:
        db.execute(
            update(Version)
            .where(Version.id.in_(versions))
            .values(indexed=datetime.now(UTC))
            .execution_options(synchronize_session=False)
        )


def all_indexed(db: Session) -> None:
    """Say that a rebuilt index holds everything that was read."""
    db.execute(
        update(Version)
        .where(Version.indexed.is_(None), Version.processing.in_(_READ))
        .values(indexed=datetime.now(UTC))
    )


def unrendered(
    db: Session, media_types: Collection[str], *, limit: int | None = None
) -> Sequence[str]:
    """Return versions of some media types that were read and of which nobody tried to make pages.

    What is withdrawn or returned is left out, and so is what waits to be made already.
    """
    tried = select(Rendering.no).where(Rendering.version == Version.id, Rendering.no == 0)
    making = Job.kind.in_(("lay_out", "render")) & Job.state.in_(("waiting", "running"))
    waits = select(Job.id).where(Job.subject == Version.id, making)
    wanted = select(Version.id).where(
        Version.media_type.in_(list(media_types)),
        Version.processing.in_(_READ),
        Version.filing.not_in((str(Filing.RETURNED), str(Filing.WITHDRAWN))),
        ~tried.exists(),
        ~waits.exists(),
    )
    return db.scalars(wanted.order_by(Version.id).limit(limit)).all()


def documents_of(db: Session, customer_id: str) -> Sequence[str]:
    """Return the ids of a customer's documents."""
    return db.scalars(
        select(Document.id).where(Document.customer == customer_id).order_by(Document.id)
    ).all()


def indexable(db: Session, *, after: str = "", limit: int = 1000) -> Sequence[str]:
    """Return ids of documents that belong in the index, in order, from after one of them."""
    return db.scalars(
        select(Document.id)
        .where(Document.shown.is_not(None), Document.id > after)
        .order_by(Document.id)
        .limit(limit)
    ).all()


def count_indexable(db: Session) -> int:
    """Return how many documents belong in the index."""
    return (
        db.scalar(select(func.count()).select_from(Document).where(Document.shown.is_not(None)))
        or 0
    )


#: What the index is made of, by ids. Plain rows: a rebuild reads every document there is.
_DOCUMENTS = select(
    Document.id,
    Document.customer,
    Document.kind,
    Document.grade,
    Document.dated,
    Document.created,
    Document.serial,
    Document.shown,
    Document.title_ct,
    Document.number_ct,
).where(Document.id.in_(bindparam("ids", expanding=True)))
_VERSIONS = select(Version.id, Version.filing).where(
    Version.id.in_(bindparam("ids", expanding=True))
)
_CUSTOMERS = select(Customer.id, Customer.category, Customer.status, Customer.number).where(
    Customer.id.in_(bindparam("ids", expanding=True))
)
_VIEWS = select(
    CustomerView.customer, CustomerView.name, CustomerView.short_name, CustomerView.former_names
).where(CustomerView.customer.in_(bindparam("ids", expanding=True)))


#: A row with the columns that were asked for.
Columns = Row[Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """What is known of some documents, by their ids and those of what belongs to them."""

    documents: Mapping[str, Columns]
    versions: Mapping[str, Columns]
    customers: Mapping[str, Columns]
    views: Mapping[str, Columns]
    people: Mapping[str, Mapping[str, str]]
    texts: Mapping[str, texts.Stored]

    @classmethod
    def of(cls, db: Session, ids: Sequence[str]) -> "Rows":
        """Fetch them, each table at once."""
        documents = {row.id: row for row in db.execute(_DOCUMENTS, {"ids": ids})}
        files = list({row.customer for row in documents.values()})
        shown = [row.shown for row in documents.values() if row.shown]
        return cls(
            documents,
            {row.id: row for row in db.execute(_VERSIONS, {"ids": shown})},
            {row.id: row for row in db.execute(_CUSTOMERS, {"ids": files})},
            {row.customer: row for row in db.execute(_VIEWS, {"ids": files})},
            owners.people_of(db, files),
            texts.stored(db, shown),
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a document should be in the index: its customer, category and shown version."""

    document: str
    customer: str
    category: str
    version: str | None


def standings(db: Session) -> list[Standing]:
    """Return where every document should be in the index."""
    rows = db.execute(
        select(Document.id, Document.customer, Customer.category, Document.shown).join(
            Customer, Customer.id == Document.customer
        )
    )
    return [Standing(*row) for row in rows]


def waiting_for_index(db: Session) -> frozenset[str]:
    """Return documents and customers whose index job is not done yet."""
    return frozenset(
        db.scalars(
            select(Job.subject).where(
                Job.kind.in_(jobs.INDEXING), Job.state.in_(("waiting", "running"))
            )
        )
    )


def count_marks(db: Session) -> int:
    """Return how many documents and customers are marked as not up to date in the index."""
    return db.scalar(select(func.count()).select_from(Dirty)) or 0
