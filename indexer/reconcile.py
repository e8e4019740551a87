"""Compare database and index: what is missing, what is too much, what stands in the wrong place."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service import processing
from service.archive import Archive
from service.codes import Category


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
    categories: Mapping[str, Mapping[str, int]]

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
            "categories": self.categories,
        }


def drift(archive: Archive) -> Drift:
    """Compare every document; documents whose index job still waits are not counted."""
    with archive.db.read() as db:
        standings = processing.standings(db)
        waiting = processing.waiting_for_index(db)
        marks = processing.count_marks(db)
    held = {(uid, str(category)): version for uid, category, version, _ in archive.engine.pairs()}
    wanted = {(s.document, s.category): s.version for s in standings if s.version is not None}
    unsettled = {s.document for s in standings if {s.document, s.customer} & waiting}
    differing = {d for (d, c), v in wanted.items() if held.get((d, c), v) != v}
    status = archive.engine.status()
    return Drift(
        generation=status.generation,
        analyzer=status.analyzer,
        documents=len(wanted),
        indexed=len(held),
        missing=_ids((d for d, _ in wanted.keys() - held.keys()), unsettled),
        surplus=_ids((d for d, _ in held.keys() - wanted.keys()), unsettled),
        outdated=_ids(differing, unsettled),
        waiting=len(waiting),
        marks=marks,
        categories=_by_category(wanted, held),
    )


def _by_category(
    wanted: Iterable[tuple[str, str]], held: Iterable[tuple[str, str]]
) -> Mapping[str, Mapping[str, int]]:
    documents, indexed = (Counter(category for _, category in pairs) for pairs in (wanted, held))
    return {str(c): {"documents": documents[c], "indexed": indexed[c]} for c in Category}


def _ids(documents: Iterable[str], unsettled: set[str]) -> tuple[str, ...]:
    return tuple(sorted(set(documents) - unsettled))
