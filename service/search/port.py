"""What the archive asks of a search engine. Implemented by `embedded` and `elastic`.

A search names its scopes; empty scopes find nothing. Text comes in as tokens joined by
blanks (`analysis`), queries as a tree (`query`); an engine only matches, filters and counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from service.codes import Category, Sort
from service.permissions import Scopes
from service.search.query import Node


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """One document as the engines hold it: DATA.md, "Search document".

    `title_t`, `body_t`, `customer_t` are tokens joined by blanks. `sort_key` is the day ordinal
    of (dated, else upload day) << 32 | document serial. `rev` is the log's head number that the
    projection read; a lower one never replaces a higher one.
    """

    uid: str
    version_id: str
    customer_id: str
    category: Category
    status: str
    owner: str
    people: tuple[str, ...]
    kind: str
    module: str
    grade: str
    filing: str
    year: int
    sort_key: int
    rev: int
    title_t: str
    body_t: str
    customer_t: str
    dated: date | None = None
    codes: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """What the person narrowed down to. Inside a group: or; between groups: and.

    `day_from` and `day_to` are inclusive and compare with the day in `sort_key`.
    """

    category: frozenset[str] = frozenset()
    module: frozenset[str] = frozenset()
    kind: frozenset[str] = frozenset()
    customer: frozenset[str] = frozenset()
    owner: frozenset[str] = frozenset()
    grade: frozenset[str] = frozenset()
    year: frozenset[int] = frozenset()
    day_from: date | None = None
    day_to: date | None = None


#: The groups every answer counts, by the name of the search document's field.
FACETS = ("category", "module", "kind", "year", "owner", "grade")

#: Hits that can be reached by offset.
WINDOW = 1_000


@dataclass(frozen=True, slots=True)
class Search:
    """One question to an engine. `query` None means everything in scope.

    `dirty_documents` and `dirty_customers` are excluded inside the query: their indexed filter
    fields may be out of date. Relevance pages by `offset` (offset + limit ≤ 1000);
    newest and oldest page by `after`, the sort key of the last hit seen.
    """

    scopes: Scopes
    query: Node | None
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    offset: int = 0
    after: int | None = None
    dirty_documents: frozenset[str] = frozenset()
    dirty_customers: frozenset[str] = frozenset()
    facets: bool = True

    def __post_init__(self) -> None:
        """Refuse a page beyond the window: engines would do the work of all before it."""
        if min(self.limit, self.offset) < 0 or self.limit + self.offset > WINDOW:
            raise ValueError("outside the window of hits that can be paged by offset")


@dataclass(frozen=True, slots=True)
class Hit:
    """One document an engine found; the database has the last word on it."""

    uid: str
    version_id: str
    category: Category
    sort_key: int
    score: float
    rev: int


@dataclass(frozen=True, slots=True)
class Found:
    """An engine's answer: exact total, one page of hits, counts per facet value (as text).

    A facet group is counted under all filters but its own.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, Sequence[tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Removal:
    """Take a document out of one category's index, unless a newer `rev` is there."""

    uid: str
    category: Category
    rev: int


@dataclass(frozen=True, slots=True)
class Failure:
    """One document an engine refused in a batch, with its reason."""

    uid: str
    reason: str


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """One live generation: documents per category, its analyser, its name."""

    generation: str
    analyzer: str
    counts: Mapping[Category, int]


class GenerationMismatch(Exception):
    """The index was built by another analyser or schema: rebuild before searching it."""


class NoGeneration(GenerationMismatch):
    """There is no index yet: a worker makes the first generation when it starts."""


class Engine(Protocol):
    """A search engine.

    Every method raises `Unavailable("search")` when the engine does not answer.
    """

    def search(self, search: Search) -> Found:
        """Answer one question. Empty scopes: nothing, without asking the engine."""

    def apply(
        self, upserts: Iterable[SearchDocument], removals: Iterable[Removal] = ()
    ) -> list[Failure]:
        """Write a batch; durable and visible to new searches after `refresh`.

        A document whose category changed is sent as upsert plus removal from the old category.
        On the embedded engine a whole `apply` is one commit.
        """

    def refresh(self) -> None:
        """Make everything applied so far visible to every process that searches."""

    def start_generation(self) -> str:
        """Create an empty new generation beside the live one and return its name."""

    def load(self, generation: str, documents: Iterable[SearchDocument]) -> list[Failure]:
        """Bulk-load into a generation that is not live yet (or is being replayed)."""

    def remove_from(self, generation: str, removals: Iterable[Removal]) -> None:
        """Take documents out of a generation that is not live yet."""

    def count(self, generation: str) -> Mapping[Category, int]:
        """Return exact documents per category in a generation, after refreshing it."""

    def swap(self, generation: str) -> None:
        """Make a generation the live one in one step, then drop older ones."""

    def drop(self, generation: str) -> None:
        """Remove a generation that never went live."""

    def pairs(self) -> Iterable[tuple[str, Category, str, int]]:
        """Return (uid, category, version id, rev) of every live document, to find drift."""

    def status(self) -> IndexStatus:
        """Describe the live generation; raises `GenerationMismatch` if it cannot be used."""

    def server(self) -> Mapping[str, str]:
        """Return the engine's name and version; empty where it tells neither."""

    def check(self) -> None:
        """Raise `Unavailable("search")` unless the engine answers."""
