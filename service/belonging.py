"""What came with what: files of a ZIP, a message or a PDF are documents that follow theirs.

A version that came out of another names it (`parent_version`), with its place in it. Filing,
returning, withdrawing and moving are done to the outermost one; what came with it follows in
the same transaction. A newer version of a child is an upload of its own and follows nothing.
"""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.codes import Filing, Processing
from service.crypto import Place, seal_value, unseal_value
from service.errors import Conflict
from service.models import Document, Version

#: How deep files are taken out of files, and how many out of one upload: what follows it is
#: written in one transaction.
DEEPEST = 3
MOST = 200


@dataclass(frozen=True, slots=True)
class Belonging:
    """A document that came with another, or with which others came, as its page names it."""

    id: str
    title: str
    filing: Filing
    processing: Processing


@dataclass(frozen=True, slots=True)
class Left:
    """A file that was not taken, and the sentence or code that says why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What became of the files in a version: how many were taken, of how many, and the rest."""

    taken: int
    total: int
    left: tuple[Left, ...] = ()


def seal(key: bytes, version: Version, customer: str, unpacked: Unpacked) -> bytes:
    """Return what became of the files, sealed under the field key of documents."""
    said = {
        "taken": unpacked.taken,
        "total": unpacked.total,
        "left": [[one.name, one.reason] for one in unpacked.left],
    }
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return seal_value(key, text, Place(version.id, customer, "unpacked"))


def unseal(key: bytes, version: Version, customer: str) -> Unpacked | None:
    """Return what became of the files in a version; None before anybody looked."""
    if version.unpacked_ct is None:
        return None
    said = json.loads(
        unseal_value(key, version.unpacked_ct, Place(version.id, customer, "unpacked"))
    )
    return Unpacked(said["taken"], said["total"], tuple(Left(*one) for one in said["left"]))


def parents_of(db: Session, version: Version) -> list[Version]:
    """Return the versions a version came out of, the nearest first."""
    found: list[Version] = []
    while version.parent_version and len(found) <= DEEPEST:
        version = db.get_one(Version, version.parent_version)
        found.append(version)
    return found


def descendants(db: Session, versions: Collection[str]) -> list[Version]:
    """Return everything that came out of versions, level by level, each in its order."""
    found: list[Version] = []
    level = list(versions)
    while level:
        rows = db.scalars(
            select(Version)
            .where(Version.parent_version.in_(level))
            .order_by(Version.parent_version, Version.ordinal)
        ).all()
        found += rows
        level = [row.id for row in rows]
    return found


def counts(db: Session, versions: Collection[str]) -> dict[str, int]:
    """Return how many files were taken out of each of these versions, where any were."""
    rows = db.execute(
        select(Version.parent_version, func.count())
        .where(Version.parent_version.in_(versions))
        .group_by(Version.parent_version)
    )
    return {str(parent): count for parent, count in rows}


def lock_family(db: Session, document_id: str) -> None:
    """Lock a document and what came with it, in the order in which everybody locks several."""
    own = db.scalars(select(Version.id).where(Version.document == document_id)).all()
    wanted = {document_id, *(version.document for version in descendants(db, own))}
    db.execute(
        select(Document.id)
        .where(Document.id.in_(wanted))
        .order_by(Document.id)
        .with_for_update(key_share=True)
    )


def documents_of(db: Session, versions: Iterable[Version]) -> list[Document]:
    """Return the documents of versions, in one order for all who lock them."""
    ids = {version.document for version in versions}
    return list(db.scalars(select(Document).where(Document.id.in_(ids)).order_by(Document.id)))


def follows(versions: Iterable[Version]) -> bool:
    """Say whether a document of these versions came with another."""
    return any(version.parent_version for version in versions)


def require_free(versions: Iterable[Version]) -> None:
    """Refuse for what came with another document: it follows that one."""
    if follows(versions):
        raise Conflict(
            "This came with another document and follows it. Do this with that one.",
            rule="document:follows",
        )


@dataclass(frozen=True, slots=True)
class Family:
    """What a document's page says of what it came with, and of what came with it."""

    parent: Belonging | None = None
    children: tuple[Belonging, ...] = ()
    unpacked: Unpacked | None = None


def family(
    db: Session,
    key: bytes,
    document: Document,
    version: Version,
    *,
    readable: Callable[[Document], bool],
    apparent: Callable[[Version], Processing],
) -> Family:
    """Return what a person may know of a document's family; who may not read one sees none."""

    def named(one: Document, row: Version) -> Belonging:
        title = unseal_value(key, one.title_ct, Place(one.id, one.customer, "title"))
        return Belonging(one.id, title, Filing(row.filing), apparent(row))

    parent = None
    first = db.scalars(
        select(Version).where(Version.document == document.id, Version.parent_version.is_not(None))
    ).first()
    if first and first.parent_version:
        above = db.get_one(Version, first.parent_version)
        whose = db.get_one(Document, above.document)
        parent = named(whose, above) if readable(whose) else None
    rows = db.execute(
        select(Document, Version)
        .join(Version, Version.document == Document.id)
        .where(Version.parent_version == version.id)
        .order_by(Version.ordinal)
    ).all()
    children = tuple(named(one, row) for one, row in rows if readable(one))
    return Family(parent, children, unseal(key, version, document.customer))
