"""Compare database and index: what is missing, what is too much, what stands in the wrong place."""

from dataclasses import dataclass

from sqlalchemy import select

from service.archive import Archive
from service.models import Customer, Dirty, Document, Job


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the index is from the database; `drift` must be 0 once no index job waits."""

    generation: str
    analyzer: str
    documents: int
    indexed: int
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    outdated: tuple[str, ...]
    waiting: int
    marks: int

    @property
    def drift(self) -> int:
        """Return how many documents differ."""
        return len(self.missing) + len(self.surplus) + len(self.outdated)

    def members(self) -> dict[str, object]:
        """Return the figures by name; ids only where something differs, never titles."""
        return {
            "drift": self.drift,
            "generation": self.generation,
            "analyzer": self.analyzer,
            "documents": self.documents,
            "indexed": self.indexed,
            "missing": list(self.missing[:100]),
            "surplus": list(self.surplus[:100]),
            "outdated": list(self.outdated[:100]),
            "waiting": self.waiting,
            "marks": self.marks,
        }


def drift(archive: Archive) -> Drift:
    """Compare every document; documents whose index job still waits are not counted."""
    with archive.db.read() as db:
        rows = db.execute(
            select(Document.id, Document.shown, Customer.category).join(
                Customer, Customer.id == Document.customer
            )
        ).all()
        pending = db.scalars(
            select(Job.subject).where(
                Job.kind.in_(("index", "project_customer")), Job.state.in_(("waiting", "running"))
            )
        ).all()
        owners = dict(db.execute(select(Document.id, Document.customer)).tuples().all())
        marks = len(db.execute(select(Dirty.id)).all())
    waiting = set(pending)
    wanted = {
        (document, category): shown for document, shown, category in rows if shown is not None
    }
    held = {(uid, str(category)): version for uid, category, version, _ in archive.engine.pairs()}

    def settled(document: str) -> bool:
        return document not in waiting and owners.get(document) not in waiting

    status = archive.engine.status()
    return Drift(
        generation=status.generation,
        analyzer=status.analyzer,
        documents=len(wanted),
        indexed=len(held),
        missing=tuple(sorted(d for d, c in wanted if (d, c) not in held and settled(d))),
        surplus=tuple(sorted(d for d, c in held if (d, c) not in wanted and settled(d))),
        outdated=tuple(
            sorted(d for (d, c), v in wanted.items() if held.get((d, c), v) != v and settled(d))
        ),
        waiting=len(pending),
        marks=marks,
    )
