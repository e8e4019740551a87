"""What the worker asks and says of documents: where the bytes lie, what belongs in the index."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service.codes import Processing
from service.models import Blob, Customer, Dirty, Document, Job, Version


@dataclass(frozen=True, slots=True)
class Source:
    """An original to read: its type and size, and the blob that holds it."""

    media_type: str
    size: int
    blob: str
    stored_size: int


def source(db: Session, version_id: str) -> Source | None:
    """Return where the original of a version lies; None if there is no such version."""
    row = db.execute(
        select(Version.media_type, Version.size, Blob.id, Blob.stored_size)
        .join(Blob, (Blob.version == Version.id) & (Blob.role == "original"))
        .where(Version.id == version_id)
    ).first()
    return Source(*row) if row else None


def begin(db: Session, versions: Iterable[str]) -> None:
    """Show that these versions are being read now."""
    db.execute(
        update(Version)
        .where(Version.id.in_(list(versions)), Version.processing == str(Processing.STORED))
        .values(processing=str(Processing.EXTRACTING))
    )


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
                Job.kind.in_(("index", "project_customer")), Job.state.in_(("waiting", "running"))
            )
        )
    )


def count_marks(db: Session) -> int:
    """Return how many documents and customers are marked as not up to date in the index."""
    return db.scalar(select(func.count()).select_from(Dirty)) or 0
